/**
 * A storage adapter for npm's `keyv`, versions 5 and 6. Keyv itself is not imported: programs without Keyv need not
 * install it.
 *
 * @example A Keyv on memcached
 * ```ts ignore
 * import Keyv from "keyv";
 * import { KeyvMoecache } from "@moecache/moecache/keyv";
 *
 * const keyv = new Keyv({ store: new KeyvMoecache("127.0.0.1:11211"), namespace: "users" });
 * keyv.on("error", (error) => console.error(error)); // Keyv treats a failed read as a miss
 * await keyv.set("1", { name: "Ada" }, 60_000);
 * ```
 *
 * @module
 */

import { checkFunction, checkNames, checkOptions } from "../option_checks.ts";
import type { ClientOptions, KeyCommands, ServerAddress } from "../../mod.ts";
import {
  type AdapterClient,
  checkList,
  checkPrefix,
  checkRecord,
  clientFrom,
  withDefaults,
} from "./adapter_options.ts";
import { ownValue } from "../views/own_value.ts";
import { itemKeyOf } from "./key_and_exptime.ts";
import { failureOfSome, StoredValues } from "./stored_values.ts";

/** What an entry of `setMany` may have. */
const ENTRY_NAMES = ["key", "value", "ttl", "expires"];

/** The options of a {@linkcode KeyvMoecache}. */
export interface KeyvMoecacheOptions {
  /**
   * The client to use; the adapter does not close it. A view of a client, such as a namespace, works too, but cannot
   * list keys. Either this or `servers` is required.
   */
  readonly client?: KeyCommands | undefined;
  /** The servers, as a `Client` takes them. The adapter makes a client for them, and closes it. */
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  /** The options of the client that the adapter makes for `servers`. */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * The prefix of all keys in memcached, 1 to 50 characters, each from `!` to `~`; `"keyv:"` by default.
   */
  readonly prefix?: string | undefined;
  /** The namespace until Keyv sets one. */
  readonly namespace?: string | undefined;
}

/** An entry for {@linkcode KeyvMoecache.setMany}. */
export interface KeyvMoecacheEntry {
  /** The key. */
  readonly key: string;
  /** The value. */
  readonly value: unknown;
  /** Its lifetime in milliseconds, as Keyv 5 passes it; by default, and with 0, it never expires. */
  readonly ttl?: number | undefined;
  /** When it expires, in milliseconds since 1970, as Keyv 6 passes it; never by default. 0 is 1970: expired. */
  readonly expires?: number | undefined;
}

/** The capabilities that Keyv 6 reads from an adapter: its methods, and that it takes absolute times. */
export interface KeyvMoecacheCapabilities {
  /** Always `true`: Keyv can use the adapter. */
  readonly compatible: boolean;
  /** Always `"keyvStorage"`: it is an adapter written for Keyv. */
  readonly store: "keyvStorage";
  /** The adapter's methods by name. */
  readonly methods: Readonly<Record<KeyvMoecacheMethodName, KeyvMoecacheMethod>>;
  /** Always `true`: `set` and `setMany` take the time at which a value expires. */
  readonly expires: boolean;
}

/** The methods that Keyv 6 asks for. */
export type KeyvMoecacheMethodName =
  | "get"
  | "getMany"
  | "has"
  | "hasMany"
  | "set"
  | "setMany"
  | "delete"
  | "deleteMany"
  | "clear"
  | "disconnect"
  | "iterator";

/** A method of an adapter, as Keyv 6 sees it. */
export interface KeyvMoecacheMethod {
  /** Whether the method exists. */
  readonly exists: boolean;
  /** Whether it is an `async` function. */
  readonly methodType: "async" | "sync";
}

/** The room for Keyv's namespace in a prefix of 100 characters. */
const LONGEST_NAMESPACE = 49;
/** How many values the iterator reads in one request. */
const BATCH = 100;
/** Milliseconds from here on (September 2001) are an absolute time; smaller numbers are a lifetime. */
const FIRST_TIME = 1e12;
const OPTION_TYPES = { clientOptions: "any", prefix: "string", namespace: "string" } as const;

