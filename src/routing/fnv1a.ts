/** The 32-bit FNV-1a hash. @module */

/** Where FNV-1a starts by its own definition. */
export const FNV1A_OFFSET_BASIS = 0x811c9dc5;

const PRIME = 0x01000193;
const encoder = new TextEncoder();

/**
 * Hashes the UTF-8 bytes of a text.
 *
 * @param text What to hash.
 * @param start The accumulator to start from; the hash of `a` then `b` is that of `ab`.
 * @returns An unsigned 32-bit integer.
 */
export function fnv1a32(text: string, start: number = FNV1A_OFFSET_BASIS): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return hashBytes(encoder.encode(text.slice(i)), hash);
    hash = Math.imul(hash ^ code, PRIME);
  }
  return hash >>> 0;
}

function hashBytes(bytes: Uint8Array, start: number): number {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}
