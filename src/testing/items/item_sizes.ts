/**
 * What items take, and the slab classes they belong to, as memcached reckons. This server has no slabs, and sets
 * its limits by other figures; `stats items`, `stats slabs`, `me` and `lru_crawler metadump` are about these.
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
 * Says how large an item is, to the byte as memcached 1.6 does.
 *
 * @param key The key.
 * @param flags The client's flags: only others than 0 take space.
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
  /** How large an item of it may be, in bytes. */
  readonly chunkSize: number;
  readonly itemCount: number;
  /** How large its items are together, in bytes. */
  readonly byteLength: number;
}

/** The classes that memcached sorts items into by their size, and how much is in each. */
export class SlabClasses {
  readonly #chunkSizes: readonly number[];
  readonly #counts = new Uint32Array(MAX_SLAB_CLASSES);
  readonly #sizes = new Float64Array(MAX_SLAB_CLASSES);
  #byteLength = 0;

  /** Takes how large one item may be, in bytes. */
  constructor(maxItemSize: number) {
    this.#chunkSizes = chunkSizes(maxItemSize);
  }

  /** How large all items are together, in bytes. */
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

  /** Notes that an item of a class came, or with -1 that it went. */
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
 * Says how large the items of each class may be, as memcached's `slabs_init` does: each a quarter more
 * than the last, and in the end half of the largest item.
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