/**
 * Keyv's storage on memcached, for Keyv 5 and Keyv 6. Use one adapter for each Keyv, because Keyv writes its namespace
 * into the adapter. The adapters may share a client.
 *
 * Keys may be any strings. Characters that memcached does not allow in a key are escaped as in a URL. A key that is too
 * long is stored under its SHA-256 hash, with the key beside the value. Values do not depend on the client's
 * transcoder: strings and bytes are stored unchanged, other values as `moecacheTranscoder` writes them. `clear` empties
 * Keyv's namespace and nothing else on the servers. It increments a generation, which takes one round trip.
 *
 * The two versions differ. Keyv 6 passes the time at which a value expires; Keyv 5 passes its lifetime. `deleteMany`
 * returns one boolean to Keyv 5, and otherwise one for each key. The adapter recognizes Keyv 6 because it reads
 * {@linkcode capabilities}, and Keyv 5 because it reads {@linkcode opts}.
 *
 * A cache does not keep everything: memcached evicts items when it needs room. Keyv treats an error of `get` as a miss
 * (except Keyv 5 with `throwOnErrors`), and emits the error as `"error"` in any case.
 *
 * @example The calls that Keyv makes
 * ```ts
 * import { KeyvMoecache } from "@moecache/moecache/keyv";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const store = new KeyvMoecache({ servers: server.address });
 *
 * await store.set("name", '{"value":"Ada"}', 60_000);
 * assertEquals(await store.get("name"), '{"value":"Ada"}');
 * await store.clear();
 * assertEquals(await store.has("name"), false);
 * await store.disconnect();
 * ```
 */
export class KeyvMoecache implements AsyncDisposable {
  /** The namespace; Keyv sets it. */
  namespace: string | undefined;
  readonly #prefix: string;
  readonly #client: KeyCommands;
  readonly #close: AdapterClient["close"];
  readonly #listeners = new Map<string, Set<Listener>>();
  // Keyv 5 searches both for the names of the adapters whose iterator it uses, and fails without them.
  readonly #opts: Record<string, unknown> = { dialect: "memcached", url: "memcached:" };
  /** The version of Keyv that uses the adapter. */
  #keyvVersion: 5 | 6 | undefined;
  #current: { readonly namespace: string; readonly stored: Promise<StoredValues> } | undefined;

  /**
   * Makes an adapter. No socket is opened before the first operation needs one.
   *
   * @param options `client`, or `servers` and `clientOptions`; `prefix`; `namespace`. Or the servers as a string, as a
   * `Client` takes them.
   * @param more The other options, when the first argument is a string.
   * @throws {ValidationException} When an option is invalid.
   *
   * @example From an address
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   *
   * await using store = new KeyvMoecache("127.0.0.1:11211", { clientOptions: { timeout: 1000 } });
   * ```
   */
  constructor(
    options: string | URL | KeyvMoecacheOptions,
    more: Omit<KeyvMoecacheOptions, "client" | "servers"> = {},
  ) {
    const isAddress = typeof options === "string" || options instanceof URL ||
      Array.isArray(options);
    const given = isAddress ? { servers: options } : options ?? {};
    checkOptions(given, { client: "any", servers: "any", ...OPTION_TYPES });
    checkOptions(more, OPTION_TYPES);
    const names = ["client", "servers", ...Object.keys(OPTION_TYPES)];
    const all: KeyvMoecacheOptions = withDefaults<KeyvMoecacheOptions>(given, more, names);
    const { client, close } = clientFrom(all);
    this.#prefix = checkPrefix(all.prefix ?? "keyv:");
    this.namespace = all.namespace;
    this.#client = client;
    this.#close = close;
  }

