/**
 * The memory of the items. A JavaScript object for each item would take several times as much as in memcached, and more
 * until the garbage collector runs.
 *
 * @module
 */

import { BlockPool, PAGE_LENGTH } from "./block_pool.ts";
import { hashOf, HashTable } from "./hash_table.ts";
import { type Blocks, Item, type ItemContent } from "./item.ts";
import {
  FIRST_LENGTH,
  LINK_LENGTH,
  NEXT,
  REST_LENGTHS,
  restKind,
  restLength,
} from "./item_bytes.ts";
import { RecencyList } from "./recency_list.ts";

/** How much memory may be allocated, as a multiple of the memory that the items use. */
const MOST_GROWTH = 1.5;
/** How many pages may be allocated beyond that: for each length of blocks, a page that is partly used and an unused one. */
const SPARE_PAGES = 12;

/**
 * Computes how much memory an item uses.
 *
 * @param keyLength The length of its key in bytes.
 * @param valueLength The length of its value in bytes.
 * @returns The length of all its blocks in bytes.
 */
export function footprint(keyLength: number, valueLength: number): number {
  const rest = restLength(keyLength, valueLength);
  const blockLength = REST_LENGTHS[restKind(rest)] ?? FIRST_LENGTH;
  return FIRST_LENGTH + blockCount(rest, blockLength) * blockLength;
}

function blockCount(rest: number, blockLength: number): number {
  return Math.ceil(rest / (blockLength - LINK_LENGTH));
}

/** All items, by key and in the order of use. */
export class ItemMemory {
  readonly #blocks: Blocks = {
    first: new BlockPool(FIRST_LENGTH),
    rest: REST_LENGTHS.map((length) => new BlockPool(length)),
  };
  readonly #pools: readonly BlockPool[] = [this.#blocks.first, ...this.#blocks.rest];
  readonly #recency = new RecencyList(this.#blocks.first);
  /** How many readers an item's value has, by its first block; absent without readers. */
  readonly #readers = new Map<number, number>();
  /** The items by key. */
  readonly table: HashTable = new HashTable(this.#blocks);

  /** The memory that the items use, in bytes. */
  get usedByteLength(): number {
    return this.#pools.reduce((sum, { usedByteLength }) => sum + usedByteLength, 0);
  }

  /** The memory allocated for items, in bytes. */
  get byteLength(): number {
    return this.#pools.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /**
   * Whether one more item stays within a limit. The memory that items use must not exceed the limit, and the allocated
   * memory must not exceed it by more than half. Allocated memory exceeds used memory when items of one size have been
   * replaced by items of another.
   */
  hasRoomFor(keyLength: number, valueLength: number, limit: number): boolean {
    if (this.usedByteLength + footprint(keyLength, valueLength) > limit) return false;
    const growth = this.#growthFor(keyLength, valueLength);
    return growth === 0 ||
      this.byteLength + growth <= limit * MOST_GROWTH + SPARE_PAGES * PAGE_LENGTH;
  }

  /** The least recently used item. */
  get oldest(): Item | undefined {
    const block = this.#recency.oldest;
    return block === 0 ? undefined : new Item(this.#blocks, block);
  }

  /** The items, from the most to the least recently used. They must not change during the iteration. */
  *fromNewest(): Generator<Item, void> {
    for (const block of this.#recency.fromNewest()) yield new Item(this.#blocks, block);
  }

  /**
   * Adds an item as the most recently used. No other item may have its key.
   *
   * @param content What to store.
   * @param slabClass The number of the slab class that memcached would keep it in.
   * @param hash The hash of its key, where it is at hand.
   * @returns The item.
   */
  add(
    { key, value, flags, exptime }: ItemContent,
    slabClass: number,
    hash: number = hashOf(key),
  ): Item {
    const rest = restLength(key.length, value.byteLength);
    const kind = restKind(rest);
    const block = this.#allocate(rest, kind);
    const item = new Item(this.#blocks, block, key);
    item.initialize({ keyLength: key.length, valueLength: value.byteLength, slabClass, kind });
    item.flags = flags;
    item.exptime = exptime;
    const bytes = item.openBytes();
    bytes.writeText(key);
    bytes.write(value);
    this.#recency.add(block);
    this.table.add(item, hash);
    return item;
  }

  /** Removes an item. Its memory is kept while its value is being read. */
  remove(item: Item): void {
    this.#recency.remove(item.block);
    this.table.remove(item);
    if (this.isBeingRead(item)) item.removed = true;
    else this.#free(item);
  }

  /** Makes an item the most recently used. */
  refresh({ block }: Item): void {
    this.#recency.refresh(block);
  }

  /** Whether the item's value is being read. It must not change then. */
  isBeingRead({ block }: Item): boolean {
    return this.#readers.size > 0 && this.#readers.has(block);
  }

  /** Keeps the memory of an item until {@linkcode endReading}, even if the item is removed. */
  beginReading({ block }: Item): void {
    this.#readers.set(block, (this.#readers.get(block) ?? 0) + 1);
  }

  /** Ends a read that {@linkcode beginReading} began. */
  endReading(item: Item): void {
    const readers = (this.#readers.get(item.block) ?? 1) - 1;
    if (readers > 0) {
      this.#readers.set(item.block, readers);
      return;
    }
    this.#readers.delete(item.block);
    if (item.removed) this.#free(item);
  }

  /** How many bytes would be allocated for one more item. */
  #growthFor(keyLength: number, valueLength: number): number {
    const length = restLength(keyLength, valueLength);
    const { first, rest } = this.#blocks;
    const pool = rest[restKind(length)] ?? first;
    return first.growthFor(1) + pool.growthFor(blockCount(length, pool.blockLength));
  }

  #allocate(length: number, kind: number): number {
    const { first, rest } = this.#blocks;
    const start = first.allocate();
    const pool = rest[kind] ?? first;
    let next = 0;
    for (let count = blockCount(length, pool.blockLength); count > 0; count--) {
      const block = pool.allocate();
      pool.setWord(block, NEXT, next);
      next = block;
    }
    first.setWord(start, NEXT, next);
    return start;
  }

  #free(item: Item): void {
    const { first, rest } = this.#blocks;
    const pool = rest[item.kind] ?? first;
    let block = first.word(item.block, NEXT);
    first.free(item.block);
    while (block !== 0) {
      const next = pool.word(block, NEXT);
      pool.free(block);
      block = next;
    }
  }
}
