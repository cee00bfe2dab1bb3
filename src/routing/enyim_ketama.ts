/** EnyimMemcached's ketama. @module */

import { MD5_WORD } from "./hashes/md5.ts";
import { ketamaPlacement, LABELS_PER_SERVER } from "./ketama_placement.ts";
import type { Locator, Server } from "./locator.ts";
import { ENYIM_CEILING, ringLocator } from "./ring.ts";

/**
 * EnyimMemcached's `KetamaNodeLocator` with MD5, its default. It differs from {@linkcode ketama}: a label always
 * includes the port, weights are not used, and a key below the first point goes to the server of the *last* point.
 * While a server is removed because it is down, its keys are hashed again with a number before them, at most once for
 * each server. A key for which none of these servers is up has no server.
 *
 * @param servers The servers, named by IP address and port as in EnyimMemcached; weights are not used.
 * @returns The locator. Locating allocates nothing.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyimKetama } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: enyimKetama });
 * ```
 */
export function enyimKetama(servers: readonly Server[]): Locator {
  const attempts = servers.length;
  return ringLocator(servers, {
    algorithm: "enyimKetama",
    placement: ketamaPlacement({
      name: "enyimKetama",
      labels: () => LABELS_PER_SERVER,
      label: ({ name }, number) => `${name}-${number}`,
      laterOwns: true,
    }),
    keyHash: MD5_WORD,
    search: ENYIM_CEILING,
    *furtherHashes(key) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        // Twice the hash, truncated to 32 bits: the result of Java's `Long.hashCode` and the addition after it.
        yield (MD5_WORD.hash(`${attempt}${key}`) << 1) >>> 0;
      }
    },
  });
}
