/** The basic commands on keys. @module */

import type { CasOutcome } from "../protocol/commands/storage.ts";
import type { Exptime } from "../protocol/exptime.ts";
import type { CounterOptions, OperationOptions } from "./operation_options.ts";

/**
 * The commands on keys of a {@linkcode BareClient}: reading, storing, counting, expiring and deleting. {@linkcode
 * KeyCommands} has more.
 */
export interface BareKeyCommands {
  /**
   * Gets the value of a key.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns The value, or `undefined` when the key does not exist. The type parameter is not checked.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses, or the transcoder cannot read the value.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
   *
   * @example A hit, a miss, and a stored null
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("nothing", null);
   * assertEquals(await client.get("nothing"), null);
   * assertEquals(await client.get("missing"), undefined);
   * ```
   */
  get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined>;

  /**
   * Gets the values of many keys, with one request for each server and for each 16,000 bytes of keys.
   *
   * @param keys The keys; duplicates are sent once.
   * @param options `signal`.
   * @returns The values by key, in the order in which they arrived. Keys that do not exist are left out.
   * @throws {ValidationException} When a key is invalid.
   * @throws {PartialClientException} When memcached refuses, or the transcoder cannot read some values; the other
   * values are in its `results`.
   * @throws {PartialSocketError} When a server cannot be reached; the other values are in its `results`.
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
   * await client.setMany({ a: 1, b: 2 });
   * assertEquals(await client.getMany(["a", "b", "c"]), new Map([["a", 1], ["b", 2]]));
   * ```
   */
  getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>>;

  /**
   * Gets the value of a key and its cas unique, for {@linkcode cas}. memcached's cas uniques begin at 1 again after a
   * restart. So a cas unique is valid only for the connection that it was read through. The client remembers this
   * connection for the last 4,096 cas uniques.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns The value and its cas unique, or `undefined` when the key does not exist.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses, or the transcoder cannot read the value.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
   *
   * @example Reading, then writing back
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("key", "old");
   * const item = await client.gets<string>("key");
   * assertEquals(item?.value, "old");
   * assertEquals(await client.cas("key", "new", item!.cas), "stored");
   * ```
   */
  gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined>;

  /**
   * Gets the value of a key, and changes its exptime.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param exptime Seconds until it expires; 0 means never. From 1,000,000,000 on it is an absolute Unix
   * time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns The value, or `undefined` when the key does not exist.
   * @throws {ValidationException} When the key or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, or the transcoder cannot read the value.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
   *
   * @example A session that expires when it is not used
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("session", { user: 1 }, 60);
   * assertEquals(await client.getAndTouch("session", 60), { user: 1 });
   * ```
   */
  getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined>;

  /**
   * Stores a value, whether the key exists or not.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value A value that the transcoder can represent; see {@linkcode moecacheTranscoder} for the default. Changing
   * it after the call has no effect on what is stored.
   * @param exptime Seconds until it expires; 0, the default, means never. From 1,000,000,000 on it is an absolute Unix
   * time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns A promise that resolves when memcached has stored the value.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, for example a value larger than its limit.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. The value may
   * have been stored then.
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
   * await client.set("user:1", { name: "Ada", born: 1815 }, 60);
   * assertEquals(await client.get("user:1"), { name: "Ada", born: 1815 });
   * ```
   */
  set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void>;

  /**
   * Stores many values, with one write for each server.
   *
   * @param entries The values by key: an object, a `Map`, or pairs. Of several pairs with the same key, the last one is
   *   used.
   * @param exptime Seconds until it expires; 0, the default, means never. From 1,000,000,000 on it is an absolute Unix
   * time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns A promise that resolves when memcached has stored all values.
   * @throws {ValidationException} When a key, a value or the exptime is invalid.
   * @throws {PartialClientException} When memcached refuses some; the others have been stored.
   * @throws {PartialSocketError} When a server cannot be reached; the keys in its `results` have been stored.
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
   * await client.setMany({ a: 1, b: 2 }, 60);
   * await client.setMany(new Map([["c", 3]]));
   * assertEquals((await client.getMany(["a", "b", "c"])).size, 3);
   * ```
   */
  setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void>;

  /**
   * Stores a value if the key does not exist.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value A value that the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param exptime Seconds until it expires; 0, the default, means never. From 1,000,000,000 on it is an absolute Unix
   * time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns Whether it was stored; `false` when the key exists.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, for example a value larger than its limit.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. The value may
   * have been stored then.
   *
   * @example Only the first one is stored
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * assertEquals(await client.add("key", "first"), true);
   * assertEquals(await client.add("key", "second"), false);
   * ```
   */
  add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean>;

  /**
   * Stores a value if the key exists. It also replaces a lease of `getOrSet`, because that is an item too.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value A value that the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param exptime Seconds until it expires; 0, the default, means never. From 1,000,000,000 on it is an absolute Unix
   * time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns Whether it was stored; `false` when the key does not exist.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, for example a value larger than its limit.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. The value may
   * have been stored then.
   *
   * @example Only existing keys
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * assertEquals(await client.replace("key", "value"), false);
   * await client.set("key", "old");
   * assertEquals(await client.replace("key", "new"), true);
   * ```
   */
  replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean>;

