/**
 * A storage adapter for npm's `keyv`, version 5. Keyv itself is not imported, so there is nothing to
 * install for those who do not use it.
 *
 * @example A Keyv on memcached
 * ```ts ignore
 * import Keyv from "keyv";
 * import { KeyvMoecache } from "@moecache/moecache/keyv";
 *
 * const keyv = new Keyv({
 *   store: new KeyvMoecache({ servers: "127.0.0.1:11211" }),
 *   namespace: "users",
 *   throwOnErrors: true, // or else Keyv takes a fault of a read for a miss
 * });
 * await keyv.set("1", { name: "Ada" }, 60_000);
 * ```
 *
 * @module
 */

import type { Client } from "../../mod.ts";
import { itemKeyOf } from "./item_key.ts";
import { checkPrefix, Keyspace } from "./keyspace.ts";
import { exptimeOf } from "./lifetime.ts";
import { type AdapterClient, clientFrom, type ClientSource } from "./own_client.ts";

export type { ClientSource };

/** How a {@linkcode KeyvMoecache} stores. */
export interface KeyvMoecacheOptions extends ClientSource {
  /**
   * What all keys begin with in memcached, 1 to 50 characters, each from `!` to `~`; `"keyv:"` unless
   * given.
   */
  readonly prefix?: string;
}

/** An entry for {@linkcode KeyvMoecache.setMany}. */
export interface KeyvMoecacheEntry {
  /** The key. */
  readonly key: string;
  /** The value. */
  readonly value: unknown;
  /** Milliseconds that it lives; for ever unless given. */
  readonly ttl?: number | undefined;
}

/** Of a prefix of 100 characters, what is left for Keyv's namespace. */
const LONGEST_NAMESPACE = 49;
/** How many values the iterator asks for at once. */
const BATCH = 100;

