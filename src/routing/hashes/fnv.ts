/** The FNV family of hashes. @module */

import { byteString, signedByte } from "./byte_string.ts";

/** Where 32-bit FNV starts by its own definition. */
const OFFSET_BASIS_32 = 0x811c9dc5;
const PRIME_32 = 0x01000193;

/**
 * Hashes the UTF-8 bytes of a text with 32-bit FNV-1a, as it is defined.
 *
 * @param text What to hash.
 * @param start The accumulator to start from; the hash of `a` then `b` is that of `ab`.
 * @returns An unsigned 32-bit integer.
 */
export function fnv1a32(text: string, start: number = OFFSET_BASIS_32): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return hashBytes(byteString(text.slice(i)), hash);
    hash = Math.imul(hash ^ code, PRIME_32);
  }
  return hash >>> 0;
}

function hashBytes(bytes: string, start: number): number {
  let hash = start;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes.charCodeAt(i), PRIME_32);
  return hash >>> 0;
}

/**
 * The lower halves of 64-bit FNV's constants. libmemcached and twemproxy keep 32 bits of a 64-bit hash,
 * and the lower half of a product depends on the factors' lower halves only.
 */
const OFFSET_BASIS_64 = 0x84222325;
const PRIME_64 = 0x1b3;

/** FNV-1a as libmemcached and twemproxy compute it: over signed bytes. */
export function signedFnv1aOf32(bytes: string): number {
  return fnv1a(bytes, OFFSET_BASIS_32, PRIME_32);
}

/** The lower half of 64-bit FNV-1a, as libmemcached and twemproxy compute it. */
export function signedFnv1aOf64(bytes: string): number {
  return fnv1a(bytes, OFFSET_BASIS_64, PRIME_64);
}

/** FNV-1 as libmemcached and twemproxy compute it. */
export function signedFnv1of32(bytes: string): number {
  return fnv1(bytes, OFFSET_BASIS_32, PRIME_32);
}

/** The lower half of 64-bit FNV-1, as libmemcached and twemproxy compute it. */
export function signedFnv1of64(bytes: string): number {
  return fnv1(bytes, OFFSET_BASIS_64, PRIME_64);
}

function fnv1a(bytes: string, start: number, prime: number): number {
  let hash = start;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ signedByte(bytes, i), prime);
  return hash >>> 0;
}

function fnv1(bytes: string, start: number, prime: number): number {
  let hash = start;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash, prime) ^ signedByte(bytes, i);
  return hash >>> 0;
}
