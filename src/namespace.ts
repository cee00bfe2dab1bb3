/** Keys under a prefix, which can all be made to miss at once. @module */

import type { CounterOptions, OperationOptions } from "./client_options.ts";
import { Generations } from "./generations.ts";
import type { GetOrSetOptions, Load } from "./get_or_set.ts";
import type { InvalidateOptions, LeasingCommands } from "./leasing_commands.ts";
import { readEntries } from "./many.ts";
import { checkFunction } from "./option_checks.ts";
import type { CasOutcome } from "./protocol/commands/storage.ts";
import type { Exptime } from "./protocol/exptime.ts";
import { checkKeys } from "./protocol/key.ts";
import type { Change, UpdateOptions } from "./update.ts";

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
 * A counter that memcached evicts begins again at the current time in milliseconds, which makes
 * everything miss; it would return to a used generation only with clocks that far apart, or after more than
 * one `invalidateAll` per millisecond.
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
export class Namespace {
  /** What all keys begin with. */
  readonly prefix: string;
  readonly #client: LeasingCommands;
  readonly #generations: Generations;

  /** @internal */
  constructor(client: LeasingCommands, prefix: string) {
    this.prefix = prefix;
    this.#client = client;
    this.#generations = new Generations(client, prefix);
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
    await this.#generations.next(options);
  }

