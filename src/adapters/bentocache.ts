/**
 * A driver of the second layer for npm's `bentocache`, version 1. bentocache itself is not imported.
 *
 * @example Memory in front of memcached
 * ```ts ignore
 * import { BentoCache, bentostore } from "bentocache";
 * import { memoryDriver } from "bentocache/drivers/memory";
 * import { moecacheDriver } from "@moecache/moecache/bentocache";
 *
 * const bento = new BentoCache({
 *   default: "shared",
 *   stores: {
 *     shared: bentostore()
 *       .useL1Layer(memoryDriver())
 *       .useL2Layer(moecacheDriver({ servers: "127.0.0.1:11211" })),
 *   },
 * });
 * await bento.getOrSet({ key: "users:1", ttl: "10m", factory: () => loadUser(1) });
 * ```
 *
 * @module
 */

export {
  type MoecacheBentoDriver,
  type MoecacheBentoDriverFactory,
  type MoecacheBentoDriverOptions,
  moecacheDriver,
} from "./bentocache/driver.ts";
export { moecacheDriver as default } from "./bentocache/driver.ts";
