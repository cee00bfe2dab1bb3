/** The transcoders of other clients, with items that nobody wrote. @module */

import type { EncodedValue, Transcoder } from "../../../mod.ts";
import {
  bmemcachedTranscoder,
  enyimCoreTranscoder,
  memcacheClientTranscoder,
  memjsTranscoder,
  npmMemcachedTranscoder,
  npmMemcacheTranscoder,
  pylibmcTranscoder,
  pymemcacheTranscoder,
  pythonMemcachedTranscoder,
} from "../../../src/transcoding/mod.ts";
import type { Random } from "../../chaos/random.ts";
import { fuzzTranscoder } from "../fuzz.ts";
import { readForeign } from "./foreign_sets.ts";

/** Longer items are left out: what they have of their own is at their beginning. */
const MAX_LENGTH = 400;

/** A transcoder, and the files with what the program stored. */
export interface FuzzedTranscoder {
  readonly name: string;
  readonly transcoder: Transcoder;
  readonly vectors: readonly string[];
}

/** Every transcoder that is fuzzed. */
export const FUZZED_TRANSCODERS: readonly FuzzedTranscoder[] = [
  fuzzed("pymemcacheTranscoder", pymemcacheTranscoder, "pymemcache_1", "pymemcache_2"),
  fuzzed("pymemcacheTranscoder, JSON", pymemcacheTranscoder({ json: true }), "pymemcache_2"),
  fuzzed("pythonMemcachedTranscoder", pythonMemcachedTranscoder, "python-memcached"),
  fuzzed("pylibmcTranscoder", pylibmcTranscoder, "pylibmc"),
  fuzzed("bmemcachedTranscoder", bmemcachedTranscoder, "bmemcached"),
  fuzzed("enyimCoreTranscoder", enyimCoreTranscoder, "enyim-memcached-core"),
  fuzzed("npmMemcachedTranscoder", npmMemcachedTranscoder, "npm-memcached"),
  fuzzed("memcacheClientTranscoder", memcacheClientTranscoder, "npm-memcache-client"),
  fuzzed("npmMemcacheTranscoder", npmMemcacheTranscoder as Transcoder, "npm-memcache"),
  fuzzed("memjsTranscoder", memjsTranscoder as Transcoder, "npm-memjs"),
];

function fuzzed(name: string, transcoder: Transcoder, ...vectors: string[]): FuzzedTranscoder {
  return { name, transcoder, vectors };
}

/**
 * Reads mutations of what the program stored.
 *
 * @param most How many at most.
 * @param goesOn Is given how many are over, and says whether there is time for another.
 * @returns How many there were.
 * @throws {Error} When one makes anything but a value or a `ClientException`, or takes long.
 */
export async function fuzzForeign(
  { transcoder, vectors }: FuzzedTranscoder,
  random: Random,
  most: number,
  goesOn?: (done: number) => boolean,
): Promise<number> {
  const sets = await readForeign(...vectors);
  const samples: EncodedValue[] = sets.flatMap(({ cases }) => cases)
    .filter(({ data }) => data.byteLength <= MAX_LENGTH)
    .map(({ flags, data }) => ({ flags, data }));
  return await fuzzTranscoder(transcoder, samples, random, most, goesOn);
}
