/**
 * What `"use cache: remote"` computes in an application of Next.js 16, shared by all its processes. Put this file beside
 * `next.config.mjs`, and refer to it there:
 *
 * ```js
 * import { fileURLToPath } from "node:url";
 *
 * const handler = fileURLToPath(new URL("next_cache_handler.mjs", import.meta.url));
 * export default { cacheComponents: true, cacheHandlers: { remote: handler } };
 * ```
 *
 * The servers are in the environment variable `MEMCACHED_SERVERS`, such as `10.0.0.1:11211,10.0.0.2:11211`.
 * A page waits for them for `MEMCACHED_TIMEOUT` milliseconds, and is rendered then.
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { nextCacheHandler } from "@moecache/moecache/next";

const timeout = Number(process.env.MEMCACHED_TIMEOUT ?? 500);
let lastError = "";

export default nextCacheHandler({
  clientOptions: { timeout },
  onError: (error) => {
    // Every request has one while memcached cannot be reached.
    if (`${error}` === lastError) return;
    lastError = `${error}`;
    console.warn("Next's cache:", lastError);
  },
});
