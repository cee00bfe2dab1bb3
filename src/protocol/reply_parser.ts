/**
 * The only reply parser. It knows two things of the protocol: a line ends with CRLF, and some lines
 * are followed by a data block whose length they declare. What a line means is the handler's to say.
 *
 * @module
 */

import { SocketError } from "../errors.ts";
import { Interruption } from "./refusal.ts";

/** What {@linkcode ReplyHandler.line} answers when no data block follows. */
export const NO_DATA = -1;

/** Takes a reply apart. Both methods are given bytes that are theirs only until they return. */
export interface ReplyHandler {
  /**
   * One line, without its CRLF, at `bytes[start]` up to `bytes[end]`.
   *
   * @returns The length in bytes of the data block that follows, or {@linkcode NO_DATA}.
   */
  line(bytes: Uint8Array, start: number, end: number): number;
  /**
   * The data block, without its CRLF, at `bytes[start]` up to `bytes[end]`. Where that is the whole of
   * `bytes`, and `bytes` the whole of its buffer, it is the handler's to keep.
   */
  data(bytes: Uint8Array, start: number, end: number): void;
}

const CR = 0x0d;
const LF = 0x0a;
/** No line of memcached's comes near; without a bound a server could make us keep any amount. */
const LONGEST_LINE = 1 << 16;

/**
 * Cuts a stream of chunks into lines and data blocks. Each byte is looked at once, and a data block
 * that spans chunks is gathered in one allocation of the declared size.
 */
export class ReplyParser {
  readonly #handler: ReplyHandler;
  readonly #maxValueBytes: number;
  /** The beginning of a line whose end has not come yet. */
  #line = new Uint8Array(256);
  #lineLength = 0;
  /** The data block that is being gathered, and how many bytes of it and of its CRLF have come. */
  #block: Uint8Array<ArrayBuffer> | undefined;
  #blockLength = 0;

  /**
   * @param handler Who is told of each line and data block.
   * @param maxValueBytes The longest data block that is accepted.
   */
  constructor(handler: ReplyHandler, maxValueBytes: number) {
    this.#handler = handler;
    this.#maxValueBytes = maxValueBytes;
  }

  /**
   * Takes the next chunk of the stream.
   *
   * @throws {SocketError} When the bytes are no replies of memcached's, an {@linkcode Interruption} when a
   * value is too long. The parser cannot go on then.
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#block === undefined ? this.#pushLine(chunk, at) : this.#pushBlock(chunk, at);
    }
  }

  #pushLine(chunk: Uint8Array, start: number): number {
    let end = start;
    // Lines are short: a loop finds their end sooner than a call of indexOf.
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

  /** Hands over the line in `bytes` and goes on in `chunk` at `next`, where its data block begins. */
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
    this.#block = new Uint8Array(byteLength);
    this.#blockLength = 0;
    return start;
  }

  /**
   * Where the next bytes of the stream belong when a data block is being gathered: whoever reads them
   * may put them there and tell {@linkcode filled}, instead of pushing a chunk.
   */
  get vacancy(): Uint8Array<ArrayBuffer> | undefined {
    return this.#block?.subarray(this.#blockLength);
  }

  /** Takes note that the next bytes of the stream have been put where {@linkcode vacancy} begins. */
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
