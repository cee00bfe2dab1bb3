/** What npm `memcache` hashes with. @module */

import { checkChoice } from "../option_checks.ts";
import { byteString } from "./hashes/byte_string.ts";
import { doubleFnv1a } from "./hashes/double_fnv1a.ts";
import type { NamedHash } from "./hashes/key_hash.ts";
import { md5Word } from "./hashes/md5.ts";
import { sha1 } from "./hashes/sha1.ts";
import { swapBytes } from "./hashes/swap_bytes.ts";

/** What npm `memcache`'s `new KetamaHash(…)` and `new ModulaHash(…)` take; `"fnv1a"` is their default. */
export type NpmMemcacheHash = "fnv1a" | "md5" | "sha1";

const WORDS = new Uint32Array(5);

const HASHES: Readonly<Record<NpmMemcacheHash, NamedHash>> = {
  fnv1a: {
    hash: (text) => doubleFnv1a(byteString(text)),
    text: "npm memcache's FNV-1a, computed in double precision",
  },
  md5: {
    hash: (text) => swapBytes(md5Word(byteString(text))),
    text: "MD5, its first four bytes, the first one highest",
  },
  sha1: {
    hash(text) {
      sha1(byteString(text), WORDS);
      return WORDS[0]!;
    },
    text: "SHA-1, its first four bytes, the first one highest",
  },
};

/**
 * The function of a name, and what it is in words.
 *
 * @throws {ValidationException} When there is none of that name; the message has all of them.
 */
export function npmMemcacheHash(name: NpmMemcacheHash): NamedHash {
  checkChoice("hash", name, ["fnv1a", "md5", "sha1"]);
  return HASHES[name];
}
