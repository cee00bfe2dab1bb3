/** Writes the opcodes of a pickle into a buffer, in the frames of protocol 4 and 5. @module */

import { ByteSink } from "./byte_sink.ts";
import { integerToBytes } from "./numbers.ts";
import * as opcode from "./opcodes.ts";
import { PythonName } from "./python_types.ts";

/** The protocols that can be written. */
export type PickleProtocol = 2 | 3 | 4 | 5;

const BYTES: PythonName = /* @__PURE__ */ new PythonName("builtins", "bytes");
const ENCODE: PythonName = /* @__PURE__ */ new PythonName("_codecs", "encode");

/** The length of an opcode and a length in eight bytes. */
const FRAME_HEADER_SIZE = 9;

/** The length of an opcode and a length in four bytes. */
const TEXT_HEADER_SIZE = 5;

/** CPython ends a frame at this length, and writes values of this length outside of frames. */
export const FRAME_SIZE = 65_536;

/** CPython does not make shorter frames. */
const MIN_FRAME_SIZE = 4;

/** Writes opcodes and simple values, and maintains the memo. */
export class PickleWriter {
  readonly protocol: PickleProtocol;
  readonly #sink = new ByteSink();
  readonly #memo = new Map<unknown, number>();
  #memoSize = 0;
  /** The offset of the current frame, from protocol 4 on. */
  #frame = Infinity;

  constructor(protocol: PickleProtocol) {
    this.protocol = protocol;
    this.#sink.pair(opcode.PROTO, protocol);
    if (protocol >= 4) this.#beginFrame();
  }

  /** The number of values in the memo. */
  get memoSize(): number {
    return this.#memoSize;
  }

  /** Whether `value` is in the memo. */
  remembers(value: unknown): boolean {
    return this.#memo.has(value);
  }

  /** Writes a reference to `value` if it is in the memo. */
  recall(value: unknown): boolean {
    const index = this.#memo.get(value);
    if (index !== undefined) this.#header(opcode.BINGET, opcode.LONG_BINGET, index);
    return index !== undefined;
  }

  /** Writes an opcode without an argument. */
  emit(code: number): void {
    this.#sink.uint8(code);
  }

  /** Writes an opcode, and puts its result into the memo, even if nothing refers to it later. */
  emitMemoized(code: number, value?: object): void {
    this.#sink.uint8(code);
    this.#memoize(value);
  }

  /** Must be called before each value: ends a frame that is long enough. */
  boundary(): void {
    const { length } = this.#sink;
    if (length - this.#frame < FRAME_SIZE + FRAME_HEADER_SIZE) return;
    this.#endFrame(length);
    this.#beginFrame();
  }

  /** Writes the end of a call, after a global and its arguments; more than three come after a mark. */
  call(argumentCount: number, result?: object): void {
    if (argumentCount === 0) this.emit(opcode.EMPTY_TUPLE);
    else this.emitMemoized(argumentCount > 3 ? opcode.TUPLE : opcode.TUPLE1 - 1 + argumentCount);
    this.emitMemoized(opcode.REDUCE, result);
  }

  /** Writes a number: as an int if it is a safe integer, otherwise as a float. */
  number(value: number): void {
    this.boundary();
    const int32 = value | 0;
    if (int32 === value && (value !== 0 || !Object.is(value, -0))) this.#int32(int32);
    else if (Number.isSafeInteger(value) && value !== 0) this.#safeInteger(value);
    else this.float(value);
  }

  float(value: number): void {
    this.boundary();
    this.#sink.uint8(opcode.BINFLOAT);
    this.#sink.float64(value);
  }

  bigint(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return this.number(number);
    const bytes = integerToBytes(value);
    this.#header(opcode.LONG1, opcode.LONG4, bytes.length);
    this.#sink.write(bytes);
  }

  /** Writes a string; `false` when it has a lone surrogate, which UTF-8 cannot encode. */
  text(text: string): boolean {
    this.boundary();
    if (this.recall(text)) return true;
    const start = this.#sink.length;
    const short = this.protocol >= 4 ? opcode.SHORT_BINUNICODE : undefined;
    const isWritten = this.#sink.text(text, opcode.BINUNICODE, short);
    if (this.protocol >= 4 && this.#sink.length - start >= FRAME_SIZE + TEXT_HEADER_SIZE) {
      this.#endFrame(start);
      this.#beginFrame();
    }
    this.#memoize(text);
    return isWritten;
  }

  /** Writes bytes. */
  bytes(bytes: Uint8Array, owner?: object): void {
    this.boundary();
    if (this.protocol < 3) return this.#bytesByCall(bytes, owner);
    const isFramed = bytes.length < FRAME_SIZE || this.protocol < 4;
    if (!isFramed) this.#endFrame(this.#sink.length);
    this.#header(opcode.SHORT_BINBYTES, opcode.BINBYTES, bytes.length);
    this.#sink.write(bytes);
    if (!isFramed) this.#beginFrame();
    this.#memoize(owner);
  }

  /** Writes a name. The memo knows it by the object. */
  global(global: PythonName): void {
    this.boundary();
    if (this.recall(global)) return;
    const { module, name } = global;
    if (this.protocol >= 4) {
      this.text(module);
      this.text(name);
      this.#sink.uint8(opcode.STACK_GLOBAL);
    } else {
      // The name in Python 2; Python 3 understands it in protocol 2.
      const known = module === "builtins" && this.protocol < 3 ? "__builtin__" : module;
      this.#sink.uint8(opcode.GLOBAL);
      this.#sink.ascii(`${known}\n${name}\n`);
    }
    this.#memoize(global);
  }

  /** The complete pickle. The writer must not be used after this. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#sink.uint8(opcode.STOP);
    this.#endFrame(this.#sink.length);
    return this.#sink.finish();
  }

  #int32(value: number): void {
    if (value >>> 8 === 0) this.#sink.pair(opcode.BININT1, value);
    else if (value >>> 16 === 0) {
      this.#sink.uint8(opcode.BININT2);
      this.#sink.uint16(value);
    } else {
      this.#sink.uint8(opcode.BININT);
      this.#sink.int32(value);
    }
  }

  #safeInteger(value: number): void {
    const magnitude = value < 0 ? -value - 1 : value;
    const size = magnitude < 2 ** 39 ? 5 : magnitude < 2 ** 47 ? 6 : 7;
    const high = Math.floor(value / 2 ** 32);
    this.#sink.pair(opcode.LONG1, size);
    this.#sink.int32(value);
    for (let byte = 0; byte < size - 4; byte++) this.#sink.uint8(high >> 8 * byte);
  }

  /** Protocol 2 has no type for bytes: Python 3 writes them as a call, `_codecs.encode(text, "latin1")`. */
  #bytesByCall(bytes: Uint8Array, owner: object | undefined): void {
    const [code = 0] = bytes;
    if (bytes.length === 0) {
      this.global(BYTES);
      this.emit(opcode.EMPTY_TUPLE);
      return this.emitMemoized(opcode.REDUCE, owner);
    }
    this.global(ENCODE);
    // CPython has a single string object for each such character, so it writes a reference to it.
    if (bytes.length === 1) this.text(String.fromCharCode(code));
    else {
      this.#sink.latin1Text(bytes, opcode.BINUNICODE);
      this.#memoize();
    }
    this.text("latin1");
    this.call(2, owner);
  }

