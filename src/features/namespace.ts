/** Keys with a prefix that can all be invalidated together. @module */

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
import { traceOperation } from "../commands/traced.ts";
import { tracesCommands } from "../observation.ts";
import type { KeyLocation } from "../routing/locator.ts";
import { quote, ValidationException } from "../errors.ts";
import { isPromise, ownDate } from "../option_checks.ts";
import type { ItemInfo } from "../protocol/commands/meta.ts";
import type { CasOutcome } from "../protocol/commands/storage.ts";
import type { Exptime } from "../protocol/exptime.ts";
import { checkKey, checkKeys, MAX_KEY_LENGTH } from "../protocol/key.ts";
import { ownData } from "../transcoding/item_codec.ts";
import type { Transcoder } from "../transcoding/transcoder.ts";
import type { Attempt, Generations } from "./generations.ts";
import type { UnstoredValues } from "./unstored_values.ts";
import { withFeatures } from "./lazy_features.ts";

/** The commands on one key, by their names. */
type KeyCommand = Exclude<keyof KeyCommands, "longestKey" | "withTranscoder">;
/** Commands whose arguments are those of the caller. */
// deno-lint-ignore no-explicit-any -- what the methods take, they check
type AnyCommands = Readonly<Record<KeyCommand, (...args: any[]) => any>>;

/** The commands whose second argument is a value to store. */
const STORING: readonly KeyCommand[] = ["set", "add", "replace", "cas"];

/** How long what stands behind the prefix may be: the digits of the largest generation, 2^64 - 1, and a colon. */
export const GENERATION_LENGTH = 21;

/** What a namespace shares with its views in other formats. */
interface Shared {
  /** What the namespace was made with. */
  readonly commands: KeyCommands;
  /** Absent until they are needed. */
  generations?: Generations;
}

/** Uses the generations of keys, with a copy of the caller's options. */
type Use<Result> = (
  generations: Generations,
  options: OperationOptions | undefined,
) => Promise<Result>;

