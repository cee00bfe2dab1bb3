import { ByteSink } from "./byte_sink.ts";
import { integerToBytes } from "./numbers.ts";
import * as opcode from "./opcodes.ts";

/** What Python knows by a name. The memo knows it by the object. */
export interface Global {
  readonly module: string;
  readonly name: string;
}

const BYTES: Global = { module: "__builtin__", name: "bytes" };
const ENCODE: Global = { module: "_codecs", name: "encode" };

/** Writes opcodes and the values that hold no others, in protocol 2, and keeps the memo. */
export class PickleWriter {
  readonly #sink = new ByteSink();
  readonly #memo = new Map<unknown, number>();
  #memoSize = 0;

  constructor() {
    this.#sink.pair(opcode.PROTO, 2);
  }

  /** How many values the memo has. */
  get memoSize(): number {
    return this.#memoSize;
  }

  /** Whether the memo has `value`. */
  remembers(value: unknown): boolean {
    return this.#memo.has(value);
  }

  /** Writes a reference to `value` if the memo has it. */
  recall(value: unknown): boolean {
    const index = this.#memo.get(value);
    if (index !== undefined) this.#emitSized(opcode.BINGET, opcode.LONG_BINGET, index);
    return index !== undefined;
  }

  /** Writes an opcode that has no argument. */
  emit(code: number): void {
    this.#sink.uint8(code);
  }

  /** Writes an opcode whose result goes to the memo, though maybe nothing will refer to it. */
  emitMemoized(code: number, value?: object): void {
    this.#sink.uint8(code);
    this.#memoize(value);
  }

  /** Writes a number: as an int when it is a safe integer, else as a float. */
  number(value: number): void {
    const int32 = value | 0;
    if (int32 === value && (value !== 0 || !Object.is(value, -0))) this.#int32(int32);
    else if (Number.isSafeInteger(value) && value !== 0) this.#safeInteger(value);
    else this.float(value);
  }

  float(value: number): void {
    this.#sink.uint8(opcode.BINFLOAT);
    this.#sink.float64(value);
  }

  bigint(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return this.number(number);
    const bytes = integerToBytes(value);
    this.#emitSized(opcode.LONG1, opcode.LONG4, bytes.length);
    this.#sink.write(bytes);
  }

  /** Writes a string; `false` when there is no UTF-8 of it, for a lone surrogate. */
  text(text: string): boolean {
    if (this.recall(text)) return true;
    this.#sink.uint8(opcode.BINUNICODE);
    const isWritten = this.#sink.sizedText(text);
    this.#memoize(text);
    return isWritten;
  }

  /** Writes bytes. Protocol 2 has none: Python 3 makes them from text, `_codecs.encode(…, "latin1")`. */
  bytes(bytes: Uint8Array, owner?: object): void {
    if (bytes.length === 0) {
      this.global(BYTES);
      this.emit(opcode.EMPTY_TUPLE);
    } else {
      this.global(ENCODE);
      this.#latin1(bytes);
      this.text("latin1");
      this.emitMemoized(opcode.TUPLE2);
    }
    this.emitMemoized(opcode.REDUCE, owner);
  }

  global(global: Global): void {
    if (this.recall(global)) return;
    this.#sink.uint8(opcode.GLOBAL);
    this.#sink.ascii(`${global.module}\n${global.name}\n`);
    this.#memoize(global);
  }

  /** The whole pickle. The writer is used up. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#sink.uint8(opcode.STOP);
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

  #latin1(bytes: Uint8Array): void {
    const [code = 0] = bytes;
    // CPython has only one string of each such character, and refers to that.
    if (bytes.length === 1) this.text(String.fromCharCode(code));
    else {
      this.#sink.uint8(opcode.BINUNICODE);
      this.#sink.sizedLatin1(bytes);
      this.#memoize();
    }
  }

  /** Puts what was written last into the memo; without `value`, only to keep CPython's count. */
  #memoize(value?: unknown): void {
    const index = this.#memoSize++;
    if (value !== undefined) this.#memo.set(value, index);
    this.#emitSized(opcode.BINPUT, opcode.LONG_BINPUT, index);
  }

  /** Writes one of two opcodes, by whether their argument takes one byte or four. */
  #emitSized(short: number, long: number, argument: number): void {
    if (argument <= 0xff) this.#sink.pair(short, argument);
    else {
      this.#sink.uint8(long);
      this.#sink.int32(argument);
    }
  }
}
