/**
 * Patterns on memcached: cached functions, locks, rate limits, and idempotent actions.
 *
 * memcached is a cache: it evicts items when it needs room, and loses all of them when it restarts. These patterns
 * cannot promise more than that. What must never happen twice needs a database. The documentation of each pattern says
 * what it promises.
 *
 * The patterns use more keys: the key of a `lock` followed by `~moecache-token`, for its tokens; that of a `rateLimit`
 * followed by `:` and a number, for its counters; and the key of a value of `memoize` followed by `~moecache-lease`, while
 * a stale value is computed again, and on servers without meta commands by `~moecache-mark` and `~moecache-fresh`.
 *
 * @example A lock around work that only one process should do
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { lock } from "@moecache/moecache/patterns";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await using held = await lock(client, "lock:report", { ttl: 30 });
 * // … write the report, and pass held.token to its storage
 * ```
 *
 * @module
 */

export { Lock, lock, type LockOptions } from "./lock.ts";
export { memoize, type MemoizeOptions } from "./memoize.ts";
export { once, type OnceOptions } from "./once.ts";
export { rateLimit, type RateLimitOptions, type RateLimitResult } from "./rate_limit.ts";
