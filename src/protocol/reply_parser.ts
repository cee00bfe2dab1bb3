/**
 * The parser of all replies. It knows two rules of the protocol: a line ends with CRLF, and some lines declare the
 * length of a data block that follows. The handler interprets the lines.
 *
 * @module
 */

import { SocketError } from "../errors.ts";
import { Interruption } from "./refusal.ts";

/** The result of {@linkcode ReplyHandler.line} when no data block follows. */
export const NO_DATA = -1;

/** Handles lines and data blocks. The bytes are valid only until the method returns. */
export interface ReplyHandler {
  /**
   * Called with a line, without its CRLF: `bytes[start…end)`.
   *
   * @returns The length in bytes of the data block that follows, or {@linkcode NO_DATA}.
   */
  line(bytes: Uint8Array, start: number, end: number): number;
  /**
   * Called with a data block, without its CRLF: `bytes[start…end)`. If this is all of `bytes`, and `bytes` is all of
   * its buffer, the handler may keep it.
   */
  data(bytes: Uint8Array, start: number, end: number): void;
  /** Returns where to collect a data block that spans several chunks; a new buffer by default. */
  place?(byteLength: number): Uint8Array<ArrayBuffer> | undefined;
}

const CR = 0x0d;
const LF = 0x0a;
/**
 * The maximum length of a line. memcached's lines are much shorter; without a limit, a server could fill our memory.
 */
const LONGEST_LINE = 1 << 16;

/**
 * Splits a stream of chunks into lines and data blocks. Each byte is read once. A data block that spans several chunks
 * is collected in one buffer of the declared length.
 */
export class ReplyParser {
  readonly #handler: ReplyHandler;
  readonly #maxValueBytes: number;
  /** The beginning of a line whose end has not arrived yet. */
  #line = new Uint8Array(256);
  #lineLength = 0;
  /** The data block that is being collected, and how many bytes of it and of its CRLF have arrived. */
  #block: Uint8Array<ArrayBuffer> | undefined;
  #blockLength = 0;

  /**
   * @param handler Called with each line and data block.
   * @param maxValueBytes The maximum length of a data block.
   */
  constructor(handler: ReplyHandler, maxValueBytes: number) {
    this.#handler = handler;
    this.#maxValueBytes = maxValueBytes;
  }

  /**
   * Parses the next chunk of the stream.
   *
   * @throws {SocketError} When the bytes do not follow memcached's protocol; an {@linkcode Interruption} when a value
   * is too long. The parser cannot continue then.
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#block === undefined ? this.#pushLine(chunk, at) : this.#pushBlock(chunk, at);
    }
  }

  #pushLine(chunk: Uint8Array, start: number): number {
    let end = start;
    // Lines are short: a loop finds their end faster than indexOf.
    while (end < chunk.length && chunk[end] !== LF) end++;
    if (end === chunk.length) return this.#keepLine(chunk, start, end);
    if (this.#lineLength === 0) return this.#endLine(chunk, start, end, chunk, end + 1);
    this.#keepLine(chunk, start, end + 1);
    const length = this.#lineLength;
    this.#lineLength = 0;
    return this.#endLine(this.#line, 0, length - 1, chunk, end + 1);
  }

  #keepLine(chunk: Uint8Array, start: number, end: number): number {
    const length = this.#lineLength + end - start;
    if (length > LONGEST_LINE) throw new SocketError("a line of the reply has no end");
    if (length > this.#line.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.#line.subarray(0, this.#lineLength));
      this.#line = grown;
    }
    this.#line.set(chunk.subarray(start, end), this.#lineLength);
    this.#lineLength = length;
    return end;
  }

  /** Passes the line in `bytes` to the handler, and continues in `chunk` at `next`, where its data block begins. */
  #endLine(bytes: Uint8Array, start: number, lf: number, chunk: Uint8Array, next: number): number {
    if (lf === start || bytes[lf - 1] !== CR) {
      throw new SocketError("a line of the reply does not end with CRLF");
    }
    const byteLength = this.#handler.line(bytes, start, lf - 1);
    return byteLength === NO_DATA ? next : this.#startBlock(chunk, next, byteLength);
  }

  #startBlock(chunk: Uint8Array, start: number, byteLength: number): number {
    if (byteLength > this.#maxValueBytes) {
      throw new Interruption(
        `the reply declares a value of ${byteLength} bytes, more than maxValueBytes allows`,
      );
    }
    const end = start + byteLength;
    if (end + 2 <= chunk.length) {
      if (chunk[end] !== CR || chunk[end + 1] !== LF) throw notAsDeclared();
      this.#handler.data(chunk, start, end);
      return end + 2;
    }
    const placed = this.#handler.place?.(byteLength);
    this.#block = placed?.length === byteLength ? placed : new Uint8Array(byteLength);
    this.#blockLength = 0;
    return start;
  }

  /**
   * The buffer for the next bytes while a data block is being collected. The reader may read directly into it and call
   * {@linkcode filled}, instead of pushing a chunk.
   */
  get vacancy(): Uint8Array<ArrayBuffer> | undefined {
    return this.#block?.subarray(this.#blockLength);
  }

  /** Records that the next bytes of the stream have been read to the beginning of {@linkcode vacancy}. */
  filled(count: number): void {
    this.#blockLength += count;
  }

  #pushBlock(chunk: Uint8Array, start: number): number {
    const block = this.#block!;
    let at = start;
    if (this.#blockLength < block.length) {
      const taken = Math.min(block.length - this.#blockLength, chunk.length - start);
      block.set(chunk.subarray(start, start + taken), this.#blockLength);
      this.#blockLength += taken;
      at += taken;
    }
    for (; at < chunk.length && this.#blockLength >= block.length; at++) {
      const expected = this.#blockLength++ === block.length ? CR : LF;
      if (chunk[at] !== expected) throw notAsDeclared();
      if (expected === CR) continue;
      this.#block = undefined;
      this.#handler.data(block, 0, block.length);
      return at + 1;
    }
    return at;
  }
}

function notAsDeclared(): SocketError {
  return new SocketError("a value is not as long as the reply declares");
}