  /**
   * Gets the value of a key.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param options `signal`.
   * @returns The value, or `undefined` when the key does not exist.
   * @throws As the client's `get` does, and a `ValidationException` when a key is too long.
   *
   * @example A hit and a miss
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("key", "value");
   * assertEquals([await names.get("key"), await names.get("other")], ["value", undefined]);
   * ```
   */
  get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    return this.#run(key, options, (key) => this.#client.get<Value>(key, options));
  }

  /**
   * Gets the values of many keys.
   *
   * @param keys Keys, each as for {@linkcode get}.
   * @param options `signal`.
   * @returns The values by key, without the prefix; the keys that do not exist are left out.
   * @throws As the client's `getMany` does, and a `ValidationException` when a key is too long.
   *
   * @example Two of three
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.setMany({ a: 1, b: 2 });
   * assertEquals(await names.getMany(["a", "b", "c"]), new Map([["a", 1], ["b", 2]]));
   * ```
   */
  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    return await this.#generations.runMany("get", [...checkKeys(keys, "get")], (keys) => {
      return this.#client.getMany<Value>(keys, options);
    }, options);
  }

  /**
   * Gets the value of a key together with its cas unique, which {@linkcode cas} takes.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param options `signal`.
   * @returns The value and its cas unique, or `undefined` when the key does not exist.
   * @throws As the client's `gets` does, and a `ValidationException` when a key is too long.
   *
   * @example Reading before writing back
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("key", "old");
   * const item = await names.gets("key");
   * assertEquals(await names.cas("key", "new", item!.cas), "stored");
   * ```
   */
  gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return this.#run(key, options, (key) => this.#client.gets<Value>(key, options));
  }

  /**
   * Gets the value of a key and gives it a new exptime.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param exptime As for the client's `set`.
   * @param options `signal`.
   * @returns The value, or `undefined` when the key does not exist.
   * @throws As the client's `getAndTouch` does, and a `ValidationException` when a key is too long.
   *
   * @example Another minute
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("key", "value", 60);
   * assertEquals(await names.getAndTouch("key", 60), "value");
   * ```
   */
  getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    return this.#run(key, options, (key) => this.#client.getAndTouch<Value>(key, exptime, options));
  }

  /**
   * Sets a key to a value, whether it exists or not.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param value As for the client's `set`.
   * @param exptime As for the client's `set`.
   * @param options `signal`.
   * @throws As the client's `set` does, and a `ValidationException` when a key is too long.
   *
   * @example A value that expires in a minute
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("key", "value", 60);
   * assertEquals(await names.get("key"), "value");
   * ```
   */
  set(key: string, value: unknown, exptime?: Exptime, options?: OperationOptions): Promise<void> {
    return this.#run(key, options, (key) => this.#client.set(key, value, exptime, options));
  }

  /**
   * Sets many keys.
   *
   * @param entries The values by key: a record, a `Map`, or pairs, of which the last counts.
   * @param exptime As for the client's `set`.
   * @param options `signal`.
   * @throws As the client's `setMany` does, and a `ValidationException` when a key is too long.
   *
   * @example Two at once
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.setMany({ a: 1, b: 2 }, 60);
   * assertEquals(await names.get("b"), 2);
   * ```
   */
  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = readEntries(entries);
    await this.#generations.runMany("set", [...values.keys()], async (keys) => {
      const all = [...values.values()];
      const prefixed = new Map(keys.map((key, i) => [key, all[i]]));
      await this.#client.setMany(prefixed, exptime, options);
      return new Map();
    }, options);
  }

  /**
   * Sets a key to a value if it does not exist.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param value As for the client's `set`.
   * @param exptime As for the client's `set`.
   * @param options `signal`.
   * @returns Whether it was stored.
   * @throws As the client's `add` does, and a `ValidationException` when a key is too long.
   *
   * @example The first one wins
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * assertEquals(await names.add("key", "first"), true);
   * assertEquals(await names.add("key", "second"), false);
   * ```
   */
  add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#run(key, options, (key) => this.#client.add(key, value, exptime, options));
  }

  /**
   * Sets a key to a value if it exists.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param value As for the client's `set`.
   * @param exptime As for the client's `set`.
   * @param options `signal`.
   * @returns Whether it was stored.
   * @throws As the client's `replace` does, and a `ValidationException` when a key is too long.
   *
   * @example Only what is there
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * assertEquals(await names.replace("key", "value"), false);
   * ```
   */
  replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#run(key, options, (key) => this.#client.replace(key, value, exptime, options));
  }

  /**
   * Puts text or bytes behind those of an item.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param data Text, which goes as UTF-8, or bytes.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws As the client's `append` does, and a `ValidationException` when a key is too long.
   *
   * @example A growing string
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("log", "a");
   * assertEquals(await names.append("log", "b"), true);
   * ```
   */
  append(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#client.append(key, data, options));
  }

  /**
   * Puts text or bytes before those of an item.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param data Text, which goes as UTF-8, or bytes.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws As the client's `prepend` does, and a `ValidationException` when a key is too long.
   *
   * @example A growing string
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("log", "b");
   * assertEquals(await names.prepend("log", "a"), true);
   * ```
   */
  prepend(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#client.prepend(key, data, options));
  }

  /**
   * Sets a key to a value if nobody has changed it since {@linkcode gets} read it.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param value As for the client's `set`.
   * @param cas The cas unique that `gets` gave.
   * @param exptime As for the client's `set`.
   * @param options `signal`.
   * @returns `"stored"`; `"exists"` when it has been changed; `"not_found"` when the key does not exist.
   * @throws As the client's `cas` does, and a `ValidationException` when a key is too long.
   *
   * @example Losing a race
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("key", 1);
   * const { cas } = (await names.gets("key"))!;
   * await names.set("key", 2);
   * assertEquals(await names.cas("key", 3, cas), "exists");
   * ```
   */
  cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return this.#run(key, options, (key) => this.#client.cas(key, value, cas, exptime, options));
  }

  /**
   * Counts up, on the server, in 64 bits.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param delta By how much: 0 to 2^64 - 1; 1 unless given.
   * @param options `initial` and its `exptime`; `signal`.
   * @returns What the counter is then; `undefined` when it does not exist and there is no `initial`.
   * @throws As the client's `incr` does, and a `ValidationException` when a key is too long.
   *
   * @example A counter
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * assertEquals(await names.incr("hits", 1, { initial: 1 }), 1n);
   * assertEquals(await names.incr("hits"), 2n);
   * ```
   */
  incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return this.#run(key, options, (key) => this.#client.incr(key, delta, options));
  }

  /**
   * Counts down, on the server, in 64 bits. It stops at 0.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param delta By how much: 0 to 2^64 - 1; 1 unless given.
   * @param options `initial` and its `exptime`; `signal`.
   * @returns What the counter is then; `undefined` when it does not exist and there is no `initial`.
   * @throws As the client's `decr` does, and a `ValidationException` when a key is too long.
   *
   * @example A counter
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("stock", "10");
   * assertEquals(await names.decr("stock", 3), 7n);
   * ```
   */
  decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return this.#run(key, options, (key) => this.#client.decr(key, delta, options));
  }

  /**
   * Gives an item a new exptime without reading it.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param exptime As for the client's `set`.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws As the client's `touch` does, and a `ValidationException` when a key is too long.
   *
   * @example Another minute
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("key", "value", 60);
   * assertEquals(await names.touch("key", 60), true);
   * ```
   */
  touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#client.touch(key, exptime, options));
  }

  /**
   * Deletes a key.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws As the client's `delete` does, and a `ValidationException` when a key is too long.
   *
   * @example Deleting twice
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("key", "value");
   * assertEquals([await names.delete("key"), await names.delete("key")], [true, false]);
   * ```
   */
  delete(key: string, options?: OperationOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#client.delete(key, options));
  }

  /**
   * Deletes many keys.
   *
   * @param keys Keys, each as for {@linkcode get}.
   * @param options `signal`.
   * @returns Whether each key existed, by key without the prefix.
   * @throws As the client's `deleteMany` does, and a `ValidationException` when a key is too long.
   *
   * @example One of two
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("a", 1);
   * assertEquals(await names.deleteMany(["a", "b"]), new Map([["a", true], ["b", false]]));
   * ```
   */
  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    return await this.#generations.runMany("delete", [...checkKeys(keys, "delete")], (keys) => {
      return this.#client.deleteMany(keys, options);
    }, options);
  }

  /**
   * Gets the value of a key, or computes and stores it, once for all who ask.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param load Computes the value. It is called under the current generation only.
   * @param options As for the client's `getOrSet`.
   * @returns The value.
   * @throws As the client's `getOrSet` does, and a `ValidationException` when a key is too long.
   *
   * @example A value that is computed once
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * assertEquals(await names.getOrSet("key", () => "computed", { exptime: 60 }), "computed");
   * assertEquals(await names.get("key"), "computed");
   * ```
   */
  async getOrSet<Value>(
    key: string,
    load: Load<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    checkFunction("load", load);
    return await this.#generations.run([key], ({ prefix, guard, signal }) => {
      const limited = { ...options, signal: signal(options?.signal) };
      return this.#client.getOrSet(prefix + key, guard(load), limited);
    }, options);
  }

  /**
   * Marks the value of one key as stale, which {@linkcode getOrSet} computes anew.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param options `staleFor`, in seconds; `signal`.
   * @returns Whether the key existed.
   * @throws As the client's `invalidate` does, and a `ValidationException` when a key is too long.
   *
   * @example Better than none
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * await names.set("key", "old");
   * assertEquals(await names.invalidate("key"), true);
   * assertEquals(await names.getOrSet("key", () => "new"), "new");
   * ```
   */
  invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return this.#run(key, options, (key) => this.#client.invalidate(key, options));
  }

  /**
   * Changes the value of a key so that nothing others store is lost.
   *
   * @param key As the client takes it, but shorter: 229 characters less those of the prefix at most.
   * @param change Makes the new value of the old one. It is called under the current generation only.
   * @param options `exptime`, `retries` and `signal`.
   * @returns The new value, or `undefined` when nothing was stored.
   * @throws As the client's `update` does, and a `ValidationException` when a key is too long.
   *
   * @example A growing list
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const names = client.namespace("names:");
   * const add = (names: string[] = []) => [...names, "Ada"];
   * assertEquals(await names.update("key", add), ["Ada"]);
   * ```
   */
  async update<Value = unknown>(
    key: string,
    change: Change<Value>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    checkFunction("change", change);
    return await this.#generations.run([key], ({ prefix, guard }) => {
      return this.#client.update(prefix + key, guard(change), options);
    }, options);
  }

  /** Runs an operation that knows its key only as memcached does. */
  #run<Result>(
    key: string,
    options: OperationOptions | undefined,
    operate: (key: string) => Promise<Result>,
  ): Promise<Result> {
    return this.#generations.run([key], ({ prefix }) => operate(prefix + key), options);
  }
}
