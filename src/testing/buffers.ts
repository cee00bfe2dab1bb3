/**
 * Buffers for what is read and written, which the connections of a server pass on to each other.
 *
 * @module
 */

const SMALLEST = 4096;
/** Longer buffers are left to the garbage collector. */
const LONGEST_KEPT = 2 * 1024 * 1024;
/** What one server keeps for later, in bytes. */
const MAX_KEPT = 4 * 1024 * 1024;

const NOTHING: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array();

/** Buffers that nobody uses at the moment. Each length is a power of two. */
export class BufferPool {
  readonly #kept = new Map<number, Uint8Array<ArrayBuffer>[]>();
  #keptByteLength = 0;
  #count = 0;
  #byteLength = 0;

  /** How many buffers there are, in use or not. */
  get count(): number {
    return this.#count;
  }

  /** What they have together, in bytes. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** What those have together that nobody uses, in bytes. */
  get freeByteLength(): number {
    return this.#keptByteLength;
  }

  /** Takes a buffer of at least this length in bytes, whatever is in it. */
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

/** Bytes gathered from many small pieces and taken whole: the replies to one read, or a line that came in parts. */
export class ByteBuffer {
  readonly #pool: BufferPool;
  #bytes = NOTHING;
  #byteLength = 0;

  /** Takes where its memory comes from. */
  constructor(pool: BufferPool = new BufferPool()) {
    this.#pool = pool;
  }

  /** How many bytes are gathered. */
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

  /** The gathered bytes, a view that holds until the next append or release. */
  peek(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#byteLength);
  }

  /** The gathered bytes, as {@linkcode peek} gives them; the buffer is empty after it. */
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

  /** Makes room for so many bytes more at once. */
  reserve(byteLength: number): void {
    const needed = this.#byteLength + byteLength;
    if (needed <= this.#bytes.byteLength) return;
    const grown = this.#pool.take(needed);
    grown.set(this.peek());
    if (this.#bytes.byteLength > 0) this.#pool.give(this.#bytes);
    this.#bytes = grown;
  }
}

/** What bytes are read from, one after the other. */
export interface ByteSource {
  /** Copies the next bytes to a place in `target`. */
  read(target: Uint8Array, at: number, byteLength: number): void;
}
