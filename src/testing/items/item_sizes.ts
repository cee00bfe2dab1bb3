/**
 * The sizes and slab classes of items as memcached computes them. This server has no slabs, and its limits use other
 * figures. `stats items`, `stats slabs`, `me` and `lru_crawler metadump` report these.
 *
 * @module
 */

import type { ClientFlags, Item } from "./item.ts";

/** `sizeof(item)` and the CAS unique in memcached on a 64-bit machine. */
const ITEM_OVERHEAD = 48 + 8;
/** Line ends are stored with the value, and a NUL with the key. */
const TERMINATORS = 2 + 1;
const FLAGS_SIZE = 4;

/** `sizeof(item)` and the default of memcached's `-n`. */
const SMALLEST_CHUNK = 48 + 48;
/** The default of memcached's `-f`. */
const GROWTH_FACTOR = 1.25;
const ALIGNMENT = 8;

/** memcached's `MAX_NUMBER_OF_SLAB_CLASSES`. */
export const MAX_SLAB_CLASSES = 64;

/**
 * Computes the size of an item exactly as memcached 1.6 does.
 *
 * @param key The key.
 * @param flags The client's flags; they take no space when they are 0.
 * @param valueLength The length of the value in bytes.
 * @returns The size in bytes.
 */
export function itemSize(key: string, flags: ClientFlags, valueLength: number): number {
  const flagsSize = Number(flags) === 0 ? 0 : FLAGS_SIZE;
  return ITEM_OVERHEAD + key.length + TERMINATORS + flagsSize + valueLength;
}

/** The size of a stored item in bytes: see {@linkcode itemSize}. */
export function sizeOf({ key, flags, valueLength }: Item): number {
  return itemSize(key, flags, valueLength);
}

/** The items of one slab class. */
export interface SlabClassContent {
  /** Its number, 1 for the smallest items. */
  readonly id: number;
  /** The maximum size of its items in bytes. */
  readonly chunkSize: number;
  readonly itemCount: number;
  /** The total size of its items in bytes. */
  readonly byteLength: number;
}

/** memcached's slab classes, and the number and size of the items in each. */
export class SlabClasses {
  readonly #chunkSizes: readonly number[];
  readonly #counts = new Uint32Array(MAX_SLAB_CLASSES);
  readonly #sizes = new Float64Array(MAX_SLAB_CLASSES);
  #byteLength = 0;

  /** Takes the maximum size of an item in bytes. */
  constructor(maxItemSize: number) {
    this.#chunkSizes = chunkSizes(maxItemSize);
  }

  /** The total size of all items in bytes. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** The number of the class for items of a size in bytes, 1 for the smallest. */
  classOf(size: number): number {
    let first = 0;
    let last = this.#chunkSizes.length - 1;
    while (first < last) {
      const middle = (first + last) >> 1;
      if ((this.#chunkSizes[middle] ?? 0) < size) first = middle + 1;
      else last = middle;
    }
    return first + 1;
  }

  /** Counts an item of a class that was added (1) or removed (-1). */
  account(slabClass: number, size: number, count: 1 | -1): void {
    this.#byteLength += count * size;
    this.#counts[slabClass] = (this.#counts[slabClass] ?? 0) + count;
    this.#sizes[slabClass] = (this.#sizes[slabClass] ?? 0) + count * size;
  }

  /** The classes that have items, the smallest first. */
  contents(): SlabClassContent[] {
    return Array.from(this.#counts, (itemCount, id) => ({
      ...{ id, itemCount, chunkSize: this.#chunkSizes[id - 1] ?? 0 },
      byteLength: this.#sizes[id] ?? 0,
    })).filter(({ itemCount }) => itemCount > 0);
  }
}

/**
 * Computes the item sizes of the classes, as memcached's `slabs_init` does: each is a quarter larger than the one
 * before, and the largest is half of the maximum item size.
 */
function chunkSizes(maxItemSize: number): readonly number[] {
  const largest = maxItemSize / 2;
  const sizes: number[] = [];
  for (let size = SMALLEST_CHUNK; size < largest / GROWTH_FACTOR;) {
    if (sizes.length === MAX_SLAB_CLASSES - 2) break;
    const aligned = Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    sizes.push(aligned);
    size = Math.floor(aligned * GROWTH_FACTOR);
  }
  return [...sizes, largest];
}
