/** The modulo of npm `memcache`. @module */

import { checkNames } from "../option_checks.ts";
import type { Locator, Server } from "./locator.ts";
import { type NpmMemcacheHash, npmMemcacheHash } from "./npm_memcache_hash.ts";
import { weightedModuloLocator } from "./modulo.ts";

/** The options of {@linkcode npmMemcacheModula}. */
export interface NpmMemcacheModulaOptions {
  /** The argument of `new ModulaHash(…)`; `"fnv1a"` by default. */
  readonly hash?: NpmMemcacheHash | undefined;
}

/**
 * npm `memcache`'s `ModulaHash`: the key's hash modulo the sum of the weights, over the servers in the order of the
 * list, each as many times as its weight.
 *
 * @param servers The servers. Weights are used, and must be whole numbers.
 * @param options `hash`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When `hash` is not one of its names, or a weight is not a whole number.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { npmMemcacheModula } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: npmMemcacheModula });
 * ```
 */
export function npmMemcacheModula(
  servers: readonly Server[],
  options: NpmMemcacheModulaOptions = {},
): Locator {
  checkNames(options, ["hash"]);
  const { hash = "fnv1a" } = options;
  return weightedModuloLocator(servers, {
    algorithm: "npmMemcacheModula",
    keyHash: npmMemcacheHash(hash),
  });
}
