/**
 * Stores for npm's `express-rate-limit` and `@fastify/rate-limit`, so that many processes share the counts. Neither
 * package is imported.
 *
 * @example Express
 * ```ts ignore
 * import { rateLimit } from "express-rate-limit";
 * import { RateLimitStore } from "@moecache/moecache/rate-limit";
 *
 * const store = new RateLimitStore({ servers: "127.0.0.1:11211" });
 * app.use(rateLimit({ windowMs: 60_000, limit: 100, store, passOnStoreError: true }));
 * ```
 *
 * @example Fastify
 * ```ts ignore
 * import rateLimit from "@fastify/rate-limit";
 * import { fastifyRateLimitStore } from "@moecache/moecache/rate-limit";
 *
 * const store = fastifyRateLimitStore({ servers: "127.0.0.1:11211" });
 * await app.register(rateLimit, { max: 100, timeWindow: 60_000, store, skipOnError: true });
 * ```
 *
 * @module
 */

export {
  type RateLimitHits,
  RateLimitStore,
  type RateLimitStoreOptions,
} from "./rate_limit/rate_limit_store.ts";
export {
  type FastifyRateLimitCallback,
  type FastifyRateLimitParameters,
  type FastifyRateLimitStore,
  fastifyRateLimitStore,
  type FastifyRateLimitStoreClass,
} from "./rate_limit/fastify_store.ts";
