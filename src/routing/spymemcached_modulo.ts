/** spymemcached's default distribution. @module */

import { checkNames } from "../option_checks.ts";
import type { Locator, Server } from "./locator.ts";
import { moduloLocator } from "./modulo.ts";
import { type SpymemcachedHash, spymemcachedHash } from "./spymemcached_hash.ts";

/** The options of {@linkcode spymemcachedModulo}. */
export interface SpymemcachedModuloOptions {
  /** The argument of `setHashAlg`; `"native"` by default, as in spymemcached. */
  readonly hash?: SpymemcachedHash | undefined;
}

/**
 * spymemcached's `ArrayModNodeLocator`, its default (`Locator.ARRAY_MOD`): the key's hash modulo the number of servers,
 * in the order of the list. The default hash is that of Java's strings.
 *
 * While a server is removed because it is down, its keys go to the next server in the list that is up, as with
 * spymemcached's `FailureMode.Redistribute`.
 *
 * @param servers The servers; weights are not used.
 * @param options `hash`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When `hash` is not one of its names.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { spymemcachedModulo } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: spymemcachedModulo });
 * ```
 */
export function spymemcachedModulo(
  servers: readonly Server[],
  options: SpymemcachedModuloOptions = {},
): Locator {
  checkNames(options, ["hash"]);
  const { hash = "native" } = options;
  const count = servers.length;
  return moduloLocator(servers, {
    algorithm: "spymemcachedModulo",
    keyHash: spymemcachedHash(hash),
    *furtherHashes(hash) {
      for (let i = 1; i < count; i++) yield hash % count + i;
    },
  });
}
