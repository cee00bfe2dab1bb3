/** Values that are invalidated by tag. @module */

import {
  type CasOutcome,
  type Exptime,
  type GetOrSetOptions,
  type KeyCommands,
  type OperationOptions,
  type Transcoder,
  type UpdateOptions,
  ValidationException,
} from "../../mod.ts";
import { OPERATION_OPTIONS } from "../commands/operation_options.ts";
import { RisingCounter } from "../features/rising_counter.ts";
import { checkClient, checkNames, checkOptions, invalidOption } from "../option_checks.ts";
import { envelope, escapeValue, openEnvelope, unescapeValue } from "./envelope.ts";
import { hashOf, LONGEST_HASH_KEY } from "./key_hash.ts";
import { ValueView } from "./value_view.ts";
import { UNKNOWN, type WriteContext } from "./value_view/value_rules.ts";
import { longestKeyOf } from "./wrapped_commands.ts";

/** What a value is stored with. */
export interface TagOptions extends OperationOptions {
  /** The tags of the value: up to 64 strings. Invalidating one of them makes the value miss. */
  readonly tags?: Iterable<string> | undefined;
}

/** The options of {@linkcode tagged}. */
export interface TaggedOptions {
  /**
   * What the keys of the tags' counters begin with: 1 to 100 characters from `!` to `~`, `"tag:"` by default. All
   * programs that share tags must use the same.
   */
  readonly prefix?: string | undefined;
}

/** Commands on keys whose values have tags. */
export interface TaggedCommands extends KeyCommands {
  /** Stores a value with tags. */
  set(key: string, value: unknown, exptime?: Exptime, options?: TagOptions): Promise<void>;
  /** Stores the values of many keys, which all get the same tags. */
  setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: TagOptions,
  ): Promise<void>;
  /** Stores a value with tags unless the key exists. */
  add(key: string, value: unknown, exptime?: Exptime, options?: TagOptions): Promise<boolean>;
  /** Stores a value with tags if the key exists. */
  replace(key: string, value: unknown, exptime?: Exptime, options?: TagOptions): Promise<boolean>;
  /** Stores a value with tags unless the item has changed since `gets`. */
  cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: TagOptions,
  ): Promise<CasOutcome>;
  /** Reads a value, or loads and stores one with tags. */
  getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions & TagOptions,
  ): Promise<Value>;
  /** Changes a value; it keeps its tags unless others are given. */
  update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions & TagOptions,
  ): Promise<Value | undefined>;
  /**
   * Makes every value with a tag miss, for every client. It increments a counter, however many values there are.
   *
   * @param tag The tag.
   * @param options `signal`.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server of the tag's counter cannot be reached.
   */
  invalidateTag(tag: string, options?: OperationOptions): Promise<void>;
  /** The same tags, with another transcoder for the values. */
  withTranscoder(transcoder: Transcoder): TaggedCommands;
}

const NAME = "tags";
const LONE_SURROGATE = /\p{Surrogate}/u;
const MOST_TAGS = 64;
const LONGEST_PREFIX = 100;
/** Of how many keys, and of how many tags, something is remembered. */
const MOST_REMEMBERED = 10_000;

