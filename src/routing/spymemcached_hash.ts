/** The hash functions of spymemcached. @module */

import { checkChoice } from "../option_checks.ts";
import { CRC32_UPPER } from "./hashes/crc.ts";
import { MD5_WORD } from "./hashes/md5.ts";
import type { NamedHash } from "./hashes/text_hash.ts";

/**
 * spymemcached's `DefaultHashAlgorithm`s: `"native"` is `NATIVE_HASH`, the hash of Java's strings; `"ketama"` is
 * `KETAMA_HASH`, the first four bytes of an MD5.
 */
export type SpymemcachedHash =
  | "native"
  | "crc"
  | "fnv1_64"
  | "fnv1a_64"
  | "fnv1_32"
  | "fnv1a_32"
  | "ketama";

const OFFSET_BASIS_32 = 0x811c9dc5;
const PRIME_32 = 0x01000193;

/** The lower halves of 64-bit FNV's constants. The lower half of a hash depends only on them. */
const OFFSET_BASIS_64 = 0x84222325;
const PRIME_64 = 0x1b3;

const HASHES: Readonly<Record<SpymemcachedHash, NamedHash>> = {
  native: { hash: (text) => javaStringHash(text) >>> 0, text: "Java's string hash" },
  crc: CRC32_UPPER,
  "fnv1_64": {
    hash: (text) => fnv1(text, OFFSET_BASIS_64, PRIME_64),
    text: "64-bit FNV-1 of 16-bit characters, its lower half",
  },
  "fnv1a_64": {
    hash: (text) => fnv1a(text, OFFSET_BASIS_64, PRIME_64),
    text: "64-bit FNV-1a of 16-bit characters, its lower half",
  },
  "fnv1_32": {
    hash: (text) => fnv1(text, OFFSET_BASIS_32, PRIME_32),
    text: "32-bit FNV-1 of 16-bit characters",
  },
  "fnv1a_32": {
    hash: (text) => fnv1a(text, OFFSET_BASIS_32, PRIME_32),
    text: "32-bit FNV-1a of 16-bit characters",
  },
  ketama: MD5_WORD,
};

/**
 * The hash function with a name, and its description.
 *
 * @throws {ValidationException} When no function has that name; the message lists all names.
 */
export function spymemcachedHash(name: SpymemcachedHash): NamedHash {
  checkChoice("hash", name, Object.keys(HASHES));
  return HASHES[name];
}

/** Java's `String.hashCode()`: a signed 32-bit integer. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

function fnv1(text: string, start: number, prime: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash, prime) ^ text.charCodeAt(i);
  return hash >>> 0;
}

function fnv1a(text: string, start: number, prime: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), prime);
  return hash >>> 0;
}
