/** The commands on keys that every client has. @module */

import type { CasOutcome } from "../protocol/commands/storage.ts";
import type { Exptime } from "../protocol/exptime.ts";
import type { CounterOptions, OperationOptions } from "./operation_options.ts";

/**
 * The commands that a {@linkcode BareClient} has on keys: reading, storing, counting, and what makes items
 * expire or go. {@linkcode KeyCommands} has more.
 */
export interface BareKeyCommands {
  /**
   * Gets the value of a key.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns The value, or `undefined` when the key does not exist. The type parameter is the
   * caller's word for what was stored; nothing checks it.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses,
   * or holds a value that the transcoder does not read.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
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
   * Gets the values of many keys: one request for each server, and up to 16,000 bytes of keys.
   *
   * @param keys The keys; each is asked for once.
   * @param options `signal`.
   * @returns The values by key, in the order in which they came; the keys that do not exist are left out.
   * @throws {ValidationException} When a key is invalid.
   * @throws {PartialClientException} When memcached refuses, or holds values that the transcoder does
   * not read; the others are in its `results`.
   * @throws {PartialSocketError} When a server cannot be reached; the others are in its `results`.
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
   * Gets the value of a key together with its cas unique, which {@linkcode cas} takes. memcached numbers its cas
   * uniques from the start again when it restarts: this one counts as long as the connection that it was read
   * through. The client remembers that connection for the last 4,096 cas uniques.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns The value and its cas unique, or `undefined` when the key does not exist.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses,
   * or holds a value that the transcoder does not read.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
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
   * Gets the value of a key and gives it a new exptime.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param exptime Seconds until it expires; 0, the default, is never; from 1,000,000,000 on an absolute
   * Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns The value, or `undefined` when the key does not exist.
   * @throws {ValidationException} When the key or the exptime is invalid.
   * @throws {ClientException} When memcached refuses,
   * or holds a value that the transcoder does not read.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
   *
   * @example A session that lives for as long as it is used
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
   * Sets a key to a value, whether it exists or not.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value What the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param exptime Seconds until it expires; 0, the default, is never; from 1,000,000,000 on an absolute
   * Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns A promise that resolves when memcached has stored the value.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * the value may have been stored then.
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
   * Sets many keys: one write for each server.
   *
   * @param entries The values by key: a record, a `Map`, or pairs, of which the last counts.
   * @param exptime Seconds until it expires; 0, the default, is never; from 1,000,000,000 on an absolute
   * Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns A promise that resolves when memcached has stored all the values.
   * @throws {ValidationException} When a key, a value or the exptime is invalid.
   * @throws {PartialClientException} When memcached refuses some; the others have been stored.
   * @throws {PartialSocketError} When a server cannot be reached; what is in its `results` has been
   * stored.
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
   * Sets a key to a value if it does not exist.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value What the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param exptime Seconds until it expires; 0, the default, is never; from 1,000,000,000 on an absolute
   * Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns Whether it was stored; `false` when the key exists.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * the value may have been stored then.
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
   * Sets a key to a value if it exists; a lease of `getOrSet`, which is an item too, gives way to the value.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value What the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param exptime Seconds until it expires; 0, the default, is never; from 1,000,000,000 on an absolute
   * Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns Whether it was stored; `false` when the key does not exist.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * the value may have been stored then.
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
   * Puts text or bytes behind those of an item, whose flags and exptime stay. The transcoder has no
   * part in it: with {@linkcode moecacheTranscoder} a string stays a string, and a pickle, which is any
   * other value, becomes unreadable. What is added to a lease of `getOrSet`, which is an item too, is lost.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param data Text, which goes as UTF-8, or bytes.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or the data is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * it may have been done then.
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
   * Puts text or bytes before those of an item, whose flags and exptime stay. The transcoder has no
   * part in it: with {@linkcode moecacheTranscoder} a string stays a string, and a pickle, which is any
   * other value, becomes unreadable. What is added to a lease of `getOrSet`, which is an item too, is lost.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param data Text, which goes as UTF-8, or bytes.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or the data is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * it may have been done then.
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
   * Sets a key to a value if nobody has changed it since {@linkcode gets} read it. Where the client cannot know,
   * because the connection has ended since or the key lives on another server now, it has been changed. Of a cas
   * unique that this client has not read, or not lately, the server alone decides; behind a proxy, nobody sees
   * that a server has restarted.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value What the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param cas The cas unique that `gets` gave, 0 to 2^64 - 1.
   * @param exptime Seconds until it expires; 0, the default, is never; from 1,000,000,000 on an absolute
   * Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns `"stored"`; `"exists"` when it has been changed, or may have been; `"not_found"` when the key does
   * not exist.
   * @throws {ValidationException} When the key, the value, the cas unique or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * the value may have been stored then.
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
   * await client.set("key", 1);
   * const { cas } = (await client.gets("key"))!;
   * await client.set("key", 2);
   * assertEquals(await client.cas("key", 3, cas), "exists");
   * ```
   */
  cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome>;

  /**
   * Counts up, on the server, in 64 bits. Beyond 2^64 - 1 it starts again at 0.
   *
   * A counter is an item whose text is a decimal number: `set(key, "0")`, with the default transcoder a
   * string and not the number 0, or the `initial` of a first call, which is stored as such a string. `get`
   * reads it as a string. memcached does not shorten an item: counted down from 10, it reads `"9 "`,
   * which `Number` and `BigInt` take.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param delta By how much: 0 to 2^64 - 1, as a `bigint` or a safe integer; 1 by default.
   * @param options `initial`, what a counter begins with that does not exist, and its `exptime`; `signal`.
   * @returns What the counter is then; `undefined` when it does not exist and there is no `initial`.
   * @throws {ValidationException} When the key, the delta, the initial value or the exptime is invalid.
   * @throws {ClientException} When the item is no counter, or memcached refuses otherwise.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; it may
   * have been counted then. With `initial` also where the client takes what it cannot reach for a miss.
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
   * Counts down, on the server, in 64 bits. It stops at 0.
   *
   * A counter is an item whose text is a decimal number: `set(key, "0")`, with the default transcoder a
   * string and not the number 0, or the `initial` of a first call, which is stored as such a string. `get`
   * reads it as a string. memcached does not shorten an item: counted down from 10, it reads `"9 "`,
   * which `Number` and `BigInt` take.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param delta By how much: 0 to 2^64 - 1, as a `bigint` or a safe integer; 1 by default.
   * @param options `initial`, what a counter begins with that does not exist, and its `exptime`; `signal`.
   * @returns What the counter is then; `undefined` when it does not exist and there is no `initial`.
   * @throws {ValidationException} When the key, the delta, the initial value or the exptime is invalid.
   * @throws {ClientException} When the item is no counter, or memcached refuses otherwise.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; it may
   * have been counted then. With `initial` also where the client takes what it cannot reach for a miss.
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
   * Gives an item a new exptime without reading it; to memcached a lease of `getOrSet` is an item too.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param exptime Seconds until it expires, 0 for never; above 30 days an absolute Unix time, up to
   * 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or the exptime is invalid.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
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
   * Deletes a key. Afterwards it does not exist, whether it did before or not.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * the key may have been deleted then.
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
   * Deletes many keys: one write for each server.
   *
   * @param keys The keys.
   * @param options `signal`.
   * @returns Whether each key existed.
   * @throws {ValidationException} When a key is invalid.
   * @throws {PartialClientException} When memcached refuses some; the others have been deleted.
   * @throws {PartialSocketError} When a server cannot be reached; what is in its `results` has been
   * deleted.
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
