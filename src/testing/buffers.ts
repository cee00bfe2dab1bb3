/**
 * Buffers for reading and writing. The connections of a server share them.
 *
 * @module
 */

const SMALLEST = 4096;
/** Longer buffers are not kept for reuse. */
const LONGEST_KEPT = 2 * 1024 * 1024;
/** How many bytes of unused buffers one server keeps. */
const MAX_KEPT = 4 * 1024 * 1024;

const NOTHING: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array();

/** Unused buffers, kept for reuse. Each length is a power of two. */
export class BufferPool {
  readonly #kept = new Map<number, Uint8Array<ArrayBuffer>[]>();
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
    const length = 2 ** Math.ceil(Math.log2(Math.max(byteLength, SMALLEST)));
    const kept = this.#kept.get(length)?.pop();
    if (kept !== undefined) {
      this.#keptByteLength -= length;
      return kept;
    }
    this.#count += 1;
    this.#byteLength += length;
    return new Uint8Array(length);
  }

  /** Gives a buffer back. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const { byteLength } = buffer;
    if (byteLength > LONGEST_KEPT || this.#keptByteLength + byteLength > MAX_KEPT) {
      this.#count -= 1;
      this.#byteLength -= byteLength;
      return;
    }
    const kept = this.#kept.get(byteLength) ?? [];
    kept.push(buffer);
    this.#kept.set(byteLength, kept);
    this.#keptByteLength += byteLength;
  }
}

/** Collects small pieces of bytes: the replies to one read, or a line that arrived in parts. */
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

  /** Appends the next bytes of an item. */
  appendFrom(source: ByteSource, byteLength: number): void {
    this.reserve(byteLength);
    source.read(this.#bytes, this.#byteLength, byteLength);
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

  /** Makes room for `byteLength` more bytes. */
  reserve(byteLength: number): void {
    const needed = this.#byteLength + byteLength;
    if (needed <= this.#bytes.byteLength) return;
    const grown = this.#pool.take(needed);
    grown.set(this.peek());
    if (this.#bytes.byteLength > 0) this.#pool.give(this.#bytes);
    this.#bytes = grown;
  }
}

/** A source of bytes, read from the first to the last. */
export interface ByteSource {
  /** Copies the next bytes to a place in `target`. */
  read(target: Uint8Array, at: number, byteLength: number): void;
}
