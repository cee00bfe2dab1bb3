/** Reads the numbers and texts of foreign formats. @module */

import { ClientException } from "../../errors.ts";
import { decodeUtf8 } from "../text.ts";

/**
 * How deep values may be nested, when they are read and when they are written. The readers call themselves for
 * each level, so that the bytes of a value must not decide how much of the stack they take.
 */
export const MOST_LEVELS = 1000;
/** How many levels the formats have around a value that holds no others, so that what is written can be read. */
const WRAPPING_LEVELS = 8;
/** How many bytes are copied for further references to them. */
const MOST_COPIED = 2 ** 24;

/**
 * The bytes of a foreign format and how far they have been read. Nothing is read, or allocated, past their end,
 * and nothing is nested deeper than {@linkcode MOST_LEVELS}.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  offset: number;
  /** What the format is called in messages. */
  readonly #format: string;
  readonly #view: DataView;
  #levels = 0;
  #copied = 0;

  /** The bytes belong to the caller, so values that keep some of them copy them. */
  constructor(bytes: Uint8Array, format: string, offset = 0) {
    const { buffer, byteOffset, byteLength } = bytes;
    // `slice` of a subclass may return a view, as Node's Buffer does.
    this.bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#format = format;
    this.offset = offset;
  }

  /** How many bytes are left. */
  get rest(): number {
    return this.bytes.length - this.offset;
  }

  uint8(): number {
    return this.#view.getUint8(this.advance(1));
  }

  int8(): number {
    return this.#view.getInt8(this.advance(1));
  }

  uint16(littleEndian = false): number {
    return this.#view.getUint16(this.advance(2), littleEndian);
  }

  int16(littleEndian = false): number {
    return this.#view.getInt16(this.advance(2), littleEndian);
  }

  uint32(littleEndian = false): number {
    return this.#view.getUint32(this.advance(4), littleEndian);
  }

  int32(littleEndian = false): number {
    return this.#view.getInt32(this.advance(4), littleEndian);
  }

  uint64(littleEndian = false): bigint {
    return this.#view.getBigUint64(this.advance(8), littleEndian);
  }

  int64(littleEndian = false): bigint {
    return this.#view.getBigInt64(this.advance(8), littleEndian);
  }

  float32(littleEndian = false): number {
    return this.#view.getFloat32(this.advance(4), littleEndian);
  }

  float64(littleEndian = false): number {
    return this.#view.getFloat64(this.advance(8), littleEndian);
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, this.offset);
  }

  /** The next bytes, which have to be UTF-8. */
  text(length: number): string {
    const start = this.advance(length);
    try {
      return decodeUtf8(this.bytes, start, this.offset);
    } catch (cause) {
      throw this.fault("a string is not UTF-8", cause);
    }
  }

  /** The next bytes as a string where they are UTF-8, and in a copy where they are not. */
  textOrBytes(length: number): string | Uint8Array {
    return textOrBytes(this.take(length));
  }

  /**
   * A copy for another reference to bytes that are no object where they were written, so that a change of the one does
   * not change the other. After very many copies, as only a value makes them that means harm, the bytes themselves.
   */
  ownCopy(bytes: Uint8Array): Uint8Array {
    this.#copied += bytes.length;
    return this.#copied > MOST_COPIED ? bytes : bytes.slice();
  }

  /** Skips some bytes and returns their offset. */
  advance(length: number): number {
    const start = this.offset;
    if (!(length >= 0 && length <= this.bytes.length - start)) {
      throw this.fault("it ends in the middle");
    }
    this.offset = start + length;
    return start;
  }

  /**
   * Checks a declared count of items. Each item takes at least some bytes, so a false count is refused before memory is
   * allocated.
   */
  count(items: number, leastBytes = 1): number {
    if (items >= 0 && items * leastBytes <= this.rest) return items;
    throw this.fault("it declares more items than it has bytes");
  }

  /** Begins a value that holds others. */
  enter(): void {
    if (++this.#levels > MOST_LEVELS + WRAPPING_LEVELS) {
      throw this.fault(`it is nested deeper than ${MOST_LEVELS} levels`);
    }
  }

  /** Ends what {@linkcode enter} began. */
  leave(): void {
    this.#levels--;
  }

  /** Checks that everything was read: `append` may have added bytes after the value. */
  finish(): void {
    if (this.rest > 0) throw this.fault("data follows its end");
  }

  /** The error of reading: the bytes are malformed, or hold more than plain data. */
  fault(state: string, cause?: unknown): ClientException {
    const options = cause === undefined ? undefined : { cause };
    return new ClientException(`Cannot read ${this.#format}: ${state}`, undefined, options);
  }
}

/** Bytes as a string where they are UTF-8, and in a copy where they are not. */
export function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return decodeUtf8(bytes);
  } catch {
    return new Uint8Array(bytes);
  }
}
