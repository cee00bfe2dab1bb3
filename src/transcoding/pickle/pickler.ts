import { ByteSink } from "./byte_sink.ts";
import { Equality } from "./equality.ts";
import { unstorable } from "./faults.ts";
import { integerToBytes } from "./integers.ts";
import { opcode } from "./opcodes.ts";
import { saveObject } from "./save_object.ts";
import type { ValidationException } from "../../errors.ts";

/** Most steps of the way to a value that a message names. */
const MAX_PATH = 20;

/** A container that is being written. */
export interface Frame {
  /** Writes on: to its end, or until one of its items is a container and has to be written first. */
  advance(pickler: Pickler): void;
  /** Where in the container the last item stands, as JavaScript would name it. */
  readonly place: string;
}

/**
 * Writes protocol 2, byte for byte as CPython's C pickler does, but for one thing: CPython knows
 * strings again by identity. Here they have none, so every equal string is a reference to the first.
 */
export class Pickler {
  readonly #sink = new ByteSink();
  readonly #frames: Frame[] = [];
  readonly #memo = new Map<unknown, number>();
  readonly #entered = new Map<object, number>();
  #memoSize = 0;
  #equality: Equality | undefined;

  /** One for all keys, so that a key within keys is looked at but once. */
  get equality(): Equality {
    return this.#equality ??= new Equality();
  }

  /** Writes `value` and all that it holds, with a stack of its own: it may be nested to any depth. */
  dump(value: unknown): Uint8Array<ArrayBuffer> {
    this.#sink.pair(opcode.PROTO, 2);
    this.save(value);
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      frame.advance(this);
    }
    this.emit(opcode.STOP);
    return this.#sink.finish();
  }

  /** Writes a value; `false` when it is a container, which is open now and comes before all else. */
  save(value: unknown): boolean {
    switch (typeof value) {
      case "string":
        this.saveText(value);
        return true;
      case "number":
        this.#saveNumber(value);
        return true;
      case "boolean":
        this.emit(value ? opcode.NEWTRUE : opcode.NEWFALSE);
        return true;
      case "bigint":
        this.#saveBigint(value);
        return true;
      case "object":
        return this.#saveReference(value);
      default:
        throw this.fault(value === undefined ? "undefined" : `a ${typeof value}`, value);
    }
  }

  saveText(text: string): void {
    if (this.recall(text)) return;
    this.emit(opcode.BINUNICODE);
    if (!this.#sink.sizedText(text)) throw this.fault("a string with a lone surrogate", text);
    this.memoize(text);
  }

  saveFloat(value: number): void {
    this.emit(opcode.BINFLOAT);
    this.#sink.float64(value);
  }

  /** Writes the text whose Latin-1 is `bytes`, of which there is at least one. */
  saveLatin1(bytes: Uint8Array): void {
    // CPython has but one string of each such character, and knows it again.
    if (bytes.length === 1) return this.saveText(String.fromCharCode(bytes[0]!));
    this.emit(opcode.BINUNICODE);
    this.#sink.sizedLatin1(bytes);
    this.memoize();
  }

  /** Writes a GLOBAL that is made ready, unless the memo has it. */
  saveGlobal(global: Uint8Array): void {
    if (this.recall(global)) return;
    this.#sink.write(global);
    this.memoize(global);
  }

  /** Writes an opcode that has no argument. */
  emit(code: number): void {
    this.#sink.uint8(code);
  }

  /** Writes an opcode whose result goes to the memo, though maybe nothing will refer to it. */
  emitMemoized(code: number, value?: object): void {
    this.#sink.uint8(code);
    this.memoize(value);
  }

  /** Puts what was written last into the memo; without `value`, only to keep CPython's count. */
  memoize(value?: unknown): void {
    const index = this.#memoSize++;
    if (value !== undefined) this.#memo.set(value, index);
    if (index <= 0xff) this.#sink.pair(opcode.BINPUT, index);
    else {
      this.emit(opcode.LONG_BINPUT);
      this.#sink.int32(index);
    }
  }

  /** Writes a reference to `value` if the memo has it. */
  recall(value: unknown): boolean {
    const index = this.#memo.get(value);
    if (index === undefined) return false;
    if (index <= 0xff) this.#sink.pair(opcode.BINGET, index);
    else {
      this.emit(opcode.LONG_BINGET);
      this.#sink.int32(index);
    }
    return true;
  }

  /** Whether the memo has `value`. */
  remembers(value: unknown): boolean {
    return this.#memo.has(value);
  }

  /**
   * To be called for a tuple, which the memo gets only after its items. One that comes again before
   * that has to hold a list or dict which the memo got in the meantime, or else holds but itself.
   */
  enter(tuple: object): void {
    if (this.#entered.get(tuple) === this.#memoSize) {
      throw this.fault("a tuple that is an item of itself", tuple);
    }
    this.#entered.set(tuple, this.#memoSize);
  }

  /** Opens a frame, and returns what {@linkcode Pickler.save} does then. */
  open(frame: Frame): false {
    this.#frames.push(frame);
    return false;
  }

  /** Closes the frame that was opened last. */
  close(): void {
    this.#frames.pop();
  }

  /** An error that says where in the whole value the one at fault stands. */
  fault(state: string, value: unknown): ValidationException {
    const places = this.#frames.slice(0, MAX_PATH).map((frame) => frame.place);
    const rest = this.#frames.length > MAX_PATH ? "…" : "";
    return unstorable(state, value, (places.join("") + rest).replace(/^\./, ""));
  }

  #saveNumber(value: number): void {
    const int32 = value | 0;
    if (int32 === value && (value !== 0 || !Object.is(value, -0))) this.#saveInt32(int32);
    else if (Number.isSafeInteger(value) && value !== 0) this.#saveSafeInteger(value);
    else this.saveFloat(value);
  }

  #saveInt32(value: number): void {
    if (value >>> 8 === 0) this.#sink.pair(opcode.BININT1, value);
    else if (value >>> 16 === 0) {
      this.emit(opcode.BININT2);
      this.#sink.uint16(value);
    } else {
      this.emit(opcode.BININT);
      this.#sink.int32(value);
    }
  }

  #saveSafeInteger(value: number): void {
    const magnitude = value < 0 ? -value - 1 : value;
    const size = magnitude < 2 ** 39 ? 5 : magnitude < 2 ** 47 ? 6 : 7;
    this.#sink.pair(opcode.LONG1, size);
    this.#sink.integer(value, size);
  }

  #saveBigint(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return this.#saveNumber(number);
    const bytes = integerToBytes(value);
    if (bytes.length <= 0xff) this.#sink.pair(opcode.LONG1, bytes.length);
    else {
      this.emit(opcode.LONG4);
      this.#sink.int32(bytes.length);
    }
    this.#sink.write(bytes);
  }

  #saveReference(value: object | null): boolean {
    if (value !== null) return this.recall(value) || saveObject(this, value);
    this.emit(opcode.NONE);
    return true;
  }
}
