/** Keys under a prefix, which can all be made to miss at once. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import { readEntries } from "../commands/many_keys.ts";
import {
  type CounterOptions,
  type GetOrSetOptions,
  type InvalidateOptions,
  KEY_COMMAND_OPTIONS,
  type OperationOptions,
  type UpdateOptions,
} from "../commands/operation_options.ts";
import { sessionOf, setKeySpace, setSession } from "../commands/session.ts";
import type { KeyLocation } from "../routing/locator.ts";
import { quote, ValidationException } from "../errors.ts";
import { checkFunction } from "../option_checks.ts";
import type { ItemInfo } from "../protocol/commands/meta.ts";
import type { CasOutcome } from "../protocol/commands/storage.ts";
import type { Exptime } from "../protocol/exptime.ts";
import { checkKey, checkKeys, MAX_KEY_LENGTH } from "../protocol/key.ts";
import type { Transcoder } from "../transcoding/transcoder.ts";
import { untilAborted } from "../waiting.ts";
import type { Attempt, Generations } from "./generations.ts";
import { withFeatures } from "./lazy_features.ts";

/** The digits of the largest generation, 2^64 - 1, and the colon behind them. */
const GENERATION_LENGTH = 21;

/** What a namespace shares with its views in other formats. */
interface Shared {
  /** What the namespace was made with. */
  readonly commands: KeyCommands;
  /** How many characters a key may have. */
  readonly longestKey: number;
  /** Absent until they are needed. */
  generations?: Generations;
}

/**
 * A view of a client whose keys all carry a prefix and a generation, `prefix` + generation + `:` + key,
 * and can be made to miss all at once: {@linkcode invalidateAll} counts the generation up, and what
 * was stored under earlier ones is never asked for again. `client.namespace(prefix)` makes one.
 *
 * The methods are those of the client. The generation is a counter on memcached, under the prefix and
 * `~moecache-generation`. Each operation asks for it in the turn in which it sends its own command, under the
 * generation known so far; only when that has become another does the operation take a second round. So
 * an operation that begins after `invalidateAll` has resolved, in whatever process, finds nothing older.
 *
 * Where the server of the counter cannot be reached and the client takes that for a miss (`failover: "miss"`), the
 * generation is unknown: what is read is missing then, and what is written is dropped, wherever its key lives.
 *
 * A counter that memcached evicts begins again at the current time in milliseconds, which makes everything
 * miss. One on a server that comes back, after its keys have lived on another for a while, may be an old one: a
 * client that has seen a later generation of the prefix, of the last 10,000 prefixes that it used, raises the
 * counter to the current time before it reads or writes anything. Until then, clients that have not seen it may
 * find what was invalidated meanwhile. A generation would be used twice only with clocks that far apart, or after
 * more than one `invalidateAll` per millisecond.
 *
 * @example Forgetting all of a user's pages at once
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const pages = client.namespace("user:1:pages:");
 * await pages.setMany({ home: "<h1>Home</h1>", about: "<h1>About</h1>" }, 60);
 * assertEquals((await pages.getMany(["home", "about"])).size, 2);
 * await pages.invalidateAll();
 * assertEquals(await pages.get("home"), undefined);
 * ```
 */
export class Namespace implements KeyCommands {
  /** What all keys begin with. */
  readonly prefix: string;
  readonly #commands: KeyCommands;
  readonly #shared: Shared;
  /** Values that are being computed and cannot be stored, by their keys. */
  readonly #computing = new Map<string, Promise<unknown>>();

  /** @internal */
  constructor(
    commands: KeyCommands,
    prefix: string,
    shared: Shared = { commands, longestKey: longestKeyUnder(prefix) },
  ) {
    this.prefix = prefix;
    this.#commands = commands;
    this.#shared = shared;
    setKeySpace(this, shared);
    const session = sessionOf(commands);
    if (session !== undefined) setSession(this, session);
  }

