/** The hash functions that libmemcached and twemproxy let users choose from. @module */

import { checkChoice } from "../../option_checks.ts";
import { byteString } from "./byte_string.ts";
import { crc16 } from "./crc16.ts";
import { crc32, crc32Upper } from "./crc32.ts";
import { signedFnv1aOf32, signedFnv1aOf64, signedFnv1of32, signedFnv1of64 } from "./fnv.ts";
import { hsieh } from "./hsieh.ts";
import { jenkins } from "./jenkins.ts";
import { md5Word } from "./md5.ts";
import { murmur2 } from "./murmur2.ts";
import { murmur3 } from "./murmur3.ts";
import { oneAtATime } from "./one_at_a_time.ts";

/** Hashes a text to an unsigned 32-bit integer. */
export type TextHash = (text: string) => number;

/**
 * A hash function, by the name that twemproxy's `hash:` and libmemcached's `--HASH` know it by:
 *
 * - `"md5"`: the first four bytes of the digest, the first one lowest
 * - `"crc32"` (libmemcached's `"crc"` is the same): 15 bits from the upper half of a CRC-32
 * - `"crc32a"`, `"crc16"`: a CRC-32, and a CRC-16 in a 32-bit register; twemproxy's
 * - `"fnv1_32"`, `"fnv1a_32"`, `"fnv1_64"`, `"fnv1a_64"`: the last two cut to their lower 32 bits
 * - `"one_at_a_time"`, `"jenkins"`: Bob Jenkins's two
 * - `"murmur"`, `"murmur3"`: MurmurHash2, and libmemcached's MurmurHash3
 * - `"hsieh"`: Paul Hsieh's SuperFastHash
 */
export type KeyHash =
  | "crc"
  | "crc16"
  | "crc32"
  | "crc32a"
  | "fnv1_32"
  | "fnv1a_32"
  | "fnv1_64"
  | "fnv1a_64"
  | "hsieh"
  | "jenkins"
  | "md5"
  | "murmur"
  | "murmur3"
  | "one_at_a_time";

/** A hash function that has a name. */
export interface NamedHash {
  /** Takes any text; those of this file's table take bytes, a character each. */
  readonly hash: TextHash;
  /** What it is, in words. */
  readonly text: string;
}

const CRC32_UPPER: NamedHash = { hash: crc32Upper, text: "CRC-32, its bits 16 to 30" };

const HASHES: Readonly<Record<KeyHash, NamedHash>> = {
  md5: { hash: md5Word, text: "MD5, its first four bytes, the first one lowest" },
  crc: CRC32_UPPER,
  crc16: { hash: crc16, text: "CRC-16 in a 32-bit register" },
  crc32: CRC32_UPPER,
  crc32a: { hash: crc32, text: "CRC-32" },
  "fnv1_32": { hash: signedFnv1of32, text: "32-bit FNV-1" },
  "fnv1a_32": { hash: signedFnv1aOf32, text: "32-bit FNV-1a" },
  "fnv1_64": { hash: signedFnv1of64, text: "64-bit FNV-1, its lower half" },
  "fnv1a_64": { hash: signedFnv1aOf64, text: "64-bit FNV-1a, its lower half" },
  hsieh: { hash: hsieh, text: "Hsieh's SuperFastHash" },
  jenkins: { hash: jenkins, text: "Jenkins's lookup3 from 13" },
  murmur: { hash: murmur2, text: "MurmurHash2 seeded by the length" },
  murmur3: { hash: murmur3, text: "MurmurHash3 seeded by the length" },
  "one_at_a_time": { hash: oneAtATime, text: "Jenkins's one-at-a-time" },
};

/**
 * The function of a name, and what it is in words.
 *
 * @param option What the user knows the name as.
 * @throws {ValidationException} When there is none of that name; the message has all of them.
 */
export function namedHash(option: string, name: KeyHash): NamedHash {
  checkChoice(option, name, Object.keys(HASHES) as KeyHash[]);
  const { hash, text } = HASHES[name];
  return { hash: (key) => hash(byteString(key)), text };
}