/**
 * Keyv's storage on memcached, a `KeyvStoreAdapter`. Give each Keyv an adapter of its own, as Keyv
 * writes its namespace into it; they may share a client.
 *
 * Keys may be any strings. What memcached does not take in a key is escaped as in a URL, and a key that is
 * too long is stored under its SHA-256, in a list of key and value. `clear` empties Keyv's
 * namespace, and nothing else on the servers, by counting a generation up: one round trip.
 *
 * What a cache cannot promise: memcached forgets what it has no room for. A lifetime is
 * kept in whole seconds, and ends up to two seconds late; `get` of Keyv looks at the milliseconds itself,
 * `has` does not. Keyv takes a fault of `get` for a miss unless its `throwOnErrors` is set; the error is
 * emitted as `"error"` all the same.
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
  /** What Keyv asks an adapter about itself. */
  readonly opts: Record<string, unknown>;
  /** Keyv's namespace, which it sets. */
  namespace: string | undefined;
  readonly #prefix: string;
  readonly #client: Client;
  readonly #close: AdapterClient["close"];
  readonly #listeners = new Map<string, Set<Listener>>();
  #current: { readonly namespace: string; readonly keyspace: Promise<Keyspace> } | undefined;

  /**
   * Makes an adapter. No socket is opened before the first operation needs one.
   *
   * @param options `client`, or `servers` and `clientOptions`; `prefix`.
   * @throws {ValidationException} When an option is invalid.
   */
  constructor(options: KeyvMoecacheOptions) {
    const { client, close } = clientFrom(options);
    this.#prefix = checkPrefix(options.prefix ?? "keyv:");
    this.#client = client;
    this.#close = close;
    // Keyv searches both for the names of the adapters whose iterator it takes, and breaks without them.
    this.opts = { dialect: "memcached", url: "memcached:" };
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
      return await (await this.#keyspace()).get(key) as Value | undefined;
    } catch (error) {
      // The one fault that Keyv tells nobody of.
      this.#emit("error", error);
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
    return await (await this.#keyspace()).getMany(keys) as (Value | undefined)[];
  }

  /**
   * Sets a value.
   *
   * @param key Any string but the empty one.
   * @param value What the client's transcoder can represent; Keyv gives a string.
   * @param ttl Milliseconds that it lives; for ever unless given.
   * @returns `true`.
   * @throws {ValidationException} When the value or the lifetime is invalid.
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
   * ```
   */
  async set(key: string, value: unknown, ttl?: number): Promise<true> {
    await (await this.#keyspace()).set(key, value, ttl === undefined ? 0 : exptimeOf(ttl));
    return true;
  }

  /**
   * Sets many values in one round trip.
   *
   * @param entries Keys, values and lifetimes.
   * @returns `true` for each: Keyv's code passes it on, though its type asks for nothing.
   * @throws As {@linkcode set} does; others may have been stored then.
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
  // deno-lint-ignore no-explicit-any -- void for Keyv's type, boolean[] for its code
  async setMany(entries: readonly KeyvMoecacheEntry[]): Promise<any> {
    return await Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)));
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
    return await (await this.#keyspace()).delete(key);
  }

  /**
   * Deletes many keys in one round trip.
   *
   * @param keys The keys.
   * @returns Whether all of them existed.
   * @throws {PartialClientException} When memcached refuses some.
   * @throws {PartialSocketError} When a server cannot be reached.
   *
   * @example Of which one is there
   * ```ts
   * import { KeyvMoecache } from "@moecache/moecache/keyv";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using store = new KeyvMoecache({ servers: server.address });
   *
   * await store.set("a", "1");
   * assertEquals(await store.deleteMany(["a", "b"]), false);
   * ```
   */
  async deleteMany(keys: string[]): Promise<boolean> {
    return (await (await this.#keyspace()).deleteMany(keys)).every(Boolean);
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
    await (await this.#keyspace()).clear();
  }

  /**
   * Tells whether a key exists; up to two seconds longer than its lifetime.
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
    return await (await this.#keyspace()).get(key) !== undefined;
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
    return (await (await this.#keyspace()).getMany(keys)).map((value) => value !== undefined);
  }

  /**
   * Lists keys and values: memcached lists all items it has, whosever they are, and those of the namespace
   * are read. That takes seconds on a large server, which lists for one client at a time.
   *
   * Keyv takes the iterator of those adapters only that it knows by name. To have `keyv.iterator()`:
   * `keyv.iterator = keyv.generateIterator((namespace) => store.iterator(namespace))`.
   *
   * @param namespace Keyv's namespace; the present one unless given.
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
    const keyspace = await this.#keyspace(namespace);
    let batch: string[] = [];
    for await (const key of keyspace.keys()) {
      if (batch.push(key) < BATCH) continue;
      yield* readPairs<Value>(keyspace, batch);
      batch = [];
    }
    yield* readPairs<Value>(keyspace, batch);
  }

  /**
   * Has a function called when something happens: `"error"`, with the error, when a `get` fails.
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

  /** The one for a namespace of Keyv's, which may change it at any time. */
  #keyspace(namespace = this.namespace ?? ""): Promise<Keyspace> {
    if (this.#current?.namespace !== namespace) {
      this.#current = { namespace, keyspace: this.#makeKeyspace(namespace) };
    }
    return this.#current!.keyspace;
  }

  async #makeKeyspace(namespace: string): Promise<Keyspace> {
    // Without a colon of its own, a namespace is never the beginning of another's keys.
    const text = namespace.replaceAll("%", "%25").replaceAll(":", "%3A");
    const name = await itemKeyOf(text, LONGEST_NAMESPACE);
    return new Keyspace(this.#client, `${this.#prefix}${name}:`);
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...args);
  }
}

type Listener = (...args: unknown[]) => void;

async function* readPairs<Value>(
  keyspace: Keyspace,
  keys: string[],
): AsyncGenerator<[string, Value], void> {
  const values = await keyspace.getMany(keys);
  for (const [i, key] of keys.entries()) {
    // What has been deleted or evicted since it was listed is not there any more.
    if (values[i] !== undefined) yield [key, values[i] as Value];
  }
}
