/** The ring of npm `memcache`. @module */

import { checkNames } from "../option_checks.ts";
import type { NamedHash } from "./hashes/text_hash.ts";
import { checkWholeWeights } from "./labels_and_weights.ts";
import type { Locator, Server } from "./locator.ts";
import { type NpmMemcacheHash, npmMemcacheHash } from "./npm_memcache_hash.ts";
import { CEILING, onePointPerLabel, ringLocator } from "./ring.ts";

/** What sets one {@linkcode npmMemcacheRing} apart from another. */
export interface NpmMemcacheRingOptions {
  /** What `new KetamaHash(…)` is given; `"fnv1a"` by default. */
  readonly hash?: NpmMemcacheHash;
}

const ALGORITHM = "npmMemcacheRing";
const POINTS_PER_WEIGHT = 50;
/** Half a million points. */
const LARGEST_WEIGHT = 10_000;

/**
 * npm `memcache`'s default, its `KetamaHash`: 50 points per unit of weight, hashed as keys are, and compared as
 * *signed* integers. It is nobody else's ketama.
 *
 * @param servers The servers. Weights count, and must be whole numbers up to 10,000.
 * @param options `hash`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When `hash` is not one of the names it can be, or a weight not whole.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { npmMemcacheRing } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: npmMemcacheRing });
 * ```
 */
export function npmMemcacheRing(
  servers: readonly Server[],
  options: NpmMemcacheRingOptions = {},
): Locator {
  checkNames(options, ["hash"]);
  const { hash: name = "fnv1a" } = options;
  const keyHash = inSignedOrder(npmMemcacheHash(name));
  checkWholeWeights(servers, ALGORITHM, LARGEST_WEIGHT);
  return ringLocator(servers, {
    algorithm: ALGORITHM,
    placement: onePointPerLabel({
      name: `${ALGORITHM} ${name}`,
      labels: ({ weight }) => weight * POINTS_PER_WEIGHT,
      label: ({ name }, number) => `${name}\0${number + 1}`,
      hash: keyHash.hash,
    }),
    keyHash,
    search: CEILING,
  });
}

/** Unsigned integers with the sign bit flipped are in the order of the signed ones. */
function inSignedOrder({ hash, text }: NamedHash): NamedHash {
  return {
    hash: (key) => (hash(key) ^ 0x80000000) >>> 0,
    text: `${text}; the sign bit flipped for the order of signed integers`,
  };
}
