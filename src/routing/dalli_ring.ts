/** The ring of Ruby's dalli. @module */

import { byteString } from "./hashes/byte_string.ts";
import { namedHash } from "./hashes/key_hash.ts";
import { sha1 } from "./hashes/sha1.ts";
import type { Locator, Server } from "./locator.ts";
import { ringLocator } from "./ring.ts";
import { FLOOR } from "./searches.ts";
import { bareName } from "./server_label.ts";
import { checkWholeWeights } from "./whole_weights.ts";

const POINTS_PER_SERVER = 160;
const WORDS = new Uint32Array(5);

/**
 * The ring of dalli, and so of Rails' `:mem_cache_store`: 160 points per server at an equal share, from the
 * SHA-1 of `host:port:0`, `host:port:1`, …. A key belongs to the *last* point that is not above its CRC-32.
 * dalli's `namespace` is part of the key there.
 *
 * @param servers The servers. Weights count, and must be whole numbers.
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
    placement: {
      name: "dalliRing",
      label,
      laterOwns: false,
      place(server, all, put) {
        const count = countPoints(server, all);
        for (let i = 0; i < count; i++) put(firstWord(label(server, i)), i);
      },
    },
    keyHash: namedHash("keyHash", "crc32a"),
    search: FLOOR,
  });
}

function label({ name }: Server, number: number): string {
  return `${bareName(name)}:${number}`;
}

function countPoints({ weight }: Server, servers: readonly Server[]): number {
  const total = servers.reduce((sum, server) => sum + server.weight, 0);
  return Math.floor(servers.length * POINTS_PER_SERVER * weight / total);
}

function firstWord(text: string): number {
  sha1(byteString(text), WORDS);
  return WORDS[0]!;
}
