/** EnyimMemcached's ketama. @module */

import { namedHash } from "./hashes/key_hash.ts";
import { ketamaPlacement, LABELS_PER_SERVER } from "./ketama_placement.ts";
import type { Locator, Server } from "./locator.ts";
import { ringLocator } from "./ring.ts";
import { ENYIM } from "./searches.ts";

const PLACEMENT = ketamaPlacement({
  name: "enyimKetama",
  labels: () => LABELS_PER_SERVER,
  label: ({ name }, number) => `${name}-${number}`,
  laterOwns: true,
});

/**
 * EnyimMemcached's `KetamaNodeLocator` with MD5, its default. It is not {@linkcode ketama}: the port is
 * always part of a label, weights are not, and a key below the first point goes to the *last* point's owner.
 * Where a server is down and has left, its keys, with a number before them, are hashed anew, and again as
 * many times as there are servers; one that still meets nobody who is up has no server.
 *
 * @param servers The servers, named by IP address and port as EnyimMemcached does; weights are not used.
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
  const keyHash = namedHash("keyHash", "md5");
  return ringLocator(servers, {
    algorithm: "enyimKetama",
    placement: PLACEMENT,
    keyHash,
    search: ENYIM,
    // Twice the hash, cut to 32 bits: what Java's `Long.hashCode` and the addition after it come to.
    rehash: (key, attempt) => (keyHash.hash(`${attempt}${key}`) << 1) >>> 0,
  });
}
