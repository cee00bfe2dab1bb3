/**
 * The bytes of an item: its key, followed by its value.
 *
 * @module
 */

import type { BlockPool } from "./block_pool.ts";

/** The length of an item's first block in bytes. It holds most keys, and many values. */
export const FIRST_LENGTH = 128;

/** The lengths of the other blocks in bytes. An item uses one of them, which {@linkcode restKind} chooses. */
export const REST_LENGTHS: readonly number[] = [64, 256, 1024, 4096, 16384];

/** How many blocks of one length an item may use before longer blocks are chosen. */
const MOST_BLOCKS = 8;

/** The word with the number of the next block; 0 in the last block. */
export const NEXT = 0;
/** Where the bytes begin in every block after the first. */
export const LINK_LENGTH = 4;

/** Where the bytes begin in an item's first block. */
export const HEADER_LENGTH = 52;

/** How many bytes of key and value do not fit into the first block. */
export function restLength(keyLength: number, valueLength: number): number {
  return Math.max(0, HEADER_LENGTH + keyLength + valueLength - FIRST_LENGTH);
}

/** Chooses one of {@linkcode REST_LENGTHS} for the bytes that do not fit into the first block. */
export function restKind(rest: number): number {
  const kind = REST_LENGTHS.findIndex((length) => rest <= MOST_BLOCKS * (length - LINK_LENGTH));
  return kind < 0 ? REST_LENGTHS.length - 1 : kind;
}

/** Reads and writes the bytes of an item, from block to block. */
export class ItemBytes {
  readonly #rest: BlockPool;
  #pool: BlockPool;
  #block: number;
  #offset = HEADER_LENGTH;

  /** Takes the number of the item's first block, and the pools of the first and of the other blocks. */
  constructor(block: number, first: BlockPool, rest: BlockPool) {
    this.#block = block;
    this.#pool = first;
    this.#rest = rest;
  }

  /** Skips the next bytes. */
  skip(byteLength: number): void {
    for (let left = byteLength; left > 0;) {
      const run = this.#run(left);
      this.#offset += run;
      left -= run;
    }
  }

  /** Copies the next bytes to a position in `target`. */
  read(target: Uint8Array, at: number, byteLength: number): void {
    for (let done = 0; done < byteLength;) {
      const run = this.#run(byteLength - done);
      this.#pool.read(this.#block, this.#offset, target, at + done, run);
      this.#offset += run;
      done += run;
    }
  }

  /** Overwrites the next bytes with all of `source`. */
  write(source: Uint8Array): void {
    for (let done = 0; done < source.byteLength;) {
      const run = this.#run(source.byteLength - done);
      this.#pool.write(this.#block, this.#offset, source, done, run);
      this.#offset += run;
      done += run;
    }
  }

  /** Overwrites the next bytes with characters, a byte each. */
  writeText(text: string): void {
    for (let done = 0; done < text.length;) {
      const run = this.#run(text.length - done);
      this.#pool.writeText(this.#block, this.#offset, text, done, run);
      this.#offset += run;
      done += run;
    }
  }

  /** Skips as many bytes as `text` has characters, and tells whether they are equal. */
  matches(text: string): boolean {
    for (let done = 0; done < text.length;) {
      const run = this.#run(text.length - done);
      if (!this.#pool.matches(this.#block, this.#offset, text, done, run)) return false;
      this.#offset += run;
      done += run;
    }
    return true;
  }

  /** How many of the next bytes lie in one block. */
  #run(limit: number): number {
    if (this.#offset === this.#pool.blockLength) {
      this.#block = this.#pool.word(this.#block, NEXT);
      this.#pool = this.#rest;
      this.#offset = LINK_LENGTH;
    }
    return Math.min(limit, this.#pool.blockLength - this.#offset);
  }
}
