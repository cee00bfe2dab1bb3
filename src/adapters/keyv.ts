/**
 * A storage adapter for npm's `keyv`, versions 5 and 6. Keyv itself is not imported, so there is nothing to
 * install for those who do not use it.
 *
 * @example A Keyv on memcached
 * ```ts ignore
 * import Keyv from "keyv";
 * import { KeyvMoecache } from "@moecache/moecache/keyv";
 *
 * const keyv = new Keyv({ store: new KeyvMoecache("127.0.0.1:11211"), namespace: "users" });
 * keyv.on("error", (error) => console.error(error)); // Keyv takes a fault of a read for a miss
 * await keyv.set("1", { name: "Ada" }, 60_000);
 * ```
 *
 * @module
 */

import { checkOptions } from "../option_checks.ts";
import type { ClientOptions, KeyCommands, ServerAddress } from "../../mod.ts";
import { type AdapterClient, checkPrefix, clientFrom } from "./adapter_options.ts";
import { itemKeyOf } from "./key_and_exptime.ts";
import { StoredValues } from "./stored_values.ts";

/** How a {@linkcode KeyvMoecache} stores. */
export interface KeyvMoecacheOptions {
  /**
   * The client to use, which the adapter does not close; or a view of one, a namespace for instance, which
   * cannot list keys. Either this or `servers` has to be given.
   */
  readonly client?: KeyCommands | undefined;
  /** The servers, as a `Client` takes them; the adapter closes the client that it makes for them. */
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  /** The options of the client for `servers`. */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * What all keys begin with in memcached, 1 to 50 characters, each from `!` to `~`; `"keyv:"` by
   * default.
   */
  readonly prefix?: string | undefined;
  /** Keyv's namespace, until Keyv sets its own. */
  readonly namespace?: string | undefined;
}

/** An entry for {@linkcode KeyvMoecache.setMany}. */
export interface KeyvMoecacheEntry {
  /** The key. */
  readonly key: string;
  /** The value. */
  readonly value: unknown;
  /** Milliseconds that it lives, as Keyv 5 gives it; for ever by default. */
  readonly ttl?: number | undefined;
  /** When it expires, in milliseconds since 1970, as Keyv 6 gives it; never by default. */
  readonly expires?: number | undefined;
}

/** What Keyv 6 reads of an adapter: which methods it has, and that it takes absolute times. */
export interface KeyvMoecacheCapabilities {
  /** That Keyv can use the adapter. */
  readonly compatible: boolean;
  /** That it is a storage adapter of Keyv's own kind. */
  readonly store: "keyvStorage";
  /** Its methods by name. */
  readonly methods: Readonly<Record<KeyvMoecacheMethodName, KeyvMoecacheMethod>>;
  /** That `set` and `setMany` take the time at which a value expires. */
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
  /** That there is one. */
  readonly exists: boolean;
  /** Whether it is an `async` function. */
  readonly methodType: "async" | "sync";
}

/** Of a prefix of 100 characters, what is left for Keyv's namespace. */
const LONGEST_NAMESPACE = 49;
/** How many values the iterator asks for at once. */
const BATCH = 100;
/** A number of milliseconds from here on, September 2001, is a time; what is smaller is a lifetime. */
const FIRST_TIME = 1e12;
const OPTION_TYPES = { clientOptions: "any", prefix: "string", namespace: "string" } as const;

