/** The hash functions that users of libmemcached and twemproxy can choose. @module */

import { checkChoice } from "../../option_checks.ts";
import { CRC16, CRC32, CRC32_UPPER } from "./crc.ts";
import { HSIEH } from "./hsieh.ts";
import { LOOKUP3, ONE_AT_A_TIME } from "./jenkins.ts";
import { MD5_WORD } from "./md5.ts";
import { MURMUR2, MURMUR3 } from "./murmur.ts";
import { byteString, type NamedHash, signedByte } from "./text_hash.ts";

/**
 * A hash function, by its name in twemproxy's `hash:` and libmemcached's `--HASH`:
 *
 * - `"md5"`: the first four bytes of the digest, in little-endian order
 * - `"crc32"` (libmemcached's `"crc"` is the same): 15 bits from the upper half of a CRC-32
 * - `"crc32a"`, `"crc16"`: a CRC-32, and a CRC-16 in a 32-bit register; twemproxy's
 * - `"fnv1_32"`, `"fnv1a_32"`, `"fnv1_64"`, `"fnv1a_64"`: the last two truncated to their lower 32 bits
 * - `"one_at_a_time"`, `"jenkins"`: Bob Jenkins's one_at_a_time and lookup3
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

const OFFSET_BASIS_32 = 0x811c9dc5;
const PRIME_32 = 0x01000193;

/**
 * The lower halves of 64-bit FNV's constants. libmemcached and twemproxy keep 32 bits of a 64-bit hash,
 * and the lower half of a product depends on the factors' lower halves only.
 */
const OFFSET_BASIS_64 = 0x84222325;
const PRIME_64 = 0x1b3;

const HASHES: Readonly<Record<KeyHash, NamedHash>> = {
  md5: MD5_WORD,
  crc: CRC32_UPPER,
  crc16: CRC16,
  crc32: CRC32_UPPER,
  crc32a: CRC32,
  "fnv1_32": {
    hash: (text) => fnv1(text, OFFSET_BASIS_32, PRIME_32),
    text: "32-bit FNV-1",
  },
  "fnv1a_32": {
    hash: (text) => fnv1a(text, OFFSET_BASIS_32, PRIME_32),
    text: "32-bit FNV-1a",
  },
  "fnv1_64": {
    hash: (text) => fnv1(text, OFFSET_BASIS_64, PRIME_64),
    text: "64-bit FNV-1, its lower half",
  },
  "fnv1a_64": {
    hash: (text) => fnv1a(text, OFFSET_BASIS_64, PRIME_64),
    text: "64-bit FNV-1a, its lower half",
  },
  hsieh: HSIEH,
  jenkins: LOOKUP3,
  murmur: MURMUR2,
  murmur3: MURMUR3,
  "one_at_a_time": ONE_AT_A_TIME,
};

/**
 * The hash function with a name, and its description.
 *
 * @param option The option that holds the name.
 * @throws {ValidationException} When no function has that name; the message lists all names.
 */
export function namedHash(option: string, name: KeyHash): NamedHash {
  checkChoice(option, name, Object.keys(HASHES));
  return HASHES[name];
}

/** FNV-1a over signed bytes, as libmemcached and twemproxy compute it. */
function fnv1a(text: string, start: number, prime: number): number {
  const bytes = byteString(text);
  let hash = start;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ signedByte(bytes, i), prime);
  return hash >>> 0;
}

/** FNV-1 over signed bytes, as libmemcached and twemproxy compute it. */
function fnv1(text: string, start: number, prime: number): number {
  const bytes = byteString(text);
  let hash = start;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash, prime) ^ signedByte(bytes, i);
  return hash >>> 0;
}
