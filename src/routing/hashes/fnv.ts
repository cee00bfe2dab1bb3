/** 32-bit FNV-1a. @module */

/** FNV's offset basis. */
const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * Hashes the UTF-8 bytes of a text with the standard 32-bit FNV-1a.
 *
 * @param text The text to hash.
 * @param start The hash to start from. The hash of `ab` is the hash of `b` with the hash of `a` as its start.
 * @returns An unsigned 32-bit integer.
 */
export function fnv1a32(text: string, start: number = OFFSET_BASIS): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return hashRest(text, i, hash);
    hash = Math.imul(hash ^ code, PRIME);
  }
  return hash >>> 0;
}

/** Continues at the first character that is not ASCII. */
function hashRest(text: string, at: number, start: number): number {
  let hash = start;
  for (const byte of new TextEncoder().encode(text.slice(at))) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}