  /** The capabilities that Keyv 6 reads. After that, the adapter expects absolute times. */
  get capabilities(): KeyvMoecacheCapabilities {
    this.#keyvVersion = 6;
    const one: KeyvMoecacheMethod = { exists: true, methodType: "async" };
    const methods = {
      ...{ get: one, set: one, delete: one, has: one, clear: one, disconnect: one },
      ...{ getMany: one, setMany: one, deleteMany: one, hasMany: one },
      // Keyv calls everything "sync" that is not a plain `async` function.
      iterator: { exists: true, methodType: "sync" },
    } as const;
    return { compatible: true, store: "keyvStorage", methods, expires: true };
  }

  /** The options that Keyv 5 reads. After that, the adapter expects lifetimes. */
  get opts(): Record<string, unknown> {
    this.#keyvVersion = 5;
    return this.#opts;
  }

  /**
   * Gets a value.
   *
   * @param key Any string.
   * @returns The value, or `undefined` when the key does not exist.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached; it is emitted as `"error"` as well.
   *
   * @example A hit and a miss
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * await store.set("key", "value");
   * assertEquals([await store.get("key"), await store.get("other")], ["value", undefined]);
   * ```
   */
  async get<Value = unknown>(key: string): Promise<Value | undefined> {
    try {
      return await (await this.#stored()).get(key) as Value | undefined;
    } catch (error) {
      // Keyv 5 reports every other error itself, but not this one.
      if (this.#keyvVersion !== 6) this.#emit("error", error);
      throw error;
    }
  }

  /**
   * Gets many values in one round trip.
   *
   * @param keys The keys.
   * @returns The values in the order of the keys, `undefined` for those that do not exist.
   * @throws {PartialClientException} When memcached refuses some.
   * @throws {PartialSocketError} When a server cannot be reached.
   *
   * @example One of two
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * await store.set("a", "1");
   * assertEquals(await store.getMany(["a", "b"]), ["1", undefined]);
   * ```
   */
  async getMany<Value = unknown>(keys: string[]): Promise<(Value | undefined)[]> {
    return await (await this.#stored()).getMany(keys) as (Value | undefined)[];
  }

  /**
   * Sets a value.
   *
   * @param key Any string.
   * @param value A string, bytes, or a value that `moecacheTranscoder` can represent. `undefined` in objects and arrays
   * is treated as JSON does.
   * @param expires When it expires, in milliseconds since 1970, as Keyv 6 passes it. From Keyv 5, and below
   * 1,000,000,000,000, it is a lifetime in milliseconds, and 0 means never. For Keyv 6 every number is a time: 0 is
   * 1970, and the value expires at once, as in Keyv's own storages. By default the value never expires.
   * @returns `true`.
   * @throws {ValidationException} When the value or the time is invalid.
   * @throws {ClientException} When memcached refuses, for example a value larger than its limit.
   * @throws {SocketError} When the server cannot be reached.
   *
   * @example A minute
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * assertEquals(await store.set("a key of any text", "value", 60_000), true);
   * assertEquals(await store.set("another key", "value", Date.now() + 60_000), true);
   * ```
   */
  async set(key: string, value: unknown, expires?: number): Promise<true> {
    const isTime = this.#keyvVersion === undefined
      ? typeof expires === "number" && expires >= FIRST_TIME
      : this.#keyvVersion === 6;
    await this.#set(key, value, isTime ? { expires } : { ttl: expires });
    return true;
  }

  /**
   * Sets many values in one round trip.
   *
   * @param entries Keys, values, and lifetimes or times.
   * @returns Whether each has been set. For Keyv 6, the errors of the others are emitted as `"error"`.
   * @throws {PartialClientException} When memcached refuses some, or values are invalid: for Keyv 5 when one fails,
   *   for Keyv 6 when all fail. With Keyv 5, other values may have been set. With one entry, as {@linkcode set}.
   * @throws {PartialSocketError} When a server cannot be reached.
   *
   * @example Two at once
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * await store.setMany([{ key: "a", value: "1" }, { key: "b", value: "2", ttl: 60_000 }]);
   * assertEquals(await store.getMany(["a", "b"]), ["1", "2"]);
   * ```
   */
  // deno-lint-ignore no-explicit-any -- void for Keyv 5's type, boolean[] for its code and for Keyv 6
  async setMany(entries: readonly KeyvMoecacheEntry[]): Promise<any> {
    const sets = await Promise.allSettled(
      checkList("entries", entries).map(async (entry) => {
        checkRecord("entry", entry);
        checkNames(entry, ENTRY_NAMES);
        const { key, value, ...life } = entry;
        await this.#set(key, value, life);
      }),
    );
    const failures = sets.filter((set) => set.status === "rejected");
    const isFailure = this.#keyvVersion !== 6 || failures.length === sets.length;
    if (failures.length > 0 && isFailure) {
      throw failureOfSome("set", entries.map((entry) => String(entry?.key)), sets);
    }
    for (const { reason } of failures) this.#emit("error", reason);
    return sets.map(({ status }) => status === "fulfilled");
  }

  /**
   * Deletes a key.
   *
   * @param key The key.
   * @returns Whether it existed.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached.
   *
   * @example Deleting twice
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * await store.set("key", "value");
   * assertEquals([await store.delete("key"), await store.delete("key")], [true, false]);
   * ```
   */
  async delete(key: string): Promise<boolean> {
    return await (await this.#stored()).delete(key);
  }

  /**
   * Deletes many keys in one round trip.
   *
   * @param keys The keys.
   * @returns Whether each existed, in the order of the keys; for Keyv 5, whether all existed.
   * @throws {PartialClientException} When memcached refuses some.
   * @throws {PartialSocketError} When a server cannot be reached.
   *
   * @example One of two exists
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * await store.set("a", "1");
   * assertEquals(await store.deleteMany(["a", "b"]), [true, false]);
   * ```
   */
  // deno-lint-ignore no-explicit-any -- boolean for Keyv 5, boolean[] for Keyv 6
  async deleteMany(keys: string[]): Promise<any> {
    const existed = await (await this.#stored()).deleteMany(keys);
    return this.#keyvVersion === 5 ? existed.every(Boolean) : existed;
  }

  /**
   * Makes all keys of the namespace miss, in every process.
   *
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached.
   *
   * @example One namespace of two
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * await store.set("key", "value");
   * store.namespace = "other";
   * await store.clear();
   * store.namespace = undefined;
   * assertEquals(await store.get("key"), "value");
   * ```
   */
  async clear(): Promise<void> {
    await (await this.#stored()).clear();
  }

  /**
   * Tells whether a key exists.
   *
   * @param key The key.
   * @returns Whether it exists.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached.
   *
   * @example Before and after
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * assertEquals(await store.has("key"), false);
   * await store.set("key", "value");
   * assertEquals(await store.has("key"), true);
   * ```
   */
  async has(key: string): Promise<boolean> {
    return await (await this.#stored()).get(key) !== undefined;
  }

  /**
   * Tells which keys exist, in one round trip.
   *
   * @param keys The keys.
   * @returns Whether each exists, in the order of the keys.
   * @throws {PartialClientException} When memcached refuses some.
   * @throws {PartialSocketError} When a server cannot be reached.
   *
   * @example One of two
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * await store.set("a", "1");
   * assertEquals(await store.hasMany(["a", "b"]), [true, false]);
   * ```
   */
  async hasMany(keys: string[]): Promise<boolean[]> {
    return (await (await this.#stored()).getMany(keys)).map((value) => value !== undefined);
  }

  /**
   * Lists keys and values. memcached lists all its items, and the adapter reads those of the namespace. That takes
   * seconds on a large server, and a server lists for one client at a time: others wait for up to 20 seconds, and no
   * longer than the client's `timeout`.
   *
   * Keyv 5 uses the iterator only of adapters that it knows by name. To get `keyv.iterator()` there: `keyv.iterator =
   * keyv.generateIterator((namespace) => store.iterator(namespace))`.
   *
   * @param namespace Keyv's namespace; the present one by default.
   * @returns Pairs of a key, as Keyv passed it, and a value.
   * @throws {ClientException} When memcached refuses, for example because its LRU crawler is disabled or busy.
   * @throws {SocketError} When a server cannot be reached, after the pairs of the others.
   *
   * @example All keys and values
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * await store.set("key", "value");
   * assertEquals(await Array.fromAsync(store.iterator()), [["key", "value"]]);
   * ```
   */
  async *iterator<Value = unknown>(
    namespace: string | undefined = this.namespace,
  ): AsyncGenerator<[key: string, value: Value], void> {
    const stored = await this.#stored(namespace);
    for await (const batch of batchesOf(stored.keys())) yield* readPairs<Value>(stored, batch);
  }

  /**
   * Calls a function when an event happens. `"error"`, with the error, is emitted when a `get` fails (unless Keyv 6
   * called it), and when a part of Keyv 6's `setMany` fails.
   *
   * @param event The event's name.
   * @param listener What to call.
   * @returns The adapter.
   * @throws {ValidationException} When the listener is no function.
   *
   * @example A server that cannot be reached
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * await using store = new KeyvMoecache({ servers: "127.0.0.1:1" });
   * const errors: unknown[] = [];
   * store.on("error", (error) => errors.push(error));
   * await assertRejects(() => store.get("key"));
   * assertEquals(errors.length, 1);
   * ```
   */
  // deno-lint-ignore no-explicit-any -- as in Keyv's own type, which takes listeners of any arguments
  on(event: string, listener: (...args: any[]) => void): this {
    checkFunction("listener", listener);
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  /** Closes the client if the adapter made it. `keyv.disconnect()` calls this. */
  async disconnect(): Promise<void> {
    await this.#close();
  }

  /** The same as {@linkcode disconnect}: `await using store = new KeyvMoecache(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  async #set(key: string, value: unknown, { ttl, expires }: Lifespan): Promise<void> {
    checkOptions({ ttl, expires }, { ttl: "number", expires: "number" });
    const end = expires ?? (ttl === undefined || ttl === 0 ? Infinity : Date.now() + ttl);
    const own = ownValue(value);
    await (await this.#stored()).set(key, own, end);
  }

  /** The values of a namespace. Keyv may change the namespace at any time. */
  #stored(namespace = this.namespace ?? ""): Promise<StoredValues> {
    if (this.#current?.namespace !== namespace) {
      this.#current = { namespace, stored: this.#storedUnder(namespace) };
    }
    return this.#current.stored;
  }

  async #storedUnder(namespace: string): Promise<StoredValues> {
    checkOptions({ namespace }, { namespace: "string" });
    // A colon within the namespace is escaped, so that no namespace is the beginning of another.
    const text = namespace.replaceAll("%", "%25").replaceAll(":", "%3A");
    const name = await itemKeyOf(text, LONGEST_NAMESPACE);
    return new StoredValues(this.#client, `${this.#prefix}${name}:`);
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...args);
  }
}

type Listener = (...args: unknown[]) => void;
/** A value's lifetime in milliseconds, or the time at which it expires. */
type Lifespan = Pick<KeyvMoecacheEntry, "ttl" | "expires">;

/** Gathers keys. When listing them fails, those that were listed come before the error. */
async function* batchesOf(keys: AsyncIterable<string>): AsyncGenerator<string[], void> {
  let batch: string[] = [];
  try {
    for await (const key of keys) {
      if (batch.push(key) < BATCH) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    yield batch;
    throw error;
  }
  yield batch;
}

async function* readPairs<Value>(
  stored: StoredValues,
  keys: string[],
): AsyncGenerator<[string, Value], void> {
  const values = await stored.getMany(keys);
  for (const [i, key] of keys.entries()) {
    // A listed key may have been deleted or evicted since.
    if (values[i] !== undefined) yield [key, values[i] as Value];
  }
}

export default KeyvMoecache;
