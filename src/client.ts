/** The client. @module */

import { type ClientOptions, type OperationOptions, resolveOptions } from "./client_options.ts";
import { AnswerCommand, DELETE_ANSWERS } from "./protocol/commands/answer.ts";
import { RetrievalCommand } from "./protocol/commands/retrieval.ts";
import { checkStatsArguments, type Stats, StatsCommand } from "./protocol/commands/stats.ts";
import { SET_ANSWERS, StorageCommand } from "./protocol/commands/storage.ts";
import { checkExptime, type Exptime } from "./protocol/exptime.ts";
import { checkKey } from "./protocol/key.ts";
import { Router } from "./router.ts";
import { resolveServers, type ServerAddress } from "./server_address.ts";
import {
  itemReader,
  itemWriter,
  type ReadItem,
  type SendableItem,
  type WriteItem,
} from "./transcoding/item_codec.ts";

/**
 * A session with a memcached deployment. Each key lives on one of the servers, chosen by the locator.
 *
 * Operations issued in the same turn of the event loop leave in one write, and neighbouring `get`s
 * as one multi-key `get`; nothing needs to be awaited one by one for that. Sockets are opened by the
 * first operation that needs them and opened anew when a server has closed them.
 *
 * What memcached refuses rejects with a `ClientException`, invalid input with a
 * `ValidationException` before any byte is sent, what the network does with a `SocketError`. A miss
 * is `undefined`; a fault is never taken for one.
 *
 * @example Storing, reading and deleting
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { timeout: 1000, connectTimeout: 5000 });
 *
 * await client.set("some_key", "Some value");
 * assertEquals(await client.get("some_key"), "Some value");
 * assertEquals(await client.delete("another_key"), false);
 * ```
 */
export class Client implements AsyncDisposable {
  readonly #router: Router;
  readonly #readItem: ReadItem;
  readonly #writeItem: WriteItem;

  /**
   * Makes a client. No socket is opened before the first operation needs one.
   *
   * @param servers One server or a list of them. The order counts only where two servers share a
   * point of the ring, and for what {@linkcode stats} returns.
   * @param options How the client behaves.
   * @throws {ValidationException} When an address or an option is invalid.
   */
  constructor(servers: ServerAddress | readonly ServerAddress[], options: ClientOptions = {}) {
    const resolved = resolveOptions(options);
    this.#router = new Router(resolveServers(servers), resolved);
    this.#readItem = itemReader(resolved.transcoder);
    this.#writeItem = itemWriter(resolved.transcoder);
  }

  /**
   * Gets the value of a key.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns The value, or `undefined` when the key does not exist. The type parameter is the
   * caller's word for what was stored; nothing checks it.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses, or holds a value that the transcoder does not
   * read.
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
    return new Promise<unknown>((resolve, reject) => {
      checkKey(key, "get");
      this.#router.submit(
        key,
        new RetrievalCommand("get", key, this.#readItem, resolve, reject),
        options,
      );
    }) as Promise<Value | undefined>;
  }

  /**
   * Sets a key to a value, whether it exists or not.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value What the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param exptime Seconds until it expires, 0 for never; above 30 days an absolute Unix time. A
   * `Date` is an absolute time.
   * @param options `signal`.
   * @returns A promise that resolves when memcached has stored the value.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; the
   * value may have been stored then.
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
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      checkKey(key, "set");
      const seconds = checkExptime(exptime);
      const item = this.#writeItem(value);
      const send = ({ flags, data }: SendableItem) => {
        const stored = { flags, exptime: seconds, data };
        this.#router.submit(
          key,
          new StorageCommand("set", key, stored, SET_ANSWERS, resolve, reject),
          options,
        );
      };
      if (item instanceof Promise) item.then(send).catch(reject);
      else send(item);
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
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; the
   * key may have been deleted then.
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
      this.#router.submit(
        key,
        new AnswerCommand(`delete ${key}`, DELETE_ANSWERS, resolve, reject),
        options,
      );
    });
  }

  /**
   * Asks every server for statistics.
   *
   * @param args What to ask for, passed to the servers as it stands: `settings`, `items`, `slabs`,
   * `conns`, `reset`, `detail dump`, … as memcached's `protocol.txt` has them. Without it, the general ones.
   * @param options `signal`.
   * @returns One record per server, in the order the servers were given in; an empty one for what
   * has no statistics to return, such as `reset`.
   * @throws {ValidationException} When `args` is not printable ASCII of at most 1,024 characters.
   * @throws {ClientException} When a server does not know the arguments.
   * @throws {SocketError} When a server cannot be reached, or is lost before it has answered.
   *
   * @example How many items there are
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client([server.address]);
   *
   * await client.set("key", "value");
   * const [stats] = await client.stats();
   * assertEquals(stats?.curr_items, "1");
   * ```
   */
  async stats(args?: string, options?: OperationOptions): Promise<Stats[]> {
    if (args !== undefined) checkStatsArguments(args);
    return await this.#router.everywhere<Stats>(
      (resolve, reject) => new StatsCommand(args, resolve, reject),
      options,
    );
  }

  /**
   * Closes the client. Operations under way are rejected with a `SocketError`, and so is every later
   * one; closing again does nothing.
   *
   * @returns A promise that resolves when every socket is closed.
   * @throws What the runtime throws when a socket cannot be closed.
   */
  async close(): Promise<void> {
    await this.#router.close();
  }

  /** Closes the client: `await using client = new Client(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
