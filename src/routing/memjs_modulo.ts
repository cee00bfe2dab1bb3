/** The distribution of npm `memjs`. @module */

import type { NamedHash } from "./hashes/text_hash.ts";
import type { Locator, Server } from "./locator.ts";
import { moduloLocator } from "./modulo.ts";

/**
 * npm `memjs`'s: the hash of Java's strings, its sign dropped, modulo the number of servers, in the order
 * they are given in.
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
  return moduloLocator(servers, "memjsModulo", KEY_HASH);
}

const KEY_HASH: NamedHash = {
  hash(key) {
    let hash = 0;
    for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
    return Math.abs(hash);
  },
  text: "Java's string hash, without its sign",
};
