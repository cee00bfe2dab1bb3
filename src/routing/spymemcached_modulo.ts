/** spymemcached's default distribution. @module */

import { checkNames } from "../option_checks.ts";
import type { Locator, Server } from "./locator.ts";
import { moduloLocator } from "./modulo.ts";
import { type SpymemcachedHash, spymemcachedHash } from "./spymemcached_hash.ts";

/** What sets one {@linkcode spymemcachedModulo} apart from another. */
export interface SpymemcachedModuloOptions {
  /** What `setHashAlg` is given; `"native"` by default, as there. */
  readonly hash?: SpymemcachedHash;
}

/**
 * spymemcached's `ArrayModNodeLocator`, its default (`Locator.ARRAY_MOD`): the key's hash modulo the number of
 * servers, in the order they are given in. The default hash is that of Java's strings.
 *
 * While a server is down and has left, its keys go to the next one in the list that is up, as with
 * spymemcached's `FailureMode.Redistribute`.
 *
 * @param servers The servers; weights are not used.
 * @param options `hash`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When `hash` is not one of the names it can be.
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
  const count = servers.length;
  return moduloLocator(servers, {
    algorithm: "spymemcachedModulo",
    keyHash: spymemcachedHash(options.hash ?? "native"),
    *furtherHashes(hash) {
      for (let i = 1; i < count; i++) yield hash % count + i;
    },
  });
}
