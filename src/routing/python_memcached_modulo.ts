/** The distribution of python-memcached. @module */

import { CRC32_UPPER } from "./hashes/crc.ts";
import type { NamedHash } from "./hashes/text_hash.ts";
import type { Locator, Server } from "./locator.ts";
import { weightedModuloLocator } from "./modulo.ts";

const FURTHER_ATTEMPTS = 9;

const KEY_HASH: NamedHash = {
  hash: (text) => CRC32_UPPER.hash(text) || 1,
  text: "CRC-32, its bits 16 to 30, and 1 in place of 0",
};

/**
 * The distribution of python-memcached: 15 bits of the key's CRC-32 modulo the sum of the weights, over the servers in
 * the order of the list, each as many times as its weight.
 *
 * While a server is removed because it is down, its keys are hashed again: the decimal digits of the hash followed by a
 * number, up to nine times. A key for which none of these servers is up has no server.
 *
 * @param servers The servers. Weights are used, and must be whole numbers.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When a weight is not whole.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { pythonMemcachedModulo } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", { hostname: "10.0.0.2", weight: 2 }], {
 *   locator: pythonMemcachedModulo,
 * });
 * ```
 */
export function pythonMemcachedModulo(servers: readonly Server[]): Locator {
  return weightedModuloLocator(servers, {
    algorithm: "pythonMemcachedModulo",
    keyHash: KEY_HASH,
    *furtherHashes(hash) {
      let next = hash;
      for (let attempt = 0; attempt < FURTHER_ATTEMPTS; attempt++) {
        next = KEY_HASH.hash(`${next}${attempt}`);
        yield next;
      }
    },
  });
}
