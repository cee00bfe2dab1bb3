/** The distribution of Go's gomemcache. @module */

import { CRC32 } from "./hashes/crc.ts";
import type { Locator, Server } from "./locator.ts";
import { moduloLocator } from "./modulo.ts";

/**
 * gomemcache's `ServerList`: the key's CRC-32 modulo the number of servers, in the order of the list. A server that is
 * listed twice gets twice as many keys, as in gomemcache.
 *
 * @param servers The servers; weights are not used.
 * @returns The locator. Locating allocates nothing.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { crc32Modulo } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: crc32Modulo });
 * ```
 */
export function crc32Modulo(servers: readonly Server[]): Locator {
  return moduloLocator(servers, { algorithm: "crc32Modulo", keyHash: CRC32 });
}