/**
 * Keyv's storage on memcached, for Keyv 5 and Keyv 6. Give each Keyv an adapter of its own, as Keyv
 * writes its namespace into it; they may share a client.
 *
 * Keys may be any strings. What memcached does not take in a key is escaped as in a URL, and a key that is
 * too long is stored under its SHA-256, with the key beside the value. Values are stored in the adapter's own
 * format, which does not depend on the client's transcoder: strings and bytes as they are, others as `moecacheTranscoder`
 * does. `clear` empties Keyv's namespace, and nothing else on the servers, by counting a generation up: one
 * round trip.
 *
 * The two versions ask for different things. Keyv 6 gives the time at which a value expires, and Keyv 5 how
 * long it lives; `deleteMany` answers Keyv 5 with one boolean and everybody else with one for each key. Keyv 6
 * reads {@linkcode capabilities}, and Keyv 5 reads {@linkcode opts}: so the adapter knows which one it serves.
 *
 * What a cache cannot promise: memcached forgets what it has no room for. Keyv takes a fault of `get` for a
 * miss, but for Keyv 5 with `throwOnErrors`; the error is emitted as `"error"` all the same.
 *
 * @example What Keyv does with it
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
  /** Keyv's namespace, which it sets. */
  namespace: string | undefined;
  readonly #prefix: string;
  readonly #client: KeyCommands;
  readonly #close: AdapterClient["close"];
  readonly #listeners = new Map<string, Set<Listener>>();
  // Keyv 5 searches both for the names of the adapters whose iterator it takes, and breaks without them.
  readonly #opts: Record<string, unknown> = { dialect: "memcached", url: "memcached:" };
  /** The version of Keyv that has looked at the adapter. */
  #keyvVersion: 5 | 6 | undefined;
  #current: { readonly namespace: string; readonly stored: Promise<StoredValues> } | undefined;

  /**
   * Makes an adapter. No socket is opened before the first operation needs one.
   *
   * @param options `client`, or `servers` and `clientOptions`; `prefix`; `namespace`. Or the servers in a
   * string, as a `Client` takes them.
   * @param more The other options, where the first ones are a string.
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
    options: string | KeyvMoecacheOptions,
    more: Omit<KeyvMoecacheOptions, "client" | "servers"> = {},
  ) {
    const given = typeof options === "string" ? { servers: options } : options ?? {};
    checkOptions(given, { ...OPTION_TYPES, client: "any", servers: "any" });
    checkOptions(more, OPTION_TYPES);
    const all: KeyvMoecacheOptions = { ...more, ...given };
    const { client, close } = clientFrom(all);
    this.#prefix = checkPrefix(all.prefix ?? "keyv:");
    this.namespace = all.namespace;
    this.#client = client;
    this.#close = close;
  }

  /** What Keyv 6 reads of an adapter. It gives absolute times from then on. */
  get capabilities(): KeyvMoecacheCapabilities {
    this.#keyvVersion = 6;
    const one: KeyvMoecacheMethod = { exists: true, methodType: "async" };
    const methods = {
      ...{ get: one, set: one, delete: one, has: one, clear: one, disconnect: one },
      ...{ getMany: one, setMany: one, deleteMany: one, hasMany: one },
      // What is no plain `async` function is "sync".
      iterator: { exists: true, methodType: "sync" },
    } as const;
    return { compatible: true, store: "keyvStorage", methods, expires: true };
  }

  /** What Keyv 5 reads of an adapter. It gives lifetimes from then on. */
  get opts(): Record<string, unknown> {
    this.#keyvVersion = 5;
    return this.#opts;
  }

  /**
   * Gets a value.
   *
   * @param key Any string but the empty one.
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
      // The one fault that Keyv 5 tells nobody of.
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
   * @param key Any string but the empty one.
   * @param value A string, bytes or what `moecacheTranscoder` can represent. `undefined` inside of objects and
   * arrays becomes what JSON makes of it.
   * @param expires When it expires: in milliseconds since 1970, as Keyv 6 gives it; or, below 1,000,000,000,000
   * and from Keyv 5, how many milliseconds it lives. Never by default, and with 0.
   * @returns `true`.
   * @throws {ValidationException} When the value or the time is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
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
      ? expires !== undefined && expires >= FIRST_TIME
      : this.#keyvVersion === 6;
    await this.#set(key, value, isTime ? { expires } : { ttl: expires });
    return true;
  }

  /**
   * Sets many values in one round trip.
   *
   * @param entries Keys, values, and lifetimes or times.
   * @returns Whether each has been set. To Keyv 6, the errors of those that have not are emitted as `"error"`.
   * @throws As {@linkcode set} does, but to Keyv 6 when none has been set; others may have been set then.
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
      entries.map(({ key, value, ...life }) => this.#set(key, value, life)),
    );
    const failures = sets.filter((set) => set.status === "rejected");
    const [first] = failures;
    const isFailure = this.#keyvVersion !== 6 || failures.length === sets.length;
    if (first !== undefined && isFailure) throw first.reason;
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
   * @returns Whether each existed, in the order of the keys; to Keyv 5, whether all of them did.
   * @throws {PartialClientException} When memcached refuses some.
   * @throws {PartialSocketError} When a server cannot be reached.
   *
   * @example One of two is there
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
   * Makes all keys of the namespace miss, for every process.
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
   * Lists keys and values: memcached lists all items that it has, and those of the namespace are read. That
   * takes seconds on a large server, which lists for one client at a time.
   *
   * Keyv 5 takes the iterator of those adapters only that it knows by name. For a `keyv.iterator()` there:
   * `keyv.iterator = keyv.generateIterator((namespace) => store.iterator(namespace))`.
   *
   * @param namespace Keyv's namespace; the present one by default.
   * @returns Pairs of a key, as Keyv gave it, and a value.
   * @throws {ClientException} When memcached refuses, its crawler being disabled or busy for instance.
   * @throws {SocketError} When a server cannot be reached.
   *
   * @example All there is
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
    let batch: string[] = [];
    for await (const key of stored.keys()) {
      if (batch.push(key) < BATCH) continue;
      yield* readPairs<Value>(stored, batch);
      batch = [];
    }
    yield* readPairs<Value>(stored, batch);
  }

  /**
   * Calls a function when something happens: `"error"`, with the error, when a `get` fails that Keyv 6 has not
   * asked for, or a part of its `setMany`.
   *
   * @param event The event's name.
   * @param listener What to call.
   * @returns The adapter.
   *
   * @example A server that is not there
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
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  /** Closes the client, if the adapter has made it: `keyv.disconnect()` calls this. */
  async disconnect(): Promise<void> {
    await this.#close();
  }

  /** Does what {@linkcode disconnect} does: `await using store = new KeyvMoecache(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  async #set(key: string, value: unknown, { ttl, expires }: Lifespan): Promise<void> {
    checkOptions({ ttl, expires }, { ttl: "number", expires: "number" });
    const end = expires ?? (ttl === undefined || ttl === 0 ? Infinity : Date.now() + ttl);
    await (await this.#stored()).set(key, value, end);
  }

  /** Those of a namespace of Keyv's, which may change it at any time. */
  #stored(namespace = this.namespace ?? ""): Promise<StoredValues> {
    if (this.#current?.namespace !== namespace) {
      this.#current = { namespace, stored: this.#storedUnder(namespace) };
    }
    return this.#current.stored;
  }

  async #storedUnder(namespace: string): Promise<StoredValues> {
    // Without a colon of its own, a namespace is never the beginning of another's keys.
    const text = namespace.replaceAll("%", "%25").replaceAll(":", "%3A");
    const name = await itemKeyOf(text, LONGEST_NAMESPACE);
    return new StoredValues(this.#client, `${this.#prefix}${name}:`);
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...args);
  }
}

type Listener = (...args: unknown[]) => void;
/** How long a value lives, in milliseconds, or when it expires. */
type Lifespan = Pick<KeyvMoecacheEntry, "ttl" | "expires">;

async function* readPairs<Value>(
  stored: StoredValues,
  keys: string[],
): AsyncGenerator<[string, Value], void> {
  const values = await stored.getMany(keys);
  for (const [i, key] of keys.entries()) {
    // What has been deleted or evicted since it was listed is not there any more.
    if (values[i] !== undefined) yield [key, values[i] as Value];
  }
}
