import { ClientException, quote } from "../../errors.ts";

const LF = 0x0a;

/** Which part of the bytes a view of them has to be, so that it does not hold much more than it shows. */
const MOST_OF = 7 / 8;

/** A pickle's bytes and how far they have been read. Nothing is read, or allocated, past their end. */
export class ByteSource {
  bytes: Uint8Array;
  offset = 0;
  readonly #isOwn: boolean;
  #view: DataView | undefined;

  /** With `isOwn`, what is read may be a view of `bytes`, and these may change. */
  constructor(bytes: Uint8Array, isOwn: boolean) {
    this.#isOwn = isOwn;
    // Slices of a subclass are not sure to be copies: those of Node's Buffer are views.
    const { buffer, byteOffset, byteLength } = bytes;
    const isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
    this.bytes = isPlain ? bytes : new Uint8Array(buffer, byteOffset, byteLength);
  }

  /** Makes the bytes the source's own, if they are not: they are about to be lent to somebody else. */
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

  /** Exact up to 2⁵³. What lies above is longer than any input. */
  uint64(): number {
    const low = this.uint32();
    return this.uint32() * 0x1_0000_0000 + low;
  }

  /** Big-endian, as pickle writes floats and nothing else. */
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
   * The next `length` bytes, for the caller to keep. Nearly all of the bytes, if they may change, are moved to
   * their beginning, where the value is a view that begins with its buffer.
   */
  copy(length: number): Uint8Array {
    const view = this.take(length);
    if (!this.#isOwn || length < this.bytes.length * MOST_OF) return view.slice();
    this.bytes.set(view);
    return this.bytes.subarray(0, length);
  }

  /** A view of the bytes before the next line feed, which is passed over. */
  line(): Uint8Array {
    const length = this.bytes.indexOf(LF, this.offset) - this.offset;
    const line = this.take(length);
    this.advance(1);
    return line;
  }

  /** Passes over `length` bytes and returns where they start. */
  advance(length: number): number {
    const start = this.offset;
    if (length < 0 || length > this.bytes.length - start) {
      throw unreadable("it ends in the middle");
    }
    this.offset = start + length;
    return start;
  }
}

/** What reading throws: the pickle is broken, or holds more than plain data. */
export function unreadable(state: string, cause?: unknown): ClientException {
  return new ClientException(
    `Cannot read pickle: ${state}`,
    undefined,
    cause === undefined ? undefined : { cause },
  );
}

/** What reading throws for a global that is not in the table of the understood ones. */
export function notPlainData(name: string): ClientException {
  return unreadable(`global ${quote(name)} is not plain data`);
}
