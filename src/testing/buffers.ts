/**
 * Buffers for reading and writing. The connections of a server share them.
 *
 * @module
 */

const CARRIAGE_RETURN = 13;
const NEWLINE = 10;
const SPACE = 32;
const ZERO = 48;

/** Numbers below it are written digit by digit, which is faster than making a string. */
const LARGEST_SMALL = 1_000_000_000;

/** A buffer that is too short is replaced by one this many times as long, so that its bytes are rarely copied. */
const GROWTH = 4;

const SMALLEST = 4096;
/** Longer buffers are not kept for reuse. */
const LONGEST_KEPT = 2 * 1024 * 1024;
/** How many bytes of unused buffers one server keeps. */
const MAX_KEPT = 4 * 1024 * 1024;

const NOTHING: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array();

/** Unused buffers, kept for reuse. Each length is a power of two. */
export class BufferPool {
  /** The buffers of each length, by the length's logarithm. */
  readonly #kept: Uint8Array<ArrayBuffer>[][] = Array.from({ length: 32 }, () => []);
  #keptByteLength = 0;
  #count = 0;
  #byteLength = 0;

  /** The number of buffers, used or not. */
  get count(): number {
    return this.#count;
  }

  /** The total length of all buffers, in bytes. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** The total length of the unused buffers, in bytes. */
  get freeByteLength(): number {
    return this.#keptByteLength;
  }

  /** Takes a buffer of at least this length in bytes. Its content is arbitrary. */
  take(byteLength: number): Uint8Array<ArrayBuffer> {
    const size = logarithm(Math.max(byteLength, SMALLEST));
    const kept = this.#kept[size]?.pop();
    if (kept !== undefined) {
      this.#keptByteLength -= kept.byteLength;
      return kept;
    }
    this.#count += 1;
    this.#byteLength += 2 ** size;
    return new Uint8Array(2 ** size);
  }

  /** Gives a buffer back. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const { byteLength } = buffer;
    if (byteLength > LONGEST_KEPT || this.#keptByteLength + byteLength > MAX_KEPT) {
      this.#count -= 1;
      this.#byteLength -= byteLength;
      return;
    }
    this.#kept[logarithm(byteLength)]?.push(buffer);
    this.#keptByteLength += byteLength;
  }
}

/** The exponent of the smallest power of two that is at least a number. */
function logarithm(number: number): number {
  return 32 - Math.clz32(number - 1);
}

/** Bytes gathered from many small pieces and taken whole: the replies to one read, or a line that came in parts. */
export class ByteBuffer {
  readonly #pool: BufferPool;
  #bytes = NOTHING;
  #byteLength = 0;

  /** Makes an empty buffer that takes its memory from a pool. */
  constructor(pool: BufferPool = new BufferPool()) {
    this.#pool = pool;
  }

  /** The number of bytes collected. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#byteLength);
    this.#byteLength += bytes.byteLength;
  }

  /** Appends characters up to U+00FF, a byte each. */
  appendText(text: string): void {
    this.reserve(text.length);
    const bytes = this.#bytes;
    let end = this.#byteLength;
    for (let index = 0; index < text.length; index++) bytes[end++] = text.charCodeAt(index);
    this.#byteLength = end;
  }

  /** Appends words, with spaces between. */
  appendWords(words: readonly (string | number | bigint)[]): void {
    let isFirst = true;
    for (const word of words) {
      if (!isFirst) this.#appendByte(SPACE);
      isFirst = false;
      if (typeof word === "number" && word >= 0 && word < LARGEST_SMALL) this.#appendDigits(word);
      else this.appendText(`${word}`);
    }
  }

  /** Appends what ends a line. */
  appendLineEnd(): void {
    this.#appendByte(CARRIAGE_RETURN);
    this.#appendByte(NEWLINE);
  }

  /**
   * Appends what a function writes.
   *
   * @param byteLength How many bytes it is.
   * @param write Writes all of it to a place in a buffer.
   */
  appendWith(byteLength: number, write: (target: Uint8Array, at: number) => void): void {
    this.reserve(byteLength);
    write(this.#bytes, this.#byteLength);
    this.#byteLength += byteLength;
  }

  /** The collected bytes, as a view that is valid until the next append or release. */
  peek(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#byteLength);
  }

  /** The collected bytes, as a view like {@linkcode peek}'s. Empties the buffer. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.peek();
    this.#byteLength = 0;
    return bytes;
  }

  /** Empties the buffer and gives its memory back. */
  release(): void {
    if (this.#bytes.byteLength > 0) this.#pool.give(this.#bytes);
    this.#bytes = NOTHING;
    this.#byteLength = 0;
  }

  #appendByte(byte: number): void {
    this.reserve(1);
    this.#bytes[this.#byteLength++] = byte;
  }

  #appendDigits(number: number): void {
    let length = 1;
    for (let rest = number; rest >= 10; rest = Math.floor(rest / 10)) length += 1;
    this.reserve(length);
    this.#byteLength += length;
    let rest = number;
    for (let end = this.#byteLength; length > 0; length--) {
      this.#bytes[--end] = ZERO + rest % 10;
      rest = Math.floor(rest / 10);
    }
  }

  /** Makes room for `byteLength` more bytes. */
  reserve(byteLength: number): void {
    const needed = this.#byteLength + byteLength;
    if (needed <= this.#bytes.byteLength) return;
    const grown = this.#pool.take(Math.max(needed, this.#bytes.byteLength * GROWTH));
    grown.set(this.peek());
    if (this.#bytes.byteLength > 0) this.#pool.give(this.#bytes);
    this.#bytes = grown;
  }
}
