/**
 * A growing buffer of bytes, filled piece by piece and taken whole.
 *
 * @module
 */

/** What one that grew for a long line or reply shrinks back to when it is taken. */
const INITIAL_CAPACITY = 4096;
const KEPT_CAPACITY = 256 * 1024;

/** Bytes gathered from many small pieces: the replies to one read, or a line that came in parts. */
export class ByteBuffer {
  #bytes = new Uint8Array(INITIAL_CAPACITY);
  #byteLength = 0;

  /** How many bytes are gathered. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#byteLength);
    this.#byteLength += bytes.byteLength;
  }

  /** Appends characters up to U+00FF, a byte each. */
  appendText(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let end = this.#byteLength;
    for (let index = 0; index < text.length; index++) bytes[end++] = text.charCodeAt(index);
    this.#byteLength = end;
  }

  /** The gathered bytes, a view that holds until the next append. */
  peek(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#byteLength);
  }

  /** The gathered bytes, a view that holds until the next append; the buffer is empty after it. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.peek();
    this.#byteLength = 0;
    if (this.#bytes.byteLength > KEPT_CAPACITY) this.#bytes = new Uint8Array(INITIAL_CAPACITY);
    return bytes;
  }

  #reserve(byteLength: number): void {
    const needed = this.#byteLength + byteLength;
    if (needed <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.byteLength * 2));
    grown.set(this.peek());
    this.#bytes = grown;
  }
}
