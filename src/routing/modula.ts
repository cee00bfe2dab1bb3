/** libmemcached's default distribution. @module */

import { checkNames } from "../option_checks.ts";
import { type KeyHash, namedHash } from "./hashes/key_hash.ts";
import type { Locator, Server } from "./locator.ts";
import { moduloLocator } from "./modulo.ts";

/** The options of {@linkcode modula}. */
export interface ModulaOptions {
  /** `MEMCACHED_BEHAVIOR_HASH`; `"one_at_a_time"` by default. */
  readonly hash?: KeyHash | undefined;
}

/**
 * libmemcached's `MEMCACHED_DISTRIBUTION_MODULA`, its default: the key's hash modulo the number of servers, in the
 * order of the list. Adding or removing a server moves nearly every key.
 *
 * @param servers The servers; weights are not used.
 * @param options `hash`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When `hash` is not one of its names.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { modula } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: modula });
 * await using crc = new Client(["10.0.0.1", "10.0.0.2"], {
 *   locator: (servers) => modula(servers, { hash: "crc" }),
 * });
 * ```
 */
export function modula(servers: readonly Server[], options: ModulaOptions = {}): Locator {
  checkNames(options, ["hash"]);
  const { hash = "one_at_a_time" } = options;
  const keyHash = namedHash("hash", hash);
  return moduloLocator(servers, { algorithm: "modula", keyHash });
}