/**
 * A view of a client whose keys have a prefix and can all be invalidated together. `client.namespace(prefix)` makes
 * one. A key is stored as `prefix` + generation + `:` + key. {@linkcode invalidateAll} increments the generation, so
 * that items of earlier generations are never read again.
 *
 * The methods are those of the client. The generation is a counter in memcached, under the prefix followed by
 * `~moecache-generation`. Each operation requests the generation in the same turn in which it sends its own command
 * with the last known generation. Only if the generation has changed does the operation need a second round trip. The
 * first operation takes two, or four if there is no counter yet. So an operation that begins after `invalidateAll` has
 * resolved, in any process, finds nothing older.
 *
 * If the server of the counter cannot be reached, the generation is unknown and the operation fails. What it has sent
 * has ended by then: a write may have been stored, but is not stored later, unless the operation was aborted. If the
 * client has `failover: "miss"`, reads are misses and writes are dropped, on all servers.
 *
 * Errors have the caller's keys, without the prefix and the generation.
 *
 * If memcached evicts the counter, it begins again at the current time in milliseconds, and all keys are misses. If a
 * server returns after its keys have been on another server, its counter may be old. A client that has seen a later
 * generation raises such a counter to the current time before it reads or writes anything; it remembers the last 10,000
 * prefixes that it used. Until then, other clients may find items that were invalidated meanwhile. A generation is used
 * twice only if clocks differ by that much, or after more than one `invalidateAll` a millisecond.
 *
 * @example Invalidating all pages of a user
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
  /** The maximum length of a key, in characters, where the client's option `keys` puts nothing around it. */
  readonly longestKey: number;
  readonly #commands: KeyCommands;
  readonly #shared: Shared;
  /** Values that are being computed and cannot be stored, by key. */
  readonly #computing: UnstoredValues = new Map();

  /** @internal */
  constructor(commands: KeyCommands, prefix: string, shared: Shared = { commands }) {
    this.prefix = prefix;
    this.longestKey = longestKeyUnder(prefix, commands.longestKey);
    this.#commands = commands;
    this.#shared = shared;
    setKeySpace(this, shared);
    const session = sessionOf(commands);
    if (session !== undefined) setSession(this, session);
  }

  /**
   * Makes all keys of the namespace miss, for every client. It takes one round trip; two if there is no counter yet, and
   * three if the counter is old. memcached removes the items when they expire, or when it needs the memory.
   *
   * @param options `signal`.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
   *
   * @example Invalidating all prices
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
  invalidateAll(options?: OperationOptions): Promise<void> {
    return this.#operate(
      "invalidateAll",
      [],
      options,
      () => (generations, options) => generations.next(options),
    );
  }

  /**
   * Returns the current beginning of all keys in memcached: the prefix, the generation and a colon. It takes a round
   * trip.
   *
   * @param options `signal`.
   * @returns The text, such as `"prices:1796000000000:"`.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
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
  currentPrefix(options?: OperationOptions): Promise<string> {
    return this.#operate(
      "currentPrefix",
      [],
      options,
      () => (generations, options) => generations.currentPrefix(options),
    );
  }

  get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    return this.#run("get", [key], options, none);
  }

  getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    return this.#runMany("getMany", "get", keys, options);
  }

  gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return this.#run("gets", [key], options, none);
  }

  getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    return this.#run("getAndTouch", [key, exptime], options, none);
  }

  set(key: string, value: unknown, exptime?: Exptime, options?: OperationOptions): Promise<void> {
    return this.#run("set", [key, value, exptime], options, none);
  }

  setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const own = ownDate(exptime);
    return this.#operate("setMany", entries, options, (entries) => {
      const values = readEntries(entries);
      const all = Array.from(values, ([key, value]) => this.#take(value, key));
      return async (generations, options) => {
        await generations.runMany(
          "set",
          [...values.keys()],
          async (keys) => {
            const prefixed = new Map(keys.map((key, i) => [key, all[i]]));
            await generations.itemsFor(this.#commands).setMany(prefixed, own, options);
            return new Map();
          },
          options,
          { values: all, exptime: own },
        );
      };
    });
  }

  add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#run("add", [key, value, exptime], options, no);
  }

  replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#run("replace", [key, value, exptime], options, no);
  }

  append(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#run("append", [key, data], options, no);
  }

  prepend(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#run("prepend", [key, data], options, no);
  }

  cas(
    key: string,
    value: unknown,
    unique: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return this.#run("cas", [key, value, unique, exptime], options, () => "not_found");
  }

  incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return this.#run("incr", [key, delta], options, none);
  }

  decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return this.#run("decr", [key, delta], options, none);
  }

  touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return this.#run("touch", [key, exptime], options, no);
  }

  delete(key: string, options?: OperationOptions): Promise<boolean> {
    return this.#run("delete", [key], options, no);
  }

  deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    return this.#runMany("deleteMany", "delete", keys, options);
  }

  getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    return this.#operate("getOrSet", key, options, () => (generations, options) => {
      return generations.getOrSet(this.#commands, this.#computing, key, load, options);
    });
  }

  invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return this.#run("invalidate", [key], options, no);
  }

  update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    return this.#operate("update", key, options, () => (generations, options) => {
      return generations.update(this.#commands, key, change, options);
    });
  }

  inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    return this.#run("inspect", [key], options, none);
  }

  withTranscoder(transcoder: Transcoder): Namespace {
    const commands = this.#commands.withTranscoder(transcoder);
    return new Namespace(commands, this.prefix, this.#shared);
  }

  locate(key: string): Promise<KeyLocation> {
    return this.#run("locate", [key]);
  }

  /**
   * Runs a command with the key as memcached stores it. What it is given is taken at once, because it may be sent later,
   * or once more, and the caller may change it.
   *
   * @param args What the command takes before the options.
   * @param miss The result if the generation is unknown and the client treats this as a miss.
   */
  #run<Result>(
    command: KeyCommand,
    args: readonly [key: string, ...unknown[]],
    options?: OperationOptions,
    miss?: () => Result,
  ): Promise<Result> {
    const [key, ...others] = args;
    return this.#operate(command, key, options, () => {
      const own = others.map(ownArgument);
      const storesValue = STORING.includes(command);
      if (storesValue) own[0] = this.#take(others[0], key, command);
      return (generations, options) => {
        const given = this.#commands;
        const commands: AnyCommands = storesValue ? generations.itemsFor(given) : given;
        const send = ({ prefix }: Attempt) => commands[command](prefix + key, ...own, options);
        // A client takes an item that is still being encoded, and another namespace does not.
        const operate = isPromise(own[0]) && given instanceof Namespace
          ? async (attempt: Attempt) => {
            own[0] = await own[0];
            return await send(attempt);
          }
          : send;
        return generations.call(command, args, { operate, options, miss, values: own });
      };
    });
  }

  #runMany<Result>(
    command: "getMany" | "deleteMany",
    action: "get" | "delete",
    keys: Iterable<string>,
    options: OperationOptions | undefined,
  ): Promise<Map<string, Result>> {
    return this.#operate(command, keys, options, (keys) => {
      const all = [...checkKeys(keys, action, sessionOf(this))];
      return (generations, options) => {
        const operate = (keys: string[]) => (this.#commands as AnyCommands)[command](keys, options);
        return generations.runMany(action, all, operate, options);
      };
    });
  }

  /** Encodes a value at once, for {@linkcode Generations.itemsFor}. Without a session, it stays as it is. */
  #take(value: unknown, key: string, command?: string): unknown {
    const item = sessionOf(this)?.writeItem(value, key, command);
    // It may be rejected before it is awaited.
    if (isPromise(item)) item.catch(none);
    return item ?? value;
  }

  /**
   * Operates with the generations of the keys, which are loaded with the first use: they have to be asked for anyway.
   *
   * @param prepare Checks what the operation is given; so what it refuses is published as well.
   */
  async #operate<Keys, Result>(
    command: string,
    keys: Keys,
    options: OperationOptions | undefined,
    prepare: (keys: Keys) => Use<Result>,
  ): Promise<Result> {
    return await (tracesCommands()
      ? this.#trace(command, keys, options, prepare)
      : this.#useGenerations(options, prepare(keys)));
  }

  #trace<Keys, Result>(
    command: string,
    keys: Keys,
    options: OperationOptions | undefined,
    prepare: (keys: Keys) => Use<Result>,
  ): Promise<Result> {
    const operate = (keys: Keys) => this.#useGenerations(options, prepare(keys));
    const client = sessionOf(this.#commands)?.settings.counters.client ?? "";
    return traceOperation({ command, client, namespace: this.prefix }, keys, operate);
  }

  #useGenerations<Result>(
    options: OperationOptions | undefined,
    use: Use<Result>,
  ): Promise<Result> {
    // Which of them the operation has is checked with what else it is called with.
    return withFeatures(options, KEY_COMMAND_OPTIONS, ({ Generations }, options) => {
      const shared = this.#shared;
      return use(
        shared.generations ??= new Generations(shared.commands, this.prefix, this.longestKey),
        options,
      );
    });
  }
}

/**
 * Checks what all keys of a namespace begin with.
 *
 * @param longest The maximum length of a key of what the namespace is made of.
 * @returns The maximum length of a key after the prefix and the generation.
 * @throws {ValidationException} When the prefix is invalid, or leaves no room for a key.
 */
function longestKeyUnder(prefix: string, longest: number = MAX_KEY_LENGTH): number {
  checkKey(prefix, "use prefix");
  const room = longest - GENERATION_LENGTH - prefix.length;
  if (room > 0) return room;
  throw new ValidationException(
    `Cannot use prefix ${quote(prefix)}: it leaves no room for keys`,
    prefix,
  );
}

/** A copy of what a caller may change: a time, or data to append. */
function ownArgument(given: unknown): unknown {
  return given instanceof Uint8Array ? ownData(given, "append data") : ownDate(given);
}

/** The result of a miss, and of a dropped write. */
function none(): undefined {}

/** The result of a dropped write that returns whether the key existed. */
function no(): boolean {
  return false;
}
