import { encodedLength, encodeInto } from "./latin1_utf8.ts";

const INITIAL_SIZE = 4096;
const MAX_SPARE_SIZE = 65_536;
const MAX_SHORT_TEXT = 64;

/** Room for what comes after something large, so that little does not double the buffer. */
const HEADROOM = 1024;

/** Part of the result's length that may be left over in its buffer. */
const MAX_SLACK = 1 / 8;

const encoder = new TextEncoder();

/** The buffer of the last sink that is finished, for the next one: most pickles are small. */
let spare: Uint8Array<ArrayBuffer> | undefined;

/** A buffer that grows as a pickle is written into it. */
export class ByteSink {
  bytes: Uint8Array<ArrayBuffer> = spare ?? new Uint8Array(INITIAL_SIZE);
  length = 0;
  #view: DataView = new DataView(this.bytes.buffer);

  constructor() {
    spare = undefined;
  }

  uint8(value: number): void {
    const at = this.claim(1);
    this.bytes[at] = value;
  }

  /** An opcode and its one-byte argument. */
  pair(first: number, second: number): void {
    const at = this.claim(2);
    this.bytes[at] = first;
    this.bytes[at + 1] = second;
  }

  uint16(value: number): void {
    const at = this.claim(2);
    this.#view.setUint16(at, value, true);
  }

  /** Signed and unsigned alike. */
  int32(value: number): void {
    const at = this.claim(4);
    this.#view.setInt32(at, value, true);
  }

  /** Big-endian, as pickle writes floats and nothing else. */
  float64(value: number): void {
    const at = this.claim(8);
    this.#view.setFloat64(at, value);
  }

  /** The `size` low bytes, from 5 to 8, of a safe integer in two's complement. */
  integer(value: number, size: number): void {
    const at = this.claim(8);
    this.#view.setUint32(at, value >>> 0, true);
    this.#view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true);
    this.length = at + size;
  }

  write(bytes: ArrayLike<number>): void {
    const at = this.claim(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** UTF-8 after its length in four bytes; `false`, and nothing written, for a lone surrogate. */
  sizedText(text: string): boolean {
    const start = this.claim(4);
    const ascii = text.length <= MAX_SHORT_TEXT && this.#shortAscii(text);
    if (!ascii && !this.#text(text)) {
      this.length = start;
      return false;
    }
    this.#view.setUint32(start, this.length - start - 4, true);
    return true;
  }

  /** UTF-8 of text whose Latin-1 is `bytes`, after its length in four bytes. */
  sizedLatin1(bytes: Uint8Array): void {
    const length = encodedLength(bytes);
    this.int32(length);
    const at = this.claim(length + 1);
    encodeInto(bytes, this.#view, at);
    this.length = at + length;
  }

  /** Makes room for `length` bytes and returns where they start. */
  claim(length: number): number {
    const start = this.length;
    const end = start + length;
    if (end > this.bytes.length) this.#grow(end);
    this.length = end;
    return start;
  }

  /** The written bytes, on a buffer of about their size. The sink is used up. */
  finish(): Uint8Array<ArrayBuffer> {
    const { bytes, length } = this;
    if (bytes.length > MAX_SPARE_SIZE && bytes.length <= length * (1 + MAX_SLACK)) {
      return bytes.subarray(0, length);
    }
    if (bytes.length <= MAX_SPARE_SIZE) spare = bytes;
    return bytes.slice(0, length);
  }

  // A call into encodeInto costs as much as some sixty turns of this loop.
  #shortAscii(text: string): boolean {
    const start = this.claim(text.length);
    const bytes = this.bytes;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.length = start;
        return false;
      }
      bytes[start + i] = code;
    }
    return true;
  }

  #text(text: string): boolean {
    if (!text.isWellFormed()) return false;
    const start = this.claim(text.length * 3);
    this.length = start + encoder.encodeInto(text, this.bytes.subarray(start)).written;
    return true;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed + HEADROOM, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
