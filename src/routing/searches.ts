/** The ways that clients find a key's point on a ring. @module */

import type { Search } from "./ring.ts";

/** The first point not below the hash, past the last one the first: libmemcached's and most others'. */
export const CEILING: Search = { find: ceiling, why: whyCeiling };

/**
 * EnyimMemcached's: as {@linkcode CEILING}, but a hash below the first point goes to the *last* one. Its
 * code takes the complement of what .NET's `Array.BinarySearch` returns, and takes 0 for nothing found.
 */
export const ENYIM: Search = {
  find: (points, hash) => hash < points[0]! ? points.length - 1 : ceiling(points, hash),
  why: (points, hash) =>
    hash < points[0]!
      ? "below the first point: the last point's owner, as EnyimMemcached's binary search has it"
      : whyCeiling(points, hash),
};

/** The last point not above the hash, below the first one the last: dalli's. */
export const FLOOR: Search = {
  find(points, hash) {
    // Hashes are integers, so the point before the first not below the next integer is the last not above.
    const above = ceiling(points, hash + 1);
    return (above === 0 ? points.length : above) - 1;
  },
  why: (points, hash) =>
    hash < points[0]!
      ? "below the first point: the last point's owner"
      : "the last point not above the key's hash",
};

function ceiling(points: Uint32Array, hash: number): number {
  const last = points.length - 1;
  if (hash > points[last]!) return 0;
  // Written out, not called: it halves the time that a key takes.
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (points[middle]! < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}

function whyCeiling(points: Uint32Array, hash: number): string {
  return hash > points[points.length - 1]!
    ? "past the last point: the first point's owner"
    : "the first point not below the key's hash";
}
