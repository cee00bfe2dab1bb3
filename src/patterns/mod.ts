/**
 * What people build on memcached: functions that remember, locks, rate limits, doing things once.
 *
 * memcached is a cache. It forgets what it has no room for, all of it when it restarts, and the half of it
 * that a server held when that server is gone. Nothing here can promise more than that: what must never
 * happen twice needs a database that says so. What each of these does promise is in its documentation.
 *
 * Two keys beside those you name are taken: the key of a `lock` and `~moecache-token`, for its tokens, and the key of a
 * `memoize`d value and `~moecache-lease`, while a stale one is computed again.
 *
 * @example A lock around what only one should do
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { lock } from "@moecache/moecache/patterns";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await using held = await lock(client, "lock:report", { ttl: 30 });
 * // … write the report, handing held.token to the storage it goes to
 * ```
 *
 * @module
 */

export { Lock, lock, type LockOptions } from "./lock.ts";
export { memoize, type MemoizeOptions } from "./memoize.ts";
export { once, type OnceOptions } from "./once.ts";
export { rateLimit, type RateLimitOptions, type RateLimitResult } from "./rate_limit.ts";
