/** A key's hash modulo the number of servers, or modulo the sum of their weights. @module */

import type { NamedHash } from "./hashes/text_hash.ts";
import { checkWholeWeights } from "./labels_and_weights.ts";
import { firstUp, type Locator, onlyServer, type Server } from "./locator.ts";

/** The rules of one modulo. */
export interface ModuloRules {
  /** The name of the locator. */
  readonly algorithm: string;
  readonly keyHash: NamedHash;
  /**
   * Further hashes of a key, for while its server is down. Each is tried in turn; after the last, the key has no
   * server. Without this function, the client makes another locator for the servers that are up.
   *
   * @param hash The key's first hash.
   */
  readonly furtherHashes?: (hash: number) => Iterable<number>;
}

/** Makes a locator that uses the remainder as the server's index. */
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

/** The rules of one weighted modulo. */
export interface WeightedModuloRules extends ModuloRules {
  /** The servers' indexes in the order of their places; by default the order of the list. */
  readonly order?: readonly number[];
}

/** Makes a locator that gives each server as many places as its weight, and uses the remainder as the place. */
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

/** Makes `locateUp` for a locator that hashes keys again while their server is down. */
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

/** The first server whose places end after this place. */
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
