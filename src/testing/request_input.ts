/**
 * Splits what a client sends into lines and values.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { type BufferPool, ByteBuffer } from "./buffers.ts";
import { decodeLatin1 } from "./byte_text.ts";

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** The length in bytes of the line end after a value. */
export const LINE_END_LENGTH = 2;

/** memcached closes the connection when a line of this length has no end, unless it is a `get`. */
const MAX_OPEN_LINE = 2048;
/** memcached does not limit the length of a `get`; here the line must fit into this many bytes. */
const MAX_OPEN_RETRIEVAL = 4 * 1024 * 1024;
const RETRIEVAL = /^ {0,100}gets? /;
const RETRIEVAL_PREFIX_LENGTH = 105;

/** The bytes that a client sends. They may be split anywhere. */
export class RequestInput {
  readonly #line: ByteBuffer;
  readonly #value: ByteBuffer;
  #chunk: Uint8Array = new Uint8Array();
  /** How many bytes of the chunk have been read. */
  #offset = 0;
  #deferred: Uint8Array | undefined;

  /** Makes an empty input that takes its memory from a pool. */
  constructor(buffers: BufferPool) {
    this.#line = new ByteBuffer(buffers);
    this.#value = new ByteBuffer(buffers);
  }

  /** Whether all received bytes have been read. */
  get isEmpty(): boolean {
    return this.#offset >= this.#chunk.byteLength;
  }

  /** Takes the next bytes. They must not change until all of them have been read. */
  receive(chunk: Uint8Array): void {
    this.#chunk = this.#deferred === undefined ? chunk : concat([this.#deferred, chunk]);
    this.#offset = 0;
    this.#deferred = undefined;
  }

  /** Leaves the rest unread until more bytes arrive. */
  defer(): void {
    if (!this.isEmpty) this.#deferred = this.#chunk.slice(this.#offset);
    this.#offset = this.#chunk.byteLength;
  }

  /**
   * Reads a line.
   *
   * @returns The line without its end, a character per byte; `undefined` when its end has not arrived yet, and `null`
   * when it is longer than memcached allows.
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
   * Reads as much of a value as has arrived.
   *
   * @param remaining How many bytes of the value and its line end have not been read yet.
   * @param keeps Whether the value is needed.
   * @returns How many bytes were read. When all have been read, {@linkcode takeValue} returns the value.
   */
  readValue(remaining: number, keeps: boolean): number {
    const start = this.#offset;
    this.#offset = Math.min(start + remaining, this.#chunk.byteLength);
    const byteLength = this.#offset - start;
    const isParted = byteLength < remaining || this.#value.byteLength > 0;
    if (!keeps || !isParted || byteLength === 0) return byteLength;
    // Memory for the whole value is allocated only when a part of it has arrived.
    this.#value.reserve(remaining);
    this.#value.append(this.#chunk.subarray(start, this.#offset));
    return byteLength;
  }

  /**
   * Returns a value that has arrived completely.
   *
   * @param byteLength The length of the value in bytes, without its line end.
   * @returns The value, as a view that is valid until {@linkcode endValue}; `undefined` when its line end is missing.
   */
  takeValue(byteLength: number): Uint8Array | undefined {
    const isParted = this.#value.byteLength > 0;
    const bytes = isParted ? this.#value.peek() : this.#chunk;
    const start = isParted ? 0 : this.#offset - byteLength - LINE_END_LENGTH;
    const end = start + byteLength;
    const endsInLine = bytes[end] === CARRIAGE_RETURN && bytes[end + 1] === NEWLINE;
    return endsInLine ? bytes.subarray(start, end) : undefined;
  }

  /** Frees the memory of a value. */
  endValue(): void {
    this.#value.release();
  }

  /** Frees all memory. Nothing can be read after this. */
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
 * Splits a line into tokens. `String.split` would take twice as long.
 *
 * @param line The line.
 * @returns The tokens between spaces.
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

/** A line ends before its CR and, like every string in C, before its first NUL. */
function decodeLine(bytes: Uint8Array, start: number, end: number): string {
  const isReturned = end > start && bytes[end - 1] === CARRIAGE_RETURN;
  const line = decodeLatin1(bytes.subarray(start, isReturned ? end - 1 : end));
  const length = line.indexOf("\0");
  return length < 0 ? line : line.slice(0, length);
}

function isRetrieval(line: Uint8Array): boolean {
  return RETRIEVAL.test(decodeLatin1(line.subarray(0, RETRIEVAL_PREFIX_LENGTH)));
}
