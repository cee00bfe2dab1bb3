/** The commands on keys, as clients, namespaces and views have them. @module */

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
 * All commands that act on keys. {@linkcode Client} and {@linkcode Namespace} implement it, and so does every
 * view; the patterns and adapters take it. A program's own test double can implement it too.
 */
export interface KeyCommands extends BareKeyCommands {
  /**
   * Gets the value of a key, or computes and stores it: once for all callers of this client, and once
   * among all clients. On a server without meta commands it uses classic ones, and promises a little less: the page
   * "servers" of the documentation tells what.
   *
   * The first caller that finds no value stores a lease in its place and calls `load`; the others wait for up
   * to `waitFor`, then compute without storing. A value that is stale, by its age or because it was
   * {@linkcode invalidate}d, is computed again by one caller, who waits for it; the others are served the
   * old one at once. A value that is computed too late, or whose key was deleted or invalidated meanwhile, is
   * returned but not stored. If the process that computes dies, the others wait for `lockFor` at most.
   *
   * An error of `load` is thrown to all callers of this client that wait for it. Others then call their own
   * `load`, unless `negativeFor` keeps the error's message. The page "patterns" of the documentation tells what
   * other clients see of leases, and what a cache cannot promise.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param load Computes the value. `undefined` is returned but not stored. A load that asks for its own key
   * through `getOrSet`, or for one whose load waits for it, gets an error; but on Node before 24 only if it asks
   * before it waits for anything else, or it waits for ever.
   * @param options `exptime`, `staleFor`, `earlyRefresh`, `lockFor`, `waitFor` and `negativeFor`, all in
   * seconds; `signal`, which ends this caller's waiting, not the computation that others may wait for.
   * @returns The value, as the transcoder reads it: the caller that computes gets what the others get, though
   * `load` gave a `Map`, say, and the transcoder knows records only. Callers that ask at the same time share one.
   * @throws What `load` throws.
   * @throws {ValidationException} When the key, an option or the value computed is invalid.
   * @throws {ClientException} When memcached refuses, or is older; when it holds a value that the
   * transcoder does not read; when `load` failed less than `negativeFor` ago; when a load would wait for itself.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; but where the
   * client takes that for a miss (`failover`), the value is computed and not stored.
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
   * Changes the value of a key: reads it, calls `change` and stores what that gives, unless somebody
   * else has changed the value meanwhile; then it does so again, a little later. So nothing that others
   * store is lost, and `change` may be called several times.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param change Makes the new value of the old one, or of `undefined` when the key does not exist; when
   * it gives `undefined`, nothing is stored.
   * @param options `exptime` of the new value, never by default; `retries`, how often to try again, 25
   * times by default; `signal`.
   * @returns The new value, as the transcoder reads it, or `undefined` when nothing was stored.
   * @throws What `change` throws.
   * @throws {ValidationException} When the key, an option or the new value is invalid.
   * @throws {ClientException} When others were faster each time; when memcached refuses, or holds a value
   * that the transcoder does not read.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; the new
   * value may have been stored then.
   *
   * @example Two additions at once, of which none is lost
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
   * Marks a value as stale: the next {@linkcode getOrSet} computes a new one, and until that is there
   * all others are served the old one, as `get` is. A value that is being computed meanwhile will not be
   * kept. To have the value gone at once, `delete` it. On a server without meta commands, the mark is an item of its
   * own beside the value, and is lost where memcached removes it.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `staleFor`, how long the old value may serve, in seconds; `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or an option is invalid.
   * @throws {ClientException} When memcached refuses, or is older.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
   *
   * @example A report that is out of date, but better than none
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
   * Tells what memcached knows of an item, without reading it or counting as a use of it. Only of an item
   * that was marked stale by a meta command, the first to look at it is told to compute it again: that is
   * this command then, and nobody computes it. On a server without meta commands it is `gets`: it reads the item, which
   * counts as a use of it, and `ttl`, `lastAccess` and `fetched` are absent.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns The item's particulars, or `undefined` when the key does not exist.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses, or is older.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
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
   * Makes a view that reads and writes values in another format, over the same connections.
   *
   * @param transcoder The format of the view.
   * @returns The view. Closing the client closes it.
   * @throws {ValidationException} When it is no transcoder.
   *
   * @example Bytes as they are, beside values in the default format
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
   * Tells which server a key lives on, and what the key is called there. Nothing is sent, except by a
   * namespace that does not know its generation yet.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @returns The place; a promise of it where the key depends on what memcached holds, as in a namespace.
   * @throws {ValidationException} When the key is invalid, or the locator has no server for it.
   * @throws {SocketError} When there is no server: all are down and have left the ring, or none has been
   * discovered yet.
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
