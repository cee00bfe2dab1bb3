/**
 * Memory in blocks of one size, outside the runtime's heap: what is given back is free at once, and does
 * not wait for the garbage collector.
 *
 * @module
 */

/** How much is taken from the runtime at once, in bytes. */
export const PAGE_LENGTH: number = 256 * 1024;

/** Fewer bytes are copied one by one faster than by a call. */
const LONGEST_LOOP = 32;

/** A stretch of memory that holds blocks. */
interface Page {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** The first of the blocks that were given back, counted from 1; each one's first word is the next. */
  firstFree: number;
  /** How many blocks at the beginning of the page have ever been used. */
  touched: number;
  /** How many blocks are in use. */
  used: number;
}

/**
 * Blocks of bytes, each known by a number from 1. A page that no block is used of is given back to the
 * runtime, all but one.
 */
export class BlockPool {
  /** The length of a block in bytes. */
  readonly blockLength: number;

  readonly #blocksPerPage: number;
  readonly #pageShift: number;
  readonly #wordShift: number;
  /** By number; the first is never there, so that no block has the number 0. */
  readonly #pages: (Page | undefined)[] = [undefined];
  /** The numbers of the pages that have free blocks. */
  readonly #open: number[] = [];
  /** The numbers of the pages that were given back. */
  readonly #vacant: number[] = [];
  #used = 0;
  #unusedPages = 0;

  /** Takes the length of a block in bytes, a power of two from 8. */
  constructor(blockLength: number) {
    this.blockLength = blockLength;
    this.#blocksPerPage = PAGE_LENGTH / blockLength;
    this.#pageShift = Math.log2(this.#blocksPerPage);
    this.#wordShift = Math.log2(blockLength) - 2;
  }

  /** How many bytes the blocks in use have together. */
  get usedByteLength(): number {
    return this.#used * this.blockLength;
  }

  /** How many bytes all pages have together. */
  get byteLength(): number {
    return (this.#pages.length - 1 - this.#vacant.length) * PAGE_LENGTH;
  }

  /** How many bytes would have to be taken for so many blocks more. */
  growthFor(count: number): number {
    const pages = this.#pages.length - 1 - this.#vacant.length;
    const missing = this.#used + count - pages * this.#blocksPerPage;
    return Math.max(0, Math.ceil(missing / this.#blocksPerPage)) * PAGE_LENGTH;
  }

  /** Takes a block, whatever is in it. */
  allocate(): number {
    const number = this.#open.at(-1) ?? this.#addPage();
    const page = this.#page(number);
    const index = this.#takeFrom(page);
    if (page.used === 0) this.#unusedPages -= 1;
    page.used += 1;
    this.#used += 1;
    if (page.used === this.#blocksPerPage) this.#open.pop();
    return number * this.#blocksPerPage + index;
  }

  /** Gives a block back. */
  free(block: number): void {
    const number = block >>> this.#pageShift;
    const page = this.#page(number);
    const index = block & (this.#blocksPerPage - 1);
    page.words[index << this.#wordShift] = page.firstFree;
    page.firstFree = index + 1;
    if (page.used === this.#blocksPerPage) this.#open.push(number);
    page.used -= 1;
    this.#used -= 1;
    if (page.used === 0) this.#retire(number);
  }

  /** One of the words, 32 bits each, that a block has. */
  word(block: number, index: number): number {
    return this.#page(block >>> this.#pageShift).words[this.#start(block) + index] ?? 0;
  }

  /** Changes a word of a block. */
  setWord(block: number, index: number, value: number): void {
    this.#page(block >>> this.#pageShift).words[this.#start(block) + index] = value;
  }

  /** The words of the page that a block is in. They stay where they are for as long as the block is in use. */
  wordsAround(block: number): Uint32Array {
    return this.#page(block >>> this.#pageShift).words;
  }

  /** Where a block's words begin among those of its page. */
  firstWord(block: number): number {
    return this.#start(block);
  }

  /** Copies bytes from a place in a block to a place in `target`. */
  read(block: number, offset: number, target: Uint8Array, at: number, byteLength: number): void {
    const { bytes } = this.#page(block >>> this.#pageShift);
    copy(bytes, this.#start(block) * 4 + offset, target, at, byteLength);
  }

  /** Copies bytes from a place in `source` to a place in a block. */
  write(block: number, offset: number, source: Uint8Array, at: number, byteLength: number): void {
    const { bytes } = this.#page(block >>> this.#pageShift);
    copy(source, at, bytes, this.#start(block) * 4 + offset, byteLength);
  }

  /** Writes characters, a byte each, to a place in a block. */
  writeText(block: number, offset: number, text: string, from: number, length: number): void {
    const { bytes } = this.#page(block >>> this.#pageShift);
    const start = this.#start(block) * 4 + offset;
    for (let index = 0; index < length; index++) {
      bytes[start + index] = text.charCodeAt(from + index);
    }
  }

  /** Whether the bytes at a place in a block are characters of `text`. */
  matches(block: number, offset: number, text: string, from: number, length: number): boolean {
    const { bytes } = this.#page(block >>> this.#pageShift);
    const start = this.#start(block) * 4 + offset;
    for (let index = 0; index < length; index++) {
      if (bytes[start + index] !== text.charCodeAt(from + index)) return false;
    }
    return true;
  }

  #takeFrom(page: Page): number {
    if (page.firstFree === 0) return page.touched++;
    const index = page.firstFree - 1;
    page.firstFree = page.words[index << this.#wordShift] ?? 0;
    return index;
  }

  #start(block: number): number {
    return (block & (this.#blocksPerPage - 1)) << this.#wordShift;
  }

  #page(number: number): Page {
    const page = this.#pages[number];
    if (page === undefined) throw new Error("Cannot use a block: it was given back");
    return page;
  }

  #addPage(): number {
    const buffer = new ArrayBuffer(PAGE_LENGTH);
    const views = { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer) };
    const number = this.#vacant.pop() ?? this.#pages.length;
    this.#pages[number] = { ...views, firstFree: 0, touched: 0, used: 0 };
    this.#open.push(number);
    this.#unusedPages += 1;
    return number;
  }

  /** One page is kept, so that a block which comes and goes does not take a new one each time. */
  #retire(number: number): void {
    this.#unusedPages += 1;
    if (this.#unusedPages === 1) return;
    this.#unusedPages -= 1;
    this.#pages[number] = undefined;
    this.#open.splice(this.#open.indexOf(number), 1);
    this.#vacant.push(number);
  }
}

function copy(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  byteLength: number,
): void {
  if (byteLength > LONGEST_LOOP) {
    target.set(source.subarray(from, from + byteLength), to);
    return;
  }
  for (let index = 0; index < byteLength; index++) target[to + index] = source[from + index] ?? 0;
}
