import { unreadable } from "./faults.ts";

const LF = 0x0a;

/** A pickle's bytes and how far they are read. Nothing is read, or allocated, past their end. */
export class ByteSource {
  readonly bytes: Uint8Array;
  offset = 0;
  #view: DataView | undefined;

  constructor(bytes: Uint8Array) {
    // Slices of a subclass are not sure to be copies: those of Node's Buffer are views.
    const { buffer, byteOffset, byteLength } = bytes;
    const isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
    this.bytes = isPlain ? bytes : new Uint8Array(buffer, byteOffset, byteLength);
  }

  uint8(): number {
    return this.bytes[this.advance(1)]!;
  }

  uint16(): number {
    const at = this.advance(2);
    return this.bytes[at]! | this.bytes[at + 1]! << 8;
  }

  int32(): number {
    const at = this.advance(4);
    const bytes = this.bytes;
    return bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** Exact up to 2⁵³; what lies above is longer than any input either way. */
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

  /** A view of the bytes before the next line feed, which is passed over. */
  line(): Uint8Array {
    const end = this.bytes.indexOf(LF, this.offset);
    if (end < 0) throw truncated();
    const line = this.bytes.subarray(this.offset, end);
    this.offset = end + 1;
    return line;
  }

  /** Passes over `length` bytes and returns where they start. */
  advance(length: number): number {
    const start = this.offset;
    if (length > this.bytes.length - start) throw truncated();
    this.offset = start + length;
    return start;
  }
}

function truncated(): Error {
  return unreadable("it ends in the middle");
}