  /**
   * Adds text or bytes after the existing data of an item; flags and exptime do not change. The transcoder is not used:
   * with {@linkcode moecacheTranscoder}, a string stays a string, but any other value becomes unreadable. Data added to
   * a lease of `getOrSet` is lost.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param data Text, which is sent as UTF-8, or bytes.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or the data is invalid.
   * @throws {ClientException} When memcached refuses, for example a value larger than its limit.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. The data may
   * have been added then.
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
   * await client.set("log", "a");
   * assertEquals(await client.append("log", "b"), true);
   * assertEquals(await client.get("log"), "ab");
   * ```
   */
  append(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean>;

  /**
   * Adds text or bytes before the existing data of an item; flags and exptime do not change. The transcoder is not
   * used: with {@linkcode moecacheTranscoder}, a string stays a string, but any other value becomes unreadable. Data
   * added to a lease of `getOrSet` is lost.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param data Text, which is sent as UTF-8, or bytes.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or the data is invalid.
   * @throws {ClientException} When memcached refuses, for example a value larger than its limit.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. The data may
   * have been added then.
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
   * await client.set("log", "b");
   * assertEquals(await client.prepend("log", "a"), true);
   * assertEquals(await client.get("log"), "ab");
   * ```
   */
  prepend(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean>;

  /**
   * Stores a value if the item has not changed since {@linkcode gets} read it. If the connection has ended since, or
   * the key has moved to another server, the client cannot know, and the result is `"exists"`. For a cas unique that
   * this client has not read recently, only the server decides. Behind a proxy, the restart of a server cannot be
   * detected.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value A value that the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param unique The cas unique from `gets`, 0 to 2^64 - 1.
   * @param exptime Seconds until it expires; 0, the default, means never. From 1,000,000,000 on it is an absolute Unix
   * time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns `"stored"`; `"exists"` when the item has changed, or may have changed; `"not_found"` when the key does not
   * exist.
   * @throws {ValidationException} When the key, the value, the cas unique or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, for example a value larger than its limit.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. The value may
   * have been stored then.
   *
   * @example Another client was faster
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("key", 1);
   * const { cas } = (await client.gets("key"))!;
   * await client.set("key", 2);
   * assertEquals(await client.cas("key", 3, cas), "exists");
   * ```
   */
  cas(
    key: string,
    value: unknown,
    unique: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome>;

  /**
   * Increments a counter on the server, as a 64-bit number. After 2^64 - 1 it wraps around to 0.
   *
   * A counter is an item whose data is a decimal number as text. Create it with `initial`, or with `set(key, "0")`:
   * with the default transcoder, use a string and not the number 0. `get` returns a string. memcached does not shorten
   * the item: a counter decremented from 10 is read as `"9 "`, which `Number` and `BigInt` accept.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param delta The amount, 0 to 2^64 - 1, as a `bigint` or a safe integer; 1 by default.
   * @param options `initial`, the value of a counter that does not exist yet, and its `exptime`; `signal`.
   * @returns The new number; `undefined` when the counter does not exist and there is no `initial`.
   * @throws {ValidationException} When the key, the delta, the initial value or the exptime is invalid.
   * @throws {ClientException} When the item is not a counter, or memcached refuses for another reason.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. It may have
   * been counted then. With `initial`, also when `failover` is `"miss"`.
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
   * assertEquals(await client.incr("hits"), undefined);
   * assertEquals(await client.incr("hits", 1n, { initial: 1n, exptime: 60 }), 1n);
   * assertEquals(await client.incr("hits", 5), 6n);
   * assertEquals(await client.get("hits"), "6");
   * ```
   */
  incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined>;

  /**
   * Decrements a counter on the server, as a 64-bit number. It stops at 0.
   *
   * A counter is an item whose data is a decimal number as text. Create it with `initial`, or with `set(key, "0")`:
   * with the default transcoder, use a string and not the number 0. `get` returns a string. memcached does not shorten
   * the item: a counter decremented from 10 is read as `"9 "`, which `Number` and `BigInt` accept.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param delta The amount, 0 to 2^64 - 1, as a `bigint` or a safe integer; 1 by default.
   * @param options `initial`, the value of a counter that does not exist yet, and its `exptime`; `signal`.
   * @returns The new number; `undefined` when the counter does not exist and there is no `initial`.
   * @throws {ValidationException} When the key, the delta, the initial value or the exptime is invalid.
   * @throws {ClientException} When the item is not a counter, or memcached refuses for another reason.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. It may have
   * been counted then. With `initial`, also when `failover` is `"miss"`.
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
   * await client.set("stock", "10");
   * assertEquals(await client.decr("stock", 3), 7n);
   * assertEquals(await client.decr("stock", 8), 0n);
   * ```
   */
  decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined>;

  /**
   * Changes the exptime of an item without reading it. A lease of `getOrSet` is an item too.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param exptime Seconds until it expires; 0 means never. From 1,000,000,000 on it is an absolute Unix time, up to
   * 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or the exptime is invalid.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
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
   * await client.set("key", "value", 60);
   * assertEquals(await client.touch("key", 60), true);
   * ```
   */
  touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean>;

  /**
   * Deletes a key.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. The key may
   * have been deleted then.
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
   * await client.set("key", "value");
   * assertEquals(await client.delete("key"), true);
   * assertEquals(await client.delete("key"), false);
   * ```
   */
  delete(key: string, options?: OperationOptions): Promise<boolean>;

  /**
   * Deletes many keys, with one write for each server.
   *
   * @param keys The keys.
   * @param options `signal`.
   * @returns Whether each key existed.
   * @throws {ValidationException} When a key is invalid.
   * @throws {PartialClientException} When memcached refuses some; the others have been deleted.
   * @throws {PartialSocketError} When a server cannot be reached; the keys in its `results` have been deleted.
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
   * await client.set("a", 1);
   * assertEquals(await client.deleteMany(["a", "b"]), new Map([["a", true], ["b", false]]));
   * ```
   */
  deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>>;
}
