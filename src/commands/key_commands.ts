/** All commands on keys. @module */

import type { ItemInfo } from "../protocol/commands/meta.ts";
import type { KeyLocation } from "../routing/locator.ts";
import type { Transcoder } from "../transcoding/transcoder.ts";
import type { BareKeyCommands } from "./bare_key_commands.ts";
import type {
  GetOrSetOptions,
  InvalidateOptions,
  OperationOptions,
  UpdateOptions,
} from "./operation_options.ts";

/**
 * All commands on keys. {@linkcode Client}, {@linkcode Namespace} and all views implement it; patterns and adapters
 * accept it. A test double in your program can implement it too.
 */
export interface KeyCommands extends BareKeyCommands {
  /** The maximum length of a key in characters, if it is less than 250: namespaces and some views derive longer keys. */
  readonly longestKey?: number;

  /**
   * Gets the value of a key, or computes and stores it, once for all callers of this client and among all clients. On a
   * server without meta commands it promises a little less; see the page "servers" of the documentation.
   *
   * The caller that finds no value stores a lease and calls `load`. Other callers wait for up to `waitFor`, and then
   * compute without storing. A stale value is computed again by one caller, and the others get the stale value at once.
   * The page "patterns" of the documentation describes leases, failures, and what other clients see.
   *
   * An error of `load` rejects all callers of this client that wait for it. Other clients then call their own `load`,
   * unless `negativeFor` stores the error.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param load Computes the value. `undefined` is returned but not stored. A load that calls `getOrSet` with its own
   * key gets an error. On a worker with neither `nodejs_compat` nor `nodejs_als`, it gets one only before its first
   * `await`; after that, it waits until its `signal` is aborted.
   * @param options `exptime`, `staleFor`, `earlyRefresh`, `lockFor`, `waitFor` and `negativeFor`, all in seconds;
   * `signal`, which ends only this caller's wait.
   * @returns The value, as the transcoder reads it, also for the caller that computes it. Concurrent callers share one
   * object.
   * @throws The error of `load`.
   * @throws {ValidationException} When the key, an option or the computed value is invalid.
   * @throws {ClientException} When memcached refuses, or is too old; when the transcoder cannot read the value; when
   * `load` failed less than `negativeFor` ago; when a load would wait for itself.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. With
   * `failover: "miss"`, the value is computed and not stored.
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
   * let loads = 0;
   * const load = () => Promise.resolve({ loads: ++loads });
   * const options = { exptime: 60, staleFor: 30 };
   * const values = await Promise.all([
   *   client.getOrSet("report", load, options),
   *   client.getOrSet("report", load, options),
   * ]);
   * assertEquals(values, [{ loads: 1 }, { loads: 1 }]);
   * ```
   */
  getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value>;

  /**
   * Changes the value of a key: reads it, calls `change` and stores the result. If another client has changed the value
   * meanwhile, it begins again after a short delay. So no change of another client is lost, and `change` may be called
   * several times.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param change Returns the new value from the old one, which is `undefined` when the key does not exist. If it
   * returns `undefined`, nothing is stored.
   * @param options `exptime` of the new value, never by default; `retries`, 25 by default; `signal`.
   * @returns The new value, as the transcoder reads it, or `undefined` when nothing was stored.
   * @throws The error of `change`.
   * @throws {ValidationException} When the key, an option or the new value is invalid.
   * @throws {ClientException} When other clients were faster each time; when memcached refuses, or the transcoder
   * cannot read the value.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. The new value
   * may have been stored then.
   *
   * @example Two concurrent changes, and none is lost
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const add = (name: string) =>
   *   client.update<string[]>("names", (names = []) => [...names, name], { exptime: 60 });
   * await Promise.all([add("Ada"), add("Grace")]);
   * assertEquals((await client.get<string[]>("names"))?.length, 2);
   * ```
   */
  update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined>;

  /**
   * Marks a value as stale: the next {@linkcode getOrSet} computes a new one. Until then, other callers and `get` get
   * the old one. A value that is being computed at the moment is not stored. To remove a value at once, `delete` it. On
   * a server without meta commands, the mark is a separate item, which memcached may evict.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `staleFor`, how long the old value may be served, in seconds; `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or an option is invalid.
   * @throws {ClientException} When memcached refuses, or is too old.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
   *
   * @example Serving an outdated report while a new one is computed
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("report", "of yesterday");
   * assertEquals(await client.invalidate("report", { staleFor: 60 }), true);
   * assertEquals(await client.get("report"), "of yesterday");
   * assertEquals(await client.getOrSet("report", () => "of today"), "of today");
   * ```
   */
  invalidate(key: string, options?: InvalidateOptions): Promise<boolean>;

  /**
   * Gets memcached's data about an item, without its value, and without counting as an access. One exception: if an
   * item was marked stale by a meta command, memcached gives the right to compute it to the first command that reads
   * it, and that may be this one. On a server without meta commands, this is a `gets`: it counts as an access, and
   * `ttl`, `lastAccess` and `fetched` are absent.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns The data, or `undefined` when the key does not exist.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses, or is too old.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
   *
   * @example A fresh item
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("key", "value", 60);
   * const item = await client.inspect("key");
   * assertEquals([item?.flags, item?.size, item?.fetched], [274, 5, false]);
   * ```
   */
  inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined>;

  /**
   * Makes a view with another value format, over the same connections.
   *
   * @param transcoder The format of the view.
   * @returns The view. It is closed with the client.
   * @throws {ValidationException} When it is not a transcoder.
   *
   * @example Raw bytes, beside values in the default format
   * ```ts
   * import { Client, rawTranscoder } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const raw = client.withTranscoder(rawTranscoder);
   * await raw.set("bytes", new Uint8Array([1, 2, 3]));
   * assertEquals(await raw.get("bytes"), new Uint8Array([1, 2, 3]));
   * ```
   */
  withTranscoder(transcoder: Transcoder): KeyCommands;

  /**
   * Returns the server of a key, and the key as it is stored there. Nothing is sent, except by a namespace that does
   * not know its generation yet.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @returns The location; a promise in a namespace, where the key depends on the generation.
   * @throws {ValidationException} When the key is invalid, or the locator has no server for it.
   * @throws {SocketError} When there is no server: all are down and removed, or none has been discovered yet.
   *
   * @example Keys by server
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { assertEquals } from "@std/assert";
   *
   * await using client = new Client(["10.0.0.1", "10.0.0.2"]);
   *
   * assertEquals(client.locate("user:1"), { key: "user:1", server: "10.0.0.2:11211", index: 1 });
   * ```
   */
  locate(key: string): KeyLocation | Promise<KeyLocation>;
}
