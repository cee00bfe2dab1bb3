/** The bytes of a pickle that is read, and the errors of reading it. @module */

import { ClientException, quote } from "../../errors.ts";

const LF = 0x0a;

/** The minimum part of the bytes for a view, so that a small view does not keep a large buffer alive. */
const MOST_OF = 0.875;

/** A pickle's bytes, with the current position. Nothing is read or allocated beyond their end. */
export class ByteSource {
  bytes: Uint8Array;
  offset = 0;
  readonly #isOwn: boolean;
  #view: DataView | undefined;

  /** With `isOwn`, results may be views of `bytes`, and `bytes` may be changed. */
  constructor(bytes: Uint8Array, isOwn: boolean) {
    this.#isOwn = isOwn;
    // `slice` of a subclass may return a view, as Node's Buffer does.
    const { buffer, byteOffset, byteLength } = bytes;
    const isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
    this.bytes = isPlain ? bytes : new Uint8Array(buffer, byteOffset, byteLength);
  }

  /** Copies the bytes, unless the source owns them, because the caller is about to reuse them. */
  keep(): void {
    if (this.#isOwn) return;
    this.bytes = new Uint8Array(this.bytes);
    this.#view = undefined;
  }

  uint8(): number {
    return this.bytes[this.advance(1)]!;
  }

  uint16(): number {
    return this.uint8() | this.uint8() << 8;
  }

  int32(): number {
    const at = this.advance(4);
    const bytes = this.bytes;
    return bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** Exact up to 2⁵³. A larger length exceeds any input. */
  uint64(): number {
    const low = this.uint32();
    return this.uint32() * 0x1_0000_0000 + low;
  }

  /** Big-endian, as floats in pickles are; everything else is little-endian. */
  float64(): number {
    const { buffer, byteOffset, byteLength } = this.bytes;
    this.#view ??= new DataView(buffer, byteOffset, byteLength);
    return this.#view.getFloat64(this.advance(8));
  }

  /** A view of the next `length` bytes. */
  take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, this.offset);
  }

  /**
   * The next `length` bytes, which the caller may keep. If they are nearly all of the bytes, and these may be changed,
   * they are moved to the beginning of the buffer, and the result is a view at offset 0.
   */
  copy(length: number): Uint8Array {
    const view = this.take(length);
    if (!this.#isOwn || length < this.bytes.length * MOST_OF) return view.slice();
    this.bytes.set(view);
    return this.bytes.subarray(0, length);
  }

  /** A view of the bytes before the next line feed. The line feed is skipped. */
  line(): Uint8Array {
    const length = this.bytes.indexOf(LF, this.offset) - this.offset;
    const line = this.take(length);
    this.advance(1);
    return line;
  }

  /** Skips `length` bytes and returns their offset. */
  advance(length: number): number {
    const start = this.offset;
    if (length < 0 || length > this.bytes.length - start) {
      throw unreadable("it ends too early");
    }
    this.offset = start + length;
    return start;
  }
}

/** The error of reading a pickle that is malformed, or holds more than plain data. */
export function unreadable(state: string, cause?: unknown): ClientException {
  return new ClientException(
    `Cannot read pickle: ${state}`,
    undefined,
    cause === undefined ? undefined : { cause },
  );
}

/** The error of reading a global that is not in the table of supported globals. */
export function notPlainData(name: string): ClientException {
  return unreadable(`global ${quote(name)} is not plain data`);
}
