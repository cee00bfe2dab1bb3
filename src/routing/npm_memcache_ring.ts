/** The ring of npm `memcache`. @module */

import { checkNames } from "../option_checks.ts";
import type { NamedHash } from "./hashes/text_hash.ts";
import { checkWholeWeights } from "./labels_and_weights.ts";
import type { Locator, Server } from "./locator.ts";
import { type NpmMemcacheHash, npmMemcacheHash } from "./npm_memcache_hash.ts";
import { CEILING, onePointPerLabel, ringLocator } from "./ring.ts";

/** The options of {@linkcode npmMemcacheRing}. */
export interface NpmMemcacheRingOptions {
  /** The argument of `new KetamaHash(…)`; `"fnv1a"` by default. */
  readonly hash?: NpmMemcacheHash | undefined;
}

const ALGORITHM = "npmMemcacheRing";
const POINTS_PER_WEIGHT = 50;
/** The largest weight; it makes half a million points. */
const LARGEST_WEIGHT = 10_000;

/**
 * npm `memcache`'s default, its `KetamaHash`: 50 points per unit of weight, hashed with the same function as keys, and
 * compared as *signed* integers. No other client's ketama agrees with it.
 *
 * @param servers The servers. Weights are used, and must be whole numbers up to 10,000.
 * @param options `hash`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When `hash` is not one of its names, or a weight is not a whole number.
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

/** With the sign bit flipped, unsigned integers have the order of signed ones. */
function inSignedOrder({ hash, text }: NamedHash): NamedHash {
  return {
    hash: (key) => (hash(key) ^ 0x80000000) >>> 0,
    text: `${text}; the sign bit flipped for the order of signed integers`,
  };
}
