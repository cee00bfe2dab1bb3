/** The buffer that a pickle, or another format of bytes, is written into. @module */

const INITIAL_SIZE = 4096;
const MAX_SPARE_SIZE = 65_536;
const MAX_SHORT_TEXT = 64;

/** Extra room after a large write, so that the next few bytes do not double the buffer. */
const HEADROOM = 1024;

/** The part of the result's length that may be unused in its buffer. */
const MAX_SLACK = 1 / 8;

const encoder: TextEncoder = /* @__PURE__ */ new TextEncoder();

/** The buffer of the last finished sink, for the next one: most pickles are small. */
let spare: Uint8Array<ArrayBuffer> | undefined;

/** The UTF-8 of each character up to U+00FF, one or two bytes as a little-endian number. */
let latin1Utf8: Uint16Array | undefined;

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
    this.bytes[at] = value;
    this.bytes[at + 1] = value >> 8;
  }

  /** An opcode and its argument of four bytes. */
  header(code: number, argument: number): void {
    this.uint8(code);
    this.int32(argument);
  }

  /** Writes a signed or unsigned integer; of a larger one, the low 32 bits. */
  int32(value: number): void {
    this.setInt32(this.claim(4), value);
  }

  /** Big-endian, as floats in pickles are; everything else is little-endian. */
  float64(value: number): void {
    const at = this.claim(8);
    this.#view.setFloat64(at, value);
  }

  write(bytes: Uint8Array): void {
    const at = this.claim(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** Writes text, up to its first character that is not ASCII; `false` when there is one. */
  ascii(text: string): boolean {
    const start = this.claim(text.length);
    const bytes = this.bytes;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[start + i] = code;
    }
    return true;
  }

  /**
   * Writes an opcode, the length of a text's UTF-8 in four bytes, and the UTF-8; `false` when the text has a lone
   * surrogate. If possible, the opcode `short` is used, whose length takes one byte.
   */
  text(text: string, long: number, short?: number): boolean {
    const start = this.length;
    // A call of encodeInto takes as long as about sixty iterations of the other loop.
    if (text.length <= MAX_SHORT_TEXT) {
      if (short === undefined) this.header(long, text.length);
      else this.pair(short, text.length);
      if (this.ascii(text)) return true;
      this.length = start;
    }
    if (!text.isWellFormed()) return false;
    this.header(long, 0);
    this.#utf8(text);
    const size = this.length - start - 5;
    if (short === undefined || size > 0xff) this.setInt32(start + 1, size);
    else {
      this.remove(start, 3);
      this.bytes[start] = short;
      this.bytes[start + 1] = size;
    }
    return true;
  }

  /** Writes, in the same way, the text whose Latin-1 encoding is `bytes`. */
  latin1Text(bytes: Uint8Array, long: number): void {
    const { length } = bytes;
    let size = length;
    for (let i = 0; i < length; i++) size += bytes[i]! >> 7;
    this.header(long, size);
    let at = this.claim(size + 1);
    const target = this.bytes;
    const utf8Of = latin1Utf8 ??= Uint16Array.from(
      { length: 256 },
      (_, code) => utf8OfLatin1(code),
    );
    // Without branches: for random bytes, the processor would mispredict half of them.
    for (let i = 0; i < length; i++) {
      const byte = bytes[i]!;
      const utf8 = utf8Of[byte]!;
      target[at] = utf8;
      target[at + 1] = utf8 >> 8;
      at += 1 + (byte >> 7);
    }
    this.length = at;
  }

  /** Overwrites four bytes with an integer. */
  setInt32(at: number, value: number): void {
    const bytes = this.bytes;
    bytes[at] = value;
    bytes[at + 1] = value >> 8;
    bytes[at + 2] = value >> 16;
    bytes[at + 3] = value >> 24;
  }

  /** Removes bytes that were written. */
  remove(start: number, length: number): void {
    this.bytes.copyWithin(start, start + length, this.length);
    this.length -= length;
  }

  /** Makes room for `length` bytes and returns their offset. */
  claim(length: number): number {
    const start = this.length;
    const end = start + length;
    if (end > this.bytes.length) this.#grow(end);
    this.length = end;
    return start;
  }

  /** The written bytes, in a buffer of about their size. The sink must not be used after this. */
  finish(): Uint8Array<ArrayBuffer> {
    const { bytes, length } = this;
    if (bytes.length > MAX_SPARE_SIZE && bytes.length <= length * (1 + MAX_SLACK)) {
      return bytes.subarray(0, length);
    }
    if (bytes.length <= MAX_SPARE_SIZE) spare = bytes;
    return bytes.slice(0, length);
  }

  #utf8(text: string): void {
    const start = this.claim(text.length * 3);
    this.length = start + encoder.encodeInto(text, this.bytes.subarray(start)).written;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed + HEADROOM, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function utf8OfLatin1(code: number): number {
  return code < 0x80 ? code : 0xc0 | code >> 6 | (0x80 | code & 0x3f) << 8;
}
