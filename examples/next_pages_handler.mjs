/**
 * Pages that Next.js 15 or 16 renders once, and what `fetch` and `unstable_cache` keep, shared by all processes of an
 * application. Put this file beside `next.config.mjs`, and refer to it there:
 *
 * ```js
 * import { fileURLToPath } from "node:url";
 *
 * const cacheHandler = fileURLToPath(new URL("next_pages_handler.mjs", import.meta.url));
 * export default { cacheHandler, cacheMaxMemorySize: 0 };
 * ```
 *
 * The servers are in the environment variable `MEMCACHED_SERVERS`, and how long a page waits for them in
 * `MEMCACHED_TIMEOUT`, in milliseconds. Machines that build the application each for itself
 * need a `BUILD` of their own making, such as the commit.
 *
 * @module
 */

import { nextIncrementalCacheHandler } from "@moecache/moecache/next";

const timeout = Number(process.env.MEMCACHED_TIMEOUT ?? 500);

export default nextIncrementalCacheHandler({
  clientOptions: { timeout },
  buildId: process.env.BUILD,
});
