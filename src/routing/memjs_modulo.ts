/** The distribution of npm `memjs`. @module */

import type { NamedHash } from "./hashes/text_hash.ts";
import type { Locator, Server } from "./locator.ts";
import { moduloLocator } from "./modulo.ts";
import { javaStringHash } from "./spymemcached_hash.ts";

/**
 * The distribution of npm `memjs`: the hash of Java's strings, without its sign, modulo the number of servers, in the
 * order of the list.
 *
 * @param servers The servers; weights are not used.
 * @returns The locator. Locating allocates nothing.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { memjsModulo } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: memjsModulo });
 * ```
 */
export function memjsModulo(servers: readonly Server[]): Locator {
  return moduloLocator(servers, { algorithm: "memjsModulo", keyHash: KEY_HASH });
}

const KEY_HASH: NamedHash = {
  hash(key) {
    const hash = javaStringHash(key);
    // Not Math.abs, which takes a quarter more time in V8.
    return hash < 0 ? -hash : hash;
  },
  text: "Java's string hash, without its sign",
};
