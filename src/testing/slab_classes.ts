/**
 * The sizes memcached sorts items into. This server allocates nothing by them, but `stats items` and
 * `stats slabs` are about nothing else.
 *
 * @module
 */

import { type Item, weigh } from "./item.ts";

/** `sizeof(item)` and the default of memcached's `-n`. */
const SMALLEST_CHUNK = 48 + 48;
/** The default of memcached's `-f`. */
const GROWTH_FACTOR = 1.25;
const ALIGNMENT = 8;

/** The items of one size. */
export interface SlabClass {
  /** Its number, 1 for the smallest items. */
  readonly id: number;
  /** What an item of it may weigh, in bytes. */
  readonly chunkSize: number;
  /** Its items. */
  readonly items: readonly Readonly<Item>[];
}

/**
 * Sorts items by size.
 *
 * @param items The items.
 * @param maxItemSize What one may weigh, in bytes.
 * @returns The classes that have items, smallest first.
 */
export function slabClasses(items: Iterable<Readonly<Item>>, maxItemSize: number): SlabClass[] {
  const sizes = chunkSizes(maxItemSize);
  const classes = new Map<number, Readonly<Item>[]>();
  for (const item of items) {
    const id = slabClassId(sizes, weigh(item));
    const members = classes.get(id) ?? [];
    members.push(item);
    classes.set(id, members);
  }
  return [...classes.entries()]
    .sort(([first], [second]) => first - second)
    .map(([id, items]) => ({ id, chunkSize: sizes[id - 1] ?? maxItemSize, items }));
}

/**
 * Says what the items of each class may weigh, as memcached's `slabs_init` does: each a quarter more
 * than the last, and in the end half of the largest item.
 *
 * @param maxItemSize What one item may weigh, in bytes.
 * @returns The weights in bytes, that of class 1 first.
 */
export function chunkSizes(maxItemSize: number): readonly number[] {
  const largest = maxItemSize / 2;
  const sizes: number[] = [];
  for (let size = SMALLEST_CHUNK; size < largest / GROWTH_FACTOR;) {
    const aligned = Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    sizes.push(aligned);
    size = Math.floor(aligned * GROWTH_FACTOR);
  }
  return [...sizes, largest];
}

/**
 * Says which class an item belongs to.
 *
 * @param sizes What {@linkcode chunkSizes} returned.
 * @param size What the item weighs, in bytes.
 * @returns The class's number, 1 for the smallest items; what exceeds the last class is in it too.
 */
export function slabClassId(sizes: readonly number[], size: number): number {
  const index = sizes.findIndex((chunkSize) => chunkSize >= size);
  return index < 0 ? sizes.length : index + 1;
}
