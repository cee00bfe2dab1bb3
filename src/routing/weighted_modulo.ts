/** A key's hash, divided by the sum of the weights. @module */

import type { NamedHash } from "./hashes/key_hash.ts";
import type { Locator, Server } from "./locator.ts";
import { onlyServer } from "./only_server.ts";
import { checkWholeWeights } from "./whole_weights.ts";

/** What sets one weighted modulo apart from another. */
export interface WeightedModuloRules {
  /** The name of the locator. */
  readonly algorithm: string;
  readonly keyHash: NamedHash;
  /** The servers' indexes in the order that they take their places in. */
  readonly order: readonly number[];
  /** That order in words. */
  readonly orderText: string;
}

/** Makes a locator that gives each server as many places as its weight, and takes the remainder for one. */
export function weightedModuloLocator(
  servers: readonly Server[],
  { algorithm, keyHash, order, orderText }: WeightedModuloRules,
): Locator {
  checkWholeWeights(servers, algorithm);
  if (servers.length === 1) return onlyServer(algorithm);
  const { hash, text: hashFunction } = keyHash;
  let places = 0;
  const ends = order.map((server) => places += servers[server]!.weight);
  return {
    locate: (key) => order[rankOf(hash(key) % places, ends)]!,
    explain(key) {
      const keyHash = hash(key);
      const place = keyHash % places;
      const why = `the key's hash modulo ${places} places, by weight, is ${place}: ` +
        `that of server ${rankOf(place, ends) + 1} of ${ends.length} ${orderText}`;
      return { algorithm, hashFunction, keyHash, why };
    },
  };
}

/** The first server whose places end after this one. */
function rankOf(place: number, ends: readonly number[]): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
