/**
 * Finds items by key.
 *
 * @module
 */

import { type Blocks, HASH, Item, NEXT_IN_CHAIN } from "./item.ts";

const SMALLEST_LENGTH = 256;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A hash table. Its chains link the first blocks of the items. */
export class HashTable {
  readonly #blocks: Blocks;
  /** The first item of each chain, as the number of its first block; 0 means none. */
  #chains = new Uint32Array(SMALLEST_LENGTH);
  #itemCount = 0;

  constructor(blocks: Blocks) {
    this.#blocks = blocks;
  }

  /** The number of items. */
  get itemCount(): number {
    return this.#itemCount;
  }

  /** The number of chains, a power of two. */
  get length(): number {
    return this.#chains.length;
  }

  /** The memory of the table itself, in bytes. */
  get byteLength(): number {
    return this.#chains.byteLength;
  }

  /** The item with this key, whose {@linkcode hashOf} may be at hand. */
  find(key: string, hash: number = hashOf(key)): Item | undefined {
    const { first } = this.#blocks;
    let block = this.#chains[this.#chainOf(hash)] ?? 0;
    for (; block !== 0; block = first.word(block, NEXT_IN_CHAIN)) {
      if (first.word(block, HASH) !== hash) continue;
      const item = new Item(this.#blocks, block, key);
      if (item.hasKey(key)) return item;
    }
    return undefined;
  }

  /** Adds an item whose key has this hash. There must be no other with its key. */
  add(item: Item, hash: number): void {
    if (this.#itemCount >= this.#chains.length) this.#grow();
    this.#blocks.first.setWord(item.block, HASH, hash);
    this.#link(this.#chains, item.block);
    this.#itemCount += 1;
  }

  /** Removes an item from the table. */
  remove({ block }: Item): void {
    const { first } = this.#blocks;
    const next = first.word(block, NEXT_IN_CHAIN);
    const chain = this.#chainOf(first.word(block, HASH));
    let before = this.#chains[chain] ?? 0;
    if (before === block) this.#chains[chain] = next;
    else {
      for (; first.word(before, NEXT_IN_CHAIN) !== block;) {
        before = first.word(before, NEXT_IN_CHAIN);
      }
      first.setWord(before, NEXT_IN_CHAIN, next);
    }
    this.#itemCount -= 1;
  }

  /**
   * Yields all items, a few at a time. The table may change between two steps. An item that stays in it all the time is
   * yielded exactly once.
   */
  *walk(): Generator<readonly Item[], void> {
    // When the table grows, a chain is split into several, at distances of the table's old length.
    const { length } = this;
    for (let chain = 0; chain < length; chain++) {
      const items = this.#itemsOf(chain, length);
      if (items.length > 0) yield items;
    }
  }

  #itemsOf(chain: number, stride: number): Item[] {
    const items: Item[] = [];
    for (let next = chain; next < this.length; next += stride) {
      for (let block = this.#chains[next] ?? 0; block !== 0;) {
        items.push(new Item(this.#blocks, block));
        block = this.#blocks.first.word(block, NEXT_IN_CHAIN);
      }
    }
    return items;
  }

  #chainOf(hash: number, length: number = this.#chains.length): number {
    return hash & (length - 1);
  }

  #link(chains: Uint32Array, block: number): void {
    const { first } = this.#blocks;
    const chain = this.#chainOf(first.word(block, HASH), chains.length);
    first.setWord(block, NEXT_IN_CHAIN, chains[chain] ?? 0);
    chains[chain] = block;
  }

  #grow(): void {
    const chains = new Uint32Array(this.#chains.length * 2);
    for (const first of this.#chains) {
      for (let block = first; block !== 0;) {
        const next = this.#blocks.first.word(block, NEXT_IN_CHAIN);
        this.#link(chains, block);
        block = next;
      }
    }
    this.#chains = chains;
  }
}

/** The hash of a key: 32-bit FNV-1a. */
export function hashOf(key: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), FNV_PRIME);
  }
  return hash >>> 0;
}
