/**
 * What a client sends, as lines and values.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { type BufferPool, ByteBuffer } from "./buffers.ts";
import { decodeLatin1 } from "./byte_text.ts";

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** The length in bytes of the line end behind a value. */
export const LINE_END_LENGTH = 2;

/** memcached gives up on a line as long as this that has no end, unless it is a `get`. */
const MAX_OPEN_LINE = 2048;
/** memcached sets no bound to a `get`; here its keys must fit this many bytes. */
const MAX_OPEN_RETRIEVAL = 4 * 1024 * 1024;
const RETRIEVAL = /^ {0,100}gets? /;
const RETRIEVAL_PREFIX_LENGTH = 105;

/** The bytes that a client sends, wherever they are split. */
export class RequestInput {
  readonly #line: ByteBuffer;
  readonly #value: ByteBuffer;
  #chunk: Uint8Array = new Uint8Array();
  /** How much of the chunk has been read. */
  #offset = 0;
  #deferred: Uint8Array | undefined;

  /** Takes where its memory comes from. */
  constructor(buffers: BufferPool) {
    this.#line = new ByteBuffer(buffers);
    this.#value = new ByteBuffer(buffers);
  }

  /** Whether all that came has been read. */
  get isEmpty(): boolean {
    return this.#offset >= this.#chunk.byteLength;
  }

  /** Takes what comes next. It must not change until all of it is read. */
  receive(chunk: Uint8Array): void {
    this.#chunk = this.#deferred === undefined ? chunk : concat([this.#deferred, chunk]);
    this.#offset = 0;
    this.#deferred = undefined;
  }

  /** Leaves the rest until more comes. */
  defer(): void {
    if (!this.isEmpty) this.#deferred = this.#chunk.slice(this.#offset);
    this.#offset = this.#chunk.byteLength;
  }

  /**
   * Reads a line.
   *
   * @returns The line without its end, a character per byte; `undefined` when the end has not come yet, and `null`
   * when the line is longer than memcached reads.
   */
  readLine(): string | undefined | null {
    const start = this.#offset;
    const end = this.#chunk.indexOf(NEWLINE, start);
    if (end < 0) return this.#keepOpenLine() ? undefined : null;
    this.#offset = end + 1;
    if (this.#line.byteLength === 0) return decodeLine(this.#chunk, start, end);
    this.#line.append(this.#chunk.subarray(start, end));
    const bytes = this.#line.peek();
    const line = decodeLine(bytes, 0, bytes.byteLength);
    this.#line.release();
    return line;
  }

  /**
   * Reads a part of a value, as much as has come.
   *
   * @param remaining How many bytes are still to come of the value and its line end.
   * @param keeps Whether the value is wanted.
   * @returns How many bytes there were. Once all have come, {@linkcode takeValue} gives the value.
   */
  readValue(remaining: number, keeps: boolean): number {
    const start = this.#offset;
    this.#offset = Math.min(start + remaining, this.#chunk.byteLength);
    const byteLength = this.#offset - start;
    const isParted = byteLength < remaining || this.#value.byteLength > 0;
    if (!keeps || !isParted || byteLength === 0) return byteLength;
    // Memory for all of it is only taken when some of it has come.
    this.#value.reserve(remaining);
    this.#value.append(this.#chunk.subarray(start, this.#offset));
    return byteLength;
  }

  /**
   * Gives a value of which all has come.
   *
   * @param byteLength The length of the value in bytes, without its line end.
   * @returns The value, a view that holds until {@linkcode endValue}; `undefined` where it does not end in a line
   * end.
   */
  takeValue(byteLength: number): Uint8Array | undefined {
    const isParted = this.#value.byteLength > 0;
    const bytes = isParted ? this.#value.peek() : this.#chunk;
    const start = isParted ? 0 : this.#offset - byteLength - LINE_END_LENGTH;
    const end = start + byteLength;
    const endsInLine = bytes[end] === CARRIAGE_RETURN && bytes[end + 1] === NEWLINE;
    return endsInLine ? bytes.subarray(start, end) : undefined;
  }

  /** Lets go of a value. */
  endValue(): void {
    this.#value.release();
  }

  /** Gives all memory back. Nothing can be read any more. */
  close(): void {
    this.#line.release();
    this.#value.release();
  }

  #keepOpenLine(): boolean {
    this.#line.append(this.#chunk.subarray(this.#offset));
    this.#offset = this.#chunk.byteLength;
    const open = this.#line.peek();
    return open.byteLength <= (isRetrieval(open) ? MAX_OPEN_RETRIEVAL : MAX_OPEN_LINE);
  }
}

/**
 * Splits a line into words. `String.split` would take twice as long.
 *
 * @param line The line.
 * @returns What there is between spaces.
 */
export function tokenize(line: string): readonly string[] {
  const tokens: string[] = [];
  for (let start = 0; start < line.length;) {
    const space = line.indexOf(" ", start);
    const end = space < 0 ? line.length : space;
    if (end > start) tokens.push(line.slice(start, end));
    start = end + 1;
  }
  return tokens;
}

/** A line ends before its CR, and like every string in C before its first NUL. */
function decodeLine(bytes: Uint8Array, start: number, end: number): string {
  const isReturned = end > start && bytes[end - 1] === CARRIAGE_RETURN;
  const line = decodeLatin1(bytes.subarray(start, isReturned ? end - 1 : end));
  const length = line.indexOf("\0");
  return length < 0 ? line : line.slice(0, length);
}

function isRetrieval(line: Uint8Array): boolean {
  return RETRIEVAL.test(decodeLatin1(line.subarray(0, RETRIEVAL_PREFIX_LENGTH)));
}
