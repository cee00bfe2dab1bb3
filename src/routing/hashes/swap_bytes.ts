/** The order of bytes. @module */

/** The same four bytes the other way round, as an unsigned 32-bit integer. */
export function swapBytes(word: number): number {
  const swapped = (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
  return swapped >>> 0;
}