/**
 * Makes a view whose values can have tags: `set(key, value, exptime, { tags: ["user:1", "menu"] })`.
 * `invalidateTag("menu")` makes all values with that tag miss, for every client that uses the view.
 *
 * Each tag has a generation, a counter on memcached. A value is stored in a list with its tags and their generations
 * at that time, and read only while these are the current ones. An operation asks for the generations in the turn in
 * which it asks for the value, for the tags that the key had when this client last read it; for others it takes a
 * second round trip. An operation that begins after `invalidateTag` has resolved, in any process, finds nothing that
 * the tag has invalidated. A value without tags is stored as it is, and other clients read it.
 *
 * A counter never counts back: when memcached has evicted it, it begins again at the current time in milliseconds,
 * and its values miss. A client that has seen a later generation raises the counter before it reads anything.
 *
 * `getOrSet` takes the generations before it calls `load`, so that a value which was invalidated while it was
 * computed is not served later. `set` takes them when it is called: a value computed before `invalidateTag` and set
 * after it is served. `update`, `append`, `prepend`, `incr` and `decr` keep the tags, unless `update` has others;
 * on a value with tags they use `gets` and `cas`.
 *
 * When the server of a counter cannot be reached, an operation that needs it fails. With `failover: "miss"`, reads are
 * misses and writes are dropped; `getOrSet` returns what `load` returns, and stores nothing. `update` and
 * `invalidateTag` still fail.
 *
 * An invalidated value is absent: `replace` does not store, `touch` and `delete` resolve to `false`, and `add`, and
 * `incr` and `decr` with `initial`, store in its place. For that, `replace`, `touch`, `delete` and `deleteMany` read the
 * value as well; on a client, all but `replace` do so in the same round trip.
 *
 * @param client Where the values are stored: a client, a namespace, or another view. The transcoder must be able to
 * represent lists.
 * @param options `prefix`.
 * @returns The commands, `invalidateTag` among them.
 * @throws {ValidationException} When an option is invalid; later, when tags are.
 *
 * @example Pages that are forgotten with a user
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { tagged } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const pages = tagged(client);
 * await pages.set("/home", "<h1>Home</h1>", 60, { tags: ["menu"] });
 * await pages.set("/ada", "<h1>Ada</h1>", 60, { tags: ["menu", "user:1"] });
 * await pages.invalidateTag("user:1");
 * assertEquals(await pages.getMany(["/home", "/ada"]), new Map([["/home", "<h1>Home</h1>"]]));
 * ```
 */
export function tagged(client: KeyCommands, options: TaggedOptions = {}): TaggedCommands {
  checkClient(client);
  checkNames(options, ["prefix"]);
  const { prefix = "tag:" } = options;
  if (typeof prefix !== "string" || !/^[!-~]+$/.test(prefix) || prefix.length > LONGEST_PREFIX) {
    const expected = `1 to ${LONGEST_PREFIX} characters from ! to ~`;
    throw invalidOption("prefix", prefix, expected);
  }
  return taggedBy(client, new Tags(client, prefix));
}

function taggedBy(client: KeyCommands, tags: Tags): TaggedCommands {
  const withTranscoder = (transcoder: Transcoder) => {
    return taggedBy(client.withTranscoder(transcoder), tags);
  };
  const view = new ValueView(client, tags, withTranscoder);
  return Object.assign(view, {
    invalidateTag: (tag: string, options?: OperationOptions) => tags.invalidate(tag, options),
    withTranscoder,
  });
}

/** A tag, and its generation when the value was stored. */
type StoredTag = readonly [tag: string, generation: string];

/** The current generation of a tag; what stands in its place when that cannot be known is equal to none. */
type Generation = bigint | Error;

/** How values with tags are stored, and what is known of the tags. */
class Tags {
  readonly #client: KeyCommands;
  readonly #prefix: string;
  readonly #counters = new Map<string, Promise<RisingCounter>>();
  /** The tags that keys had when they were read last. */
  readonly #tagsOfKeys = new Map<string, readonly string[]>();
  /** The generations that are about to be asked for. */
  readonly #asking = new Map<string, Promise<Generation>>();

