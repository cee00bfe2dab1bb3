/**
 * The items in the order of their last use.
 *
 * @module
 */

import type { BlockPool } from "./block_pool.ts";
import { NEWER, OLDER } from "./item.ts";

/**
 * A doubly linked list from the least to the most recently used item. An item is the number of its first block, which
 * holds the links; 0 means none.
 */
export class RecencyList {
  readonly #blocks: BlockPool;
  #oldest = 0;
  #newest = 0;

  constructor(blocks: BlockPool) {
    this.#blocks = blocks;
  }

  /** The least recently used item. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Adds an item that is not in the list, as the most recently used. */
  add(block: number): void {
    this.#blocks.setWord(block, OLDER, this.#newest);
    this.#blocks.setWord(block, NEWER, 0);
    if (this.#newest === 0) this.#oldest = block;
    else this.#blocks.setWord(this.#newest, NEWER, block);
    this.#newest = block;
  }

  /** Removes an item from the list. */
  remove(block: number): void {
    const older = this.#blocks.word(block, OLDER);
    const newer = this.#blocks.word(block, NEWER);
    if (older === 0) this.#oldest = newer;
    else this.#blocks.setWord(older, NEWER, newer);
    if (newer === 0) this.#newest = older;
    else this.#blocks.setWord(newer, OLDER, older);
  }

  /** Makes an item of the list the most recently used. */
  refresh(block: number): void {
    if (block === this.#newest) return;
    this.remove(block);
    this.add(block);
  }

  /** The items, from the most to the least recently used. They must not change during the iteration. */
  *fromNewest(): Generator<number, void> {
    for (let block = this.#newest; block !== 0; block = this.#blocks.word(block, OLDER)) {
      yield block;
    }
  }
}
