/** Collects requests until they are written. @module */

const SPACE = 0x20;
const INITIAL_SIZE = 4096;
/** A buffer that has grown larger than this is not kept for the next turn. */
const LARGEST_KEPT = 1 << 20;
/** From this length on, a block of bytes is cheaper to write separately than to copy. */
const LARGE = 1 << 15;
/** Up to this many characters, a loop is faster than an encoder. */
const SHORT = 40;

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Writes requests one after another into a growing buffer. Large blocks of bytes are not copied but kept separately, so
 * the result is a list of chunks.
 */
export class RequestBuffer {
  #bytes = new Uint8Array(INITIAL_SIZE);
  #length = 0;
  /** The beginning of the bytes that are not part of a chunk yet. */
  #chunkStart = 0;
  #chunks: Uint8Array[] = [];
  #chunkedLength = 0;

  /** Makes the keys that are sent, where these are not the caller's. */
  readonly encodeKey: ((key: string) => string) | undefined;

  constructor(encodeKey?: (key: string) => string) {
    this.encodeKey = encodeKey;
  }

  /** How many bytes have been collected. */
  get byteLength(): number {
    return this.#chunkedLength + this.#length - this.#chunkStart;
  }

  /** Appends text known to be ASCII: command words, numbers. */
  ascii(text: string): this {
    this.#reserve(text.length);
    this.#put(text);
    return this;
  }

  /** Appends a space and the key that is sent for a checked one. */
  key(key: string): this {
    return this.word(this.encodeKey?.(key) ?? key);
  }

  /** Appends a space and text. Each character is a byte. */
  word(text: string): this {
    this.#reserve(text.length + 1);
    this.#bytes[this.#length++] = SPACE;
    this.#put(text);
    return this;
  }

  /**
   * Appends a data block of text: a space, its length in bytes, CRLF, the text as UTF-8, CRLF.
   *
   * @param text Well-formed text.
   * @param afterLength The rest of the command line after the length.
   */
  textBlock(text: string, afterLength = ""): this {
    const { length } = text;
    this.#reserve(length * 3 + afterLength.length + 16);
    const start = this.#length;
    // Nearly all text is ASCII, one byte a character. So it is encoded after that length at once, and again only if the
    // length was wrong. Joining more of the line first would take longer.
    this.word(`${length}`).ascii(`${afterLength}\r\n`);
    const textStart = this.#length;
    if (length <= SHORT && this.#put(text)) return this.ascii("\r\n");
    this.#length = textStart;
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#length));
    if (written !== length) {
      this.#length = start;
      this.word(`${written}${afterLength}\r\n`);
      encoder.encodeInto(text, this.#bytes.subarray(this.#length));
    }
    this.#length += written;
    return this.ascii("\r\n");
  }

  /**
   * Appends a data block of bytes: a space, their length, CRLF, the bytes, CRLF.
   *
   * @param data Bytes that do not change until they have been written.
   * @param afterLength The rest of the command line after the length.
   */
  dataBlock(data: Uint8Array, afterLength = ""): this {
    this.word(`${data.byteLength}${afterLength}\r\n`);
    if (data.byteLength >= LARGE) this.#apart(data);
    else this.#copy(data);
    return this.ascii("\r\n");
  }

  /** The collected chunks in order; valid until {@linkcode clear}. */
  chunks(): readonly Uint8Array[] {
    this.#endChunk();
    return this.#chunks;
  }

  /** Empties the buffer for the next requests. */
  clear(): void {
    if (this.#bytes.byteLength > LARGEST_KEPT) this.#bytes = new Uint8Array(INITIAL_SIZE);
    this.#length = this.#chunkStart = this.#chunkedLength = 0;
    this.#chunks = [];
  }

  /** Appends short text, and returns whether it is ASCII. */
  #put(text: string): boolean {
    const bytes = this.#bytes;
    const { length } = text;
    const start = this.#length;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      bits |= code;
      bytes[start + i] = code;
    }
    this.#length = start + length;
    return bits < 0x80;
  }

  #copy(data: Uint8Array): void {
    this.#reserve(data.byteLength);
    this.#bytes.set(data, this.#length);
    this.#length += data.byteLength;
  }

  #apart(data: Uint8Array): void {
    this.#endChunk();
    this.#chunks.push(data);
    this.#chunkedLength += data.byteLength;
  }

  #endChunk(): void {
    if (this.#length === this.#chunkStart) return;
    this.#chunks.push(this.#bytes.subarray(this.#chunkStart, this.#length));
    this.#chunkedLength += this.#length - this.#chunkStart;
    this.#chunkStart = this.#length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.byteLength * 2));
    grown.set(this.#bytes.subarray(this.#chunkStart, this.#length), this.#chunkStart);
    this.#bytes = grown;
  }
}