  constructor(client: KeyCommands, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async invalidate(tag: string, options?: OperationOptions): Promise<void> {
    checkOptions(options, OPERATION_OPTIONS);
    const counter = await this.#counterOf(checkTag(tag));
    await counter.next(options);
  }

  readonly extraOptions = { tags: "any" } as const;

  /** An invalidated value counts as a miss. */
  readonly mayHide = true;

  isPlain(): "mostly" {
    return "mostly";
  }

  keyOf(key: string): string {
    return key;
  }

  innerOptions<Options extends TagOptions>(options: Options | undefined): Options | undefined {
    if (options?.tags === undefined) return options;
    const { tags, ...rest } = options;
    checkTags(tags);
    return rest as Options;
  }

  async prepareWrite(
    _key: string,
    options: TagOptions | undefined,
  ): Promise<StoredTag[] | typeof UNKNOWN> {
    const tags = checkTags(options?.tags ?? []);
    const generations = await Promise.all(tags.map((tag) => this.#ask(tag)));
    const stored: StoredTag[] = [];
    for (const [i, generation] of generations.entries()) {
      if (typeof generation !== "bigint") return unknown(generation, options);
      stored.push([tags[i] ?? "", `${generation}`]);
    }
    return stored;
  }

  toStored(value: unknown, key: string, { options, prepared, before }: WriteContext): unknown {
    const given = (options as TagOptions | undefined)?.tags === undefined
      ? openEnvelope(NAME, before)?.[0]
      : prepared;
    const tags = (given ?? []) as StoredTag[];
    remember(this.#tagsOfKeys, key, tags.map(([tag]) => tag));
    const escaped = escapeValue(value);
    return tags.length === 0 ? escaped : envelope(NAME, tags, escaped);
  }

  prepareRead(key: string): Map<string, Promise<Generation>> {
    const tags = this.#tagsOfKeys.get(key) ?? [];
    const asked = new Map(tags.map((tag) => [tag, this.#ask(tag)]));
    // A caller that needs one waits for it.
    void Promise.allSettled(asked.values());
    return asked;
  }

  async fromStored(
    stored: unknown,
    key: string,
    prepared: unknown,
    options: OperationOptions,
  ): Promise<unknown> {
    const parts = openEnvelope(NAME, stored);
    if (parts === undefined) {
      remember(this.#tagsOfKeys, key, []);
      return unescapeValue(stored);
    }
    const [tags, value] = parts as [StoredTag[], unknown];
    const asked = prepared as Map<string, Promise<Generation>>;
    remember(this.#tagsOfKeys, key, tags.map(([tag]) => tag));
    const current = await Promise.all(tags.map(([tag]) => asked.get(tag) ?? this.#ask(tag)));
    const isOld = tags.some(([, generation], i) => {
      return typeof current[i] === "bigint" && `${current[i]}` !== generation;
    });
    if (isOld) return undefined;
    const fault = current.find((generation) => typeof generation !== "bigint");
    return fault === undefined ? unescapeValue(value) : unknown(fault, options);
  }

  /** Makes the operations of a turn share a request. */
  #ask(tag: string): Promise<Generation> {
    let asking = this.#asking.get(tag);
    if (asking === undefined) {
      asking = Promise.resolve().then(async () => {
        this.#asking.delete(tag);
        return await (await this.#counterOf(tag)).current();
      });
      this.#asking.set(tag, asking);
    }
    return asking;
  }

  #counterOf(tag: string): Promise<RisingCounter> {
    let counter = this.#counters.get(tag);
    counter ??= this.#keyOf(tag).then((key) => new RisingCounter(this.#client, key));
    remember(this.#counters, tag, counter);
    return counter;
  }

  async #keyOf(tag: string): Promise<string> {
    const longest = Math.min(LONGEST_HASH_KEY, longestKeyOf(this.#client) - this.#prefix.length);
    const isKey = /^[!-~]+$/.test(tag) && !tag.startsWith("#") && tag.length <= longest;
    return this.#prefix + (isKey ? tag : `#${await hashOf(tag)}`);
  }
}

/** What an operation does without a generation: it fails, if the caller asked for that, and has nothing otherwise. */
function unknown(fault: Error, options: OperationOptions | undefined): typeof UNKNOWN {
  if (options?.failover === "error") throw fault;
  return UNKNOWN;
}

function checkTags(tags: unknown): readonly string[] {
  const isList = typeof tags === "object" && tags !== null && Symbol.iterator in tags;
  if (!isList) throw invalidOption("tags", tags, "a list of strings");
  const unique = [...new Set(tags as Iterable<unknown>)].map(checkTag);
  if (unique.length <= MOST_TAGS) return unique;
  const why = `a value can have ${MOST_TAGS} tags`;
  throw new ValidationException(`Cannot use ${unique.length} tags: ${why}`, unique);
}

function checkTag(tag: unknown): string {
  const isTag = typeof tag === "string" && tag !== "" && !LONE_SURROGATE.test(tag);
  if (isTag) return tag;
  throw invalidOption("tag", tag, "a well-formed string that is not empty");
}

/** Sets an entry as the latest one; forgets the one that was set longest ago where there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MOST_REMEMBERED) return;
  for (const [oldest] of map) {
    map.delete(oldest);
    return;
  }
}
