/** FNV-1a gone wrong in double precision. @module */

/**
 * Hashes bytes as npm `memcache` does: the product exceeds 53 bits, so that its low bits are lost before it
 * is cut to 32. The expression is the compatibility; `Math.imul` would make it FNV-1a.
 */
export function doubleFnv1a(bytes: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) {
    hash ^= bytes.charCodeAt(i);
    hash = (hash * 0x01000193) | 0;
  }
  return hash >>> 0;
}
