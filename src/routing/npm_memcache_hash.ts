/** The hash functions of npm `memcache`. @module */

import { checkChoice } from "../option_checks.ts";
import { MD5_WORD } from "./hashes/md5.ts";
import { sha1 } from "./hashes/sha1.ts";
import { byteString, type NamedHash, swapBytes } from "./hashes/text_hash.ts";

/** The argument of npm `memcache`'s `new KetamaHash(…)` and `new ModulaHash(…)`; `"fnv1a"` is their default. */
export type NpmMemcacheHash = "fnv1a" | "md5" | "sha1";

const WORDS = /* @__PURE__ */ new Uint32Array(5);

const HASHES: Readonly<Record<NpmMemcacheHash, NamedHash>> = {
  fnv1a: {
    hash: doubleFnv1a,
    text: "npm memcache's FNV-1a, computed in double precision",
  },
  md5: {
    hash: (text) => swapBytes(MD5_WORD.hash(text)),
    text: "MD5, its first four bytes, the first one highest",
  },
  sha1: {
    hash(text) {
      sha1(text, WORDS);
      return WORDS[0]!;
    },
    text: "SHA-1, its first four bytes, the first one highest",
  },
};

/**
 * The hash function with a name, and its description.
 *
 * @throws {ValidationException} When no function has that name; the message lists all names.
 */
export function npmMemcacheHash(name: NpmMemcacheHash): NamedHash {
  checkChoice("hash", name, ["fnv1a", "md5", "sha1"]);
  return HASHES[name];
}

/**
 * npm `memcache`'s FNV-1a is computed in double precision. The product exceeds 53 bits, so its low bits are lost before
 * it is truncated to 32. This expression must stay as it is: `Math.imul` would compute the real FNV-1a.
 */
function doubleFnv1a(text: string): number {
  const bytes = byteString(text);
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) {
    hash ^= bytes.charCodeAt(i);
    hash = (hash * 0x01000193) | 0;
  }
  return hash >>> 0;
}
