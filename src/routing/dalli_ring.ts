/** The ring of Ruby's dalli. @module */

import { CRC32 } from "./hashes/crc.ts";
import { sha1 } from "./hashes/sha1.ts";
import { bareName, checkWholeWeights } from "./labels_and_weights.ts";
import type { Locator, Server } from "./locator.ts";
import { ceiling, onePointPerLabel, ringLocator, type Search } from "./ring.ts";

const POINTS_PER_SERVER = 160;
const FURTHER_ATTEMPTS = 19;
const WORDS = /* @__PURE__ */ new Uint32Array(5);

/**
 * The ring of dalli, and so of Rails' `:mem_cache_store`. With equal weights, each server has 160 points: the SHA-1 of
 * `host:port:0`, `host:port:1`, …, or `path:0` for a unix socket. A key belongs to the *last* point that is not above
 * its CRC-32. In dalli, the `namespace` is a part of the key.
 *
 * While a server is removed because it is down, its keys are hashed again with a number before them, up to 19 times. A
 * key for which none of these servers is up has no server.
 *
 * @param servers The servers. Weights are used, and must be whole numbers.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When a weight is not whole.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { dalliRing } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", { hostname: "10.0.0.2", weight: 2 }], {
 *   locator: dalliRing,
 * });
 * ```
 */
export function dalliRing(servers: readonly Server[]): Locator {
  checkWholeWeights(servers, "dalliRing");
  return ringLocator(servers, {
    algorithm: "dalliRing",
    placement: onePointPerLabel({
      name: "dalliRing",
      labels: countLabels,
      label: ({ name }, number) => `${bareName(name)}:${number}`,
      hash: firstWord,
    }),
    keyHash: CRC32,
    search: FLOOR,
    *furtherHashes(key) {
      for (let attempt = 0; attempt < FURTHER_ATTEMPTS; attempt++) {
        yield CRC32.hash(`${attempt}${key}`);
      }
    },
  });
}

function countLabels({ weight }: Server, servers: readonly Server[]): number {
  const total = servers.reduce((sum, server) => sum + server.weight, 0);
  return Math.floor(servers.length * POINTS_PER_SERVER * weight / total);
}

function firstWord(text: string): number {
  sha1(text, WORDS);
  return WORDS[0]!;
}

/** The last point not above the hash, below the first one the last. */
const FLOOR: Search = {
  find(points, hash) {
    // Hashes are integers: the last point not above `hash` stands before the first point not below `hash + 1`.
    const above = ceiling(points, hash + 1);
    return (above === 0 ? points.length : above) - 1;
  },
  why: (points, hash) =>
    hash < points[0]!
      ? "below the first point: the last point's owner"
      : "the last point not above the key's hash",
};
