/** The transcoders of other clients, with items that no program wrote. @module */

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
import { dalliTranscoder, railsTranscoder } from "../../../src/transcoding/formats/dalli/mod.ts";
import { spymemcachedTranscoder } from "../../../src/transcoding/formats/java/mod.ts";
import { perlMemcachedTranscoder } from "../../../src/transcoding/formats/perl/mod.ts";
import {
  phpMemcachedTranscoder,
  phpMemcacheTranscoder,
} from "../../../src/transcoding/formats/php/mod.ts";
import type { Random } from "../../chaos/random.ts";
import { fuzzTranscoder } from "../fuzz.ts";
import { readForeign } from "./foreign_sets.ts";
import { readRails } from "./rails_items.ts";

/** Longer items are left out: what they have of their own is at their beginning. */
const MAX_LENGTH = 400;

/** A transcoder and what the program stored. */
export interface FuzzedTranscoder {
  readonly name: string;
  readonly transcoder: Transcoder;
  samples(): Promise<EncodedValue[]>;
}

const PHP_MEMCACHED = ["php-memcached_1", "php-memcached_2", "php-memcached-3.3"];
const PERL = ["perl-cache-memcached", "perl-cache-memcached-fast"];

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
  fuzzed("dalliTranscoder", dalliTranscoder, "dalli_1", "dalli_2"),
  fuzzed("dalliTranscoder, JSON", dalliTranscoder({ serializer: "json" }), "dalli_1", "dalli_2"),
  { name: "railsTranscoder", transcoder: railsTranscoder, samples: readRails },
  fuzzed("phpMemcachedTranscoder", phpMemcachedTranscoder, ...PHP_MEMCACHED),
  fuzzed("phpMemcacheTranscoder", phpMemcacheTranscoder, "php-memcache"),
  ...(["serializing", "whalin", "whalinV1"] as const).map((kind) =>
    fuzzed(
      `spymemcachedTranscoder, ${kind}`,
      spymemcachedTranscoder({ kind }),
      "spymemcached_1",
      "spymemcached_2",
    )
  ),
  fuzzed("perlMemcachedTranscoder", perlMemcachedTranscoder, ...PERL),
];

function fuzzed(name: string, transcoder: Transcoder, ...vectors: string[]): FuzzedTranscoder {
  const samples = async () => (await readForeign(...vectors)).flatMap(({ cases }) => [...cases]);
  return { name, transcoder, samples };
}

/**
 * Reads mutations of what the program stored.
 *
 * @param most How many at most.
 * @param goesOn Called with how many are over, and says whether there is time for another.
 * @returns How many there were.
 * @throws {Error} As {@linkcode fuzzTranscoder}.
 */
export async function fuzzForeign(
  { transcoder, samples }: FuzzedTranscoder,
  random: Random,
  most: number,
  goesOn?: (done: number) => boolean,
): Promise<number> {
  const items = (await samples()).filter(({ data }) => data.byteLength <= MAX_LENGTH);
  return await fuzzTranscoder(transcoder, items, random, most, goesOn);
}
