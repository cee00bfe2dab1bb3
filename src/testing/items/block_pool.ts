/**
 * Memory in blocks of one size, outside the runtime's heap. A freed block can be used again at once, without waiting
 * for the garbage collector.
 *
 * @module
 */

/** The size of a page in bytes: how much is allocated at once. */
export const PAGE_LENGTH: number = 256 * 1024;

/** Fewer bytes are copied one by one faster than by a call. */
const LONGEST_LOOP = 32;

/** A piece of memory that holds blocks. */
interface Page {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** The first free block, counted from 1; the first word of each free block is the number of the next. */
  firstFree: number;
  /** How many blocks, from the beginning of the page, have ever been used. */
  touched: number;
  /** How many blocks are in use. */
  used: number;
}

/**
 * Blocks of bytes, with numbers from 1. Unused pages are released to the runtime, except one.
 */
export class BlockPool {
  /** The length of a block in bytes. */
  readonly blockLength: number;

  readonly #blocksPerPage: number;
  readonly #pageShift: number;
  readonly #wordShift: number;
  /** The pages by number. Page 0 does not exist, so that no block has the number 0. */
  readonly #pages: (Page | undefined)[] = [undefined];
  /** The numbers of the pages that have free blocks. */
  readonly #open: number[] = [];
  /** The numbers of the released pages. */
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

  /** The total length of the used blocks in bytes. */
  get usedByteLength(): number {
    return this.#used * this.blockLength;
  }

  /** The total length of all pages in bytes. */
  get byteLength(): number {
    return (this.#pages.length - 1 - this.#vacant.length) * PAGE_LENGTH;
  }

  /** How many bytes would be allocated for `count` more blocks. */
  growthFor(count: number): number {
    const pages = this.#pages.length - 1 - this.#vacant.length;
    const missing = this.#used + count - pages * this.#blocksPerPage;
    return Math.max(0, Math.ceil(missing / this.#blocksPerPage)) * PAGE_LENGTH;
  }

  /** Takes a block. Its content is arbitrary. */
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

  /** Reads a word of 32 bits from a block. */
  word(block: number, index: number): number {
    return this.#page(block >>> this.#pageShift).words[this.#start(block) + index] ?? 0;
  }

  /** Changes a word of a block. */
  setWord(block: number, index: number, value: number): void {
    this.#page(block >>> this.#pageShift).words[this.#start(block) + index] = value;
  }

  /** The words of a block's page. They do not move while the block is used. */
  wordsAround(block: number): Uint32Array {
    return this.#page(block >>> this.#pageShift).words;
  }

  /** The position of a block's first word among those of its page. */
  firstWord(block: number): number {
    return this.#start(block);
  }

  /** Copies bytes from a position in a block to a position in `target`. */
  read(block: number, offset: number, target: Uint8Array, at: number, byteLength: number): void {
    const { bytes } = this.#page(block >>> this.#pageShift);
    copy(bytes, this.#start(block) * 4 + offset, target, at, byteLength);
  }

  /** Copies bytes from a position in `source` to a position in a block. */
  write(block: number, offset: number, source: Uint8Array, at: number, byteLength: number): void {
    const { bytes } = this.#page(block >>> this.#pageShift);
    copy(source, at, bytes, this.#start(block) * 4 + offset, byteLength);
  }

  /** Writes characters, a byte each, to a position in a block. */
  writeText(block: number, offset: number, text: string, from: number, length: number): void {
    const { bytes } = this.#page(block >>> this.#pageShift);
    const start = this.#start(block) * 4 + offset;
    for (let index = 0; index < length; index++) {
      bytes[start + index] = text.charCodeAt(from + index);
    }
  }

  /** Whether the bytes at a position in a block equal characters of `text`. */
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
    if (page === undefined) throw new Error("Cannot use a block: it has been freed");
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

  /** Releases an unused page. One is kept, so that a single block does not allocate and release a page each time. */
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
