/**
 * Next.js's caches on memcached, so that all processes of a deployment share them. Next itself is not imported.
 *
 * @example The file `cache-handler.mjs`
 * ```ts ignore
 * import { nextCacheHandler } from "@moecache/moecache/next";
 *
 * export default nextCacheHandler({ servers: "127.0.0.1:11211" });
 * ```
 *
 * @example The file `next.config.mjs`, for `"use cache: remote"`
 * ```ts ignore
 * import { fileURLToPath } from "node:url";
 *
 * export default {
 *   cacheComponents: true,
 *   cacheHandlers: { remote: fileURLToPath(new URL("cache-handler.mjs", import.meta.url)) },
 * };
 * ```
 *
 * @module
 */

export {
  type NextCacheEntry,
  type NextCacheHandler,
  nextCacheHandler,
} from "./next/cache_handler.ts";
export type { NextCacheHandlerOptions } from "./next/next_options.ts";
export {
  type NextCacheControl,
  type NextIncrementalCacheContext,
  type NextIncrementalCacheEntry,
  type NextIncrementalCacheHandler,
  nextIncrementalCacheHandler,
  type NextIncrementalCacheHandlerClass,
  type NextIncrementalCacheHandlerOptions,
  type NextIncrementalGetContext,
  type NextIncrementalSetContext,
} from "./next/incremental_cache_handler.ts";
