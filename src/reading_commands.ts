/** The commands that read, touch and delete items. @module */

import type { OperationOptions } from "./client_options.ts";
import { SocketError } from "./errors.ts";
import { runMany } from "./many.ts";
import type { Resolve } from "./protocol/command.ts";
import { DeleteCommand, TouchCommand } from "./protocol/commands/answer.ts";
import { type ReadItem, RetrievalCommand } from "./protocol/commands/retrieval.ts";
import { checkExptime, type Exptime } from "./protocol/exptime.ts";
import { checkKey, checkKeys } from "./protocol/key.ts";
import type { Session } from "./session.ts";

/** The part of a `Client` that reads, touches and deletes items. */
export class ReadingCommands extends EventTarget {
  readonly #session: Session;

  /** @internal */
  constructor(session: Session) {
    super();
    this.#session = session;
  }

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
  get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    return this.#retrieve("get", "get", key, this.#session.readItem, options);
  }

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
  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const unique = checkKeys(keys, "get");
    const { readItem } = this.#session;
    return await runMany<Value>("get", unique, (key, resolve, reject) => {
      const command = new RetrievalCommand(
        "get",
        key,
        readItem,
        resolve as Resolve<unknown>,
        reject,
      );
      this.#session.submit(key, command, options);
    }, options?.signal);
  }

  /**
   * Gets the value of a key together with its cas unique, which {@linkcode cas} takes.
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
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return this.#retrieve("gets", "gets", key, this.#readWithCas, options);
  }

  /**
   * Gets the value of a key and gives it a new exptime.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param exptime Seconds until it expires, 0 for never, which it is unless given; above 30 days an
   * absolute Unix time, up to 2,147,483,647. A `Date` is an absolute time.
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
  ): Promise<Value | undefined> {
    return this.#retrieve(
      "get and touch",
      () => `gat ${checkExptime(exptime)}`,
      key,
      this.#session.readItem,
      options,
    );
  }

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
  touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return new Promise((resolve, reject) => {
      checkKey(key, "touch");
      const command = new TouchCommand(key, checkExptime(exptime), resolve, reject);
      this.#session.submit(key, command, options);
    });
  }

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
  delete(key: string, options?: OperationOptions): Promise<boolean> {
    return new Promise((resolve, reject) => {
      checkKey(key, "delete");
      const command = new DeleteCommand(key, resolve, reject);
      this.#session.submitChange(key, command, options);
    });
  }

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
  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const unique = checkKeys(keys, "delete");
    return await runMany<boolean>("delete", unique, (key, resolve, reject) => {
      const command = new DeleteCommand(key, resolve as Resolve<boolean>, reject);
      this.#session.submitChange(key, command, options);
    }, options?.signal);
  }

  #retrieve<Result>(
    action: string,
    verb: string | (() => string),
    key: string,
    readItem: ReadItem,
    options: OperationOptions | undefined,
  ): Promise<Result> {
    return new Promise<unknown>((resolve, reject) => {
      checkKey(key, action);
      const words = typeof verb === "string" ? verb : verb();
      const command = new RetrievalCommand(words, key, readItem, resolve, reject);
      this.#session.submit(key, command, options);
    }) as Promise<Result>;
  }

  readonly #readWithCas: ReadItem = (flags, data, cas, key) => {
    const value = this.#session.readItem(flags, data, cas, key);
    if (value === undefined) return undefined;
    if (cas === undefined) throw new SocketError("Cannot get cas unique: the server sent none");
    return value instanceof Promise ? value.then((value) => ({ value, cas })) : { value, cas };
  };
}