  /**
   * Makes all keys of the namespace miss, for every client: one round trip, however many there are.
   * memcached drops what was stored as it expires, or as it needs the memory.
   *
   * @param options `signal`.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
   *
   * @example Every price, after a change of the currency
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const prices = client.namespace("prices:");
   * await prices.set("tea", 4);
   * await prices.invalidateAll();
   * assertEquals(await prices.get("tea"), undefined);
   * ```
   */
  async invalidateAll(options?: OperationOptions): Promise<void> {
    await this.#withGenerations(options, (generations) => generations.next(options));
  }

  /**
   * Tells what all keys of the namespace begin with at present, in memcached: its prefix, the generation and
   * a colon. It takes a round trip.
   *
   * @param options `signal`.
   * @returns The text, such as `"prices:1796000000000:"`.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
   *
   * @example The keys of a namespace
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const prices = client.namespace("prices:");
   * await prices.set("tea", 4);
   * const start = await prices.currentPrefix();
   * const keys = [];
   * for await (const { key } of client.items()) {
   *   if (key.startsWith(start)) keys.push(key.slice(start.length));
   * }
   * assertEquals(keys, ["tea"]);
   * ```
   */
  async currentPrefix(options?: OperationOptions): Promise<string> {
    const prefixOf = ({ prefix }: Attempt) => Promise.resolve(prefix);
    return await this.#withGenerations(
      options,
      (generations) => generations.run([], prefixOf, options),
    );
  }

  get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    return this.#run(key, options, (key) => this.#commands.get<Value>(key, options), none);
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const unique = [...checkKeys(keys, "get")];
    const read = (keys: string[]) => this.#commands.getMany<Value>(keys, options);
    return await this.#withGenerations(
      options,
      (generations) => generations.runMany("get", unique, read, options, () => new Map()),
    );
  }

  gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return this.#run(key, options, (key) => this.#commands.gets<Value>(key, options), none);
  }

  getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    return this.#run(
      key,
      options,
      (key) => this.#commands.getAndTouch<Value>(key, exptime, options),
      none,
    );
  }

  set(key: string, value: unknown, exptime?: Exptime, options?: OperationOptions): Promise<void> {
    return this.#run(key, options, (key) => this.#commands.set(key, value, exptime, options), none);
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = readEntries(entries);
    const all = [...values.values()];
    const store = async (keys: string[]) => {
      const prefixed = new Map(keys.map((key, i) => [key, all[i]]));
      await this.#commands.setMany(prefixed, exptime, options);
      return new Map();
    };
    await this.#withGenerations(
      options,
      (generations) => {
        return generations.runMany("set", [...values.keys()], store, options, () => new Map());
      },
    );
  }

  add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#run(key, options, (key) => this.#commands.add(key, value, exptime, options), no);
  }

  replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#run(
      key,
      options,
      (key) => this.#commands.replace(key, value, exptime, options),
      no,
    );
  }

  append(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#commands.append(key, data, options), no);
  }

  prepend(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#commands.prepend(key, data, options), no);
  }

  cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return this.#run(
      key,
      options,
      (key) => this.#commands.cas(key, value, cas, exptime, options),
      () => "not_found",
    );
  }

  incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    // A caller that gives an initial value gets a number, or an error.
    const miss = options?.initial === undefined ? none : undefined;
    return this.#run(key, options, (key) => this.#commands.incr(key, delta, options), miss);
  }

  decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    // A caller that gives an initial value gets a number, or an error.
    const miss = options?.initial === undefined ? none : undefined;
    return this.#run(key, options, (key) => this.#commands.decr(key, delta, options), miss);
  }

  touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#commands.touch(key, exptime, options), no);
  }

  delete(key: string, options?: OperationOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#commands.delete(key, options), no);
  }

  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const all = [...checkKeys(keys, "delete")];
    const remove = (keys: string[]) => this.#commands.deleteMany(keys, options);
    const none = () => new Map(all.map((key) => [key, false]));
    return await this.#withGenerations(
      options,
      (generations) => generations.runMany("delete", all, remove, options, none),
    );
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    checkFunction("load", load);
    const operate = ({ prefix, guard, waitingFor }: Attempt) =>
      waitingFor((signal) => {
        return this.#commands.getOrSet(prefix + key, guard(load), { ...options, signal });
      }, options?.signal);
    const compute = () => untilAborted(this.#compute(key, load), options?.signal);
    return await this.#withGenerations(
      options,
      (generations) => generations.run([key], operate, options, compute),
    );
  }

  invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#commands.invalidate(key, options), no);
  }

  async update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    checkFunction("change", change);
    const operate = ({ prefix, guard }: Attempt) =>
      this.#commands.update(prefix + key, guard(change), options);
    return await this.#withGenerations(
      options,
      (generations) => generations.run([key], operate, options),
    );
  }

  inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    return this.#run(key, options, (key) => this.#commands.inspect(key, options), none);
  }

  withTranscoder(transcoder: Transcoder): Namespace {
    const commands = this.#commands.withTranscoder(transcoder);
    return new Namespace(commands, this.prefix, this.#shared);
  }

  async locate(key: string): Promise<KeyLocation> {
    return await this.#run(key, undefined, async (key) => await this.#commands.locate(key));
  }

  /** Computes a value that cannot be stored, once for all who ask for it meanwhile. */
  #compute<Value>(key: string, load: () => Value | Promise<Value>): Promise<Value> {
    const present = this.#computing.get(key) as Promise<Value> | undefined;
    if (present !== undefined) return present;
    const computing = (async () => await this.#asRead(await load(), key))();
    const computed = untilAborted(computing, sessionOf(this.#commands)?.ending);
    this.#computing.set(key, computed);
    const forget = () => this.#computing.delete(key);
    computed.then(forget, forget);
    return computed;
  }

  /** A value that is not stored as others would read it, where the format is known. */
  async #asRead<Value>(value: Value, key: string): Promise<Value> {
    const session = sessionOf(this.#commands);
    if (session === undefined || value === undefined) return value;
    const { writeAndReadInTime } = await import("../commands/bounded_work.ts");
    return (await writeAndReadInTime(session, value, key)).value as Value;
  }

  /**
   * Runs an operation that knows its key only as memcached does.
   *
   * @param miss What comes of it where the generation cannot be known and the client takes that for a miss.
   */
  #run<Result>(
    key: string,
    options: OperationOptions | undefined,
    operate: (key: string) => Promise<Result>,
    miss?: () => Result,
  ): Promise<Result> {
    const operateOn = ({ prefix }: Attempt) => operate(prefix + key);
    return this.#withGenerations(
      options,
      (generations) => generations.run([key], operateOn, options, miss),
    );
  }

  /** Uses the generations of the keys, which are loaded with the first use: they have to be asked for anyway. */
  #withGenerations<Result>(
    options: OperationOptions | undefined,
    use: (generations: Generations) => Promise<Result>,
  ): Promise<Result> {
    // Which of them the operation has, it checks itself.
    return withFeatures(options, KEY_COMMAND_OPTIONS, ({ Generations }) => {
      const { commands, longestKey } = this.#shared;
      return use(this.#shared.generations ??= new Generations(commands, this.prefix, longestKey));
    });
  }
}

/**
 * Checks what all keys of a namespace begin with.
 *
 * @returns How many characters a key may have behind it and the number of its generation.
 * @throws {ValidationException} When the prefix is no key, or leaves no room for one.
 */
function longestKeyUnder(prefix: string): number {
  checkKey(prefix, "use as a prefix");
  const length = MAX_KEY_LENGTH - GENERATION_LENGTH - prefix.length;
  if (length > 0) return length;
  const why = "it leaves no room for keys";
  throw new ValidationException(`Cannot use prefix ${quote(prefix)}: ${why}`, prefix);
}

/** What a key that does not exist is read as, and what a write gives that is dropped. */
function none(): undefined {}

/** Whether a write that is dropped has found its key. */
function no(): boolean {
  return false;
}