  /** Puts the last written value into the memo; without `value`, it only counts as CPython does. */
  #memoize(value?: unknown): void {
    const index = this.#memoSize++;
    if (value !== undefined) this.#memo.set(value, index);
    if (this.protocol >= 4) this.#sink.uint8(opcode.MEMOIZE);
    else this.#header(opcode.BINPUT, opcode.LONG_BINPUT, index);
  }

  /** Writes one of two opcodes: for an argument of one byte, or of four. */
  #header(short: number, long: number, argument: number): void {
    if (argument <= 0xff) this.#sink.pair(short, argument);
    else this.#sink.header(long, argument);
  }

  #beginFrame(): void {
    this.#frame = this.#sink.claim(FRAME_HEADER_SIZE);
  }

  /** Ends the current frame, if there is one, before an offset. */
  #endFrame(end: number): void {
    if (this.#frame === Infinity) return;
    const start = this.#frame;
    const size = end - start - FRAME_HEADER_SIZE;
    if (size < MIN_FRAME_SIZE) this.#sink.remove(start, FRAME_HEADER_SIZE);
    else {
      this.#sink.bytes[start] = opcode.FRAME;
      this.#sink.setInt32(start + 1, size);
      this.#sink.setInt32(start + 5, 0); // the length of a frame always fits into four bytes
    }
  }
}

/**
 * Where the bytes begin in the buffer of a pickle of long bytes. Some processors copy a megabyte fourteen times slower
 * if source and destination differ by 1 to 15 bytes within a page, as they would behind the seven bytes of the head.
 */
const LONG_BYTES_START = 16;

/**
 * The pickle of a single long bytes value, from protocol 3 on. It is allocated once, so it is as fast as a copy.
 */
export function pickleLongBytes(
  bytes: Uint8Array,
  protocol: PickleProtocol,
): Uint8Array<ArrayBuffer> {
  const { length } = bytes;
  const head = [
    opcode.PROTO,
    protocol,
    opcode.BINBYTES,
    length,
    length >> 8,
    length >> 16,
    length >> 24,
  ];
  const memoized = protocol >= 4 ? [opcode.MEMOIZE] : [opcode.BINPUT, 0];
  const start = LONG_BYTES_START - head.length;
  const size = LONG_BYTES_START + length + memoized.length + 1;
  const pickle = new Uint8Array(size).subarray(start);
  pickle.set(head);
  pickle.set(bytes, head.length);
  pickle.set([...memoized, opcode.STOP], head.length + length);
  return pickle;
}
