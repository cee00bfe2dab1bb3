/**
 * The web standard's `Cache` and `CacheStorage` on memcached, so that many web servers share the responses that one of
 * them has fetched or rendered.
 *
 * @example A response that is stored and found again
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const caches = new MoecacheCacheStorage(client);
 * const cache = await caches.open("pages");
 * await cache.put("https://example.com/", new Response("Hello"));
 * assertEquals(await (await cache.match("https://example.com/"))?.text(), "Hello");
 * ```
 *
 * @module
 */

export { MoecacheCache, type MoecacheCacheQuery } from "./http/cache.ts";
export { MoecacheCacheStorage, type MoecacheCacheStorageOptions } from "./http/cache_storage.ts";
