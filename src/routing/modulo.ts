/** A key's hash, divided by the number of servers or by the sum of their weights. @module */

import type { NamedHash } from "./hashes/text_hash.ts";
import { checkWholeWeights } from "./labels_and_weights.ts";
import { firstUp, type Locator, onlyServer, type Server } from "./locator.ts";

/** What sets one modulo apart from another. */
export interface ModuloRules {
  /** The name of the locator. */
  readonly algorithm: string;
  readonly keyHash: NamedHash;
  /**
   * What a key is hashed to while its server is down: each hash is tried in turn, and a key has no server
   * after the last. Without it the client makes another locator of the servers that are up.
   *
   * @param hash The key's own hash.
   */
  readonly furtherHashes?: (hash: number) => Iterable<number>;
}

/** Makes a locator that takes the remainder for the server's index. */
export function moduloLocator(servers: readonly Server[], rules: ModuloRules): Locator {
  const { algorithm, keyHash: { hash, text: hashFunction } } = rules;
  const count = servers.length;
  if (count === 1) return onlyServer(algorithm);
  return {
    locate: (key) => hash(key) % count,
    ...locateUpBy(rules, (hash) => hash % count),
    explain(key) {
      const keyHash = hash(key);
      const why = `the key's hash modulo ${count} servers is ${keyHash % count}`;
      return { algorithm, hashFunction, keyHash, why };
    },
  };
}

/** What sets one weighted modulo apart from another. */
export interface WeightedModuloRules extends ModuloRules {
  /** The servers' indexes in the order that they take their places in; as given by default. */
  readonly order?: readonly number[];
}

/** Makes a locator that gives each server as many places as its weight, and takes the remainder for one. */
export function weightedModuloLocator(
  servers: readonly Server[],
  rules: WeightedModuloRules,
): Locator {
  const { algorithm, keyHash: { hash, text: hashFunction }, order } = rules;
  checkWholeWeights(servers, algorithm);
  if (servers.length === 1) return onlyServer(algorithm);
  const indexes = order ?? Array.from(servers.keys());
  const orderText = order === undefined ? "in the given order" : "sorted by name";
  let places = 0;
  const ends = indexes.map((server) => places += servers[server]!.weight);
  return {
    locate: (key) => indexes[rankOf(hash(key) % places, ends)]!,
    ...locateUpBy(rules, (hash) => indexes[rankOf(hash % places, ends)]!),
    explain(key) {
      const keyHash = hash(key);
      const place = keyHash % places;
      const why = `the key's hash modulo ${places} places, by weight, is ${place}: ` +
        `that of server ${rankOf(place, ends) + 1} of ${ends.length} ${orderText}`;
      return { algorithm, hashFunction, keyHash, why };
    },
  };
}

/** The method of a locator whose keys are hashed again while their server is down. */
function locateUpBy(
  { keyHash, furtherHashes }: ModuloRules,
  serverOf: (hash: number) => number,
): Pick<Locator, "locateUp"> {
  if (furtherHashes === undefined) return {};
  return {
    locateUp(key, isUp) {
      const hash = keyHash.hash(key);
      const server = serverOf(hash);
      return isUp(server) ? server : firstUp(furtherHashes(hash), serverOf, isUp);
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
