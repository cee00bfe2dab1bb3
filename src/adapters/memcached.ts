/**
 * A drop-in for the npm package `memcached`: the same calls, servers, keys, flags and bytes. Only the import changes.
 *
 * @example Storing and reading
 * ```ts
 * import Memcached from "@moecache/moecache/memcached";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const memcached = new Memcached(server.address, { namespace: "app:" });
 *
 * const seen = Promise.withResolvers<unknown>();
 * memcached.set("user", { name: "Ada" }, 600, () => {
 *   memcached.get("user", (_error, user) => seen.resolve(user));
 * });
 * assertEquals(await seen.promise, { name: "Ada" });
 * memcached.end();
 * ```
 *
 * @module
 */

import { Memcached } from "./memcached/memcached.ts";

export { Memcached };
export type {
  MemcachedCallback,
  MemcachedCallbackOfMany,
  MemcachedEventName,
  MemcachedQuery,
  MemcachedValue,
} from "./memcached/memcached.ts";
export type { Emitter } from "./memcached/emitter.ts";
export type {
  MemcachedItem,
  MemcachedStatus,
  MemcachedVersion,
} from "./memcached/server_replies.ts";
export type { MemcachedIssue } from "./memcached/issues.ts";
export type { MemcachedOptions, MemcachedServers } from "./memcached/memcached_options.ts";

export default Memcached;
