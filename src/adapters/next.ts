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
  type NextCacheHandlerOptions,
} from "./next/cache_handler.ts";
export {
  nextIncrementalCacheHandler,
  type NextIncrementalCacheHandlerOptions,
} from "./next/incremental_cache_handler.ts";
export type {
  NextCacheControl,
  NextIncrementalCacheContext,
  NextIncrementalCacheEntry,
  NextIncrementalCacheHandler,
  NextIncrementalCacheHandlerClass,
  NextIncrementalGetContext,
  NextIncrementalSetContext,
} from "./next/incremental_interface.ts";
export type { NextSharedOptions } from "./next/next_options.ts";
