/** Writes pickles: containers, and objects that Python makes by calls. @module */

import { quote, ValidationException } from "../../errors.ts";
import { writtenDate } from "./datetime.ts";
import { Equality } from "./keys.ts";
import * as opcode from "./opcodes.ts";
import { FRAME_SIZE, pickleLongBytes, type PickleProtocol, PickleWriter } from "./pickle_writer.ts";
import {
  callOf,
  isFrozenSet,
  isTuple,
  type PythonCall,
  PythonName,
  PythonObject,
} from "./python_types.ts";
import { Complex } from "../complex.ts";
import { TimeDelta, TimeZone } from "./time_types.ts";

/** The maximum number of items that CPython adds to a list or dict with one opcode. */
const BATCH_SIZE = 1000;

/** Tuples of up to three items need no mark. */
const MAX_SMALL_TUPLE = 3;

/** The maximum number of steps, in messages, of the path to a value. */
const MAX_PATH = 20;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

const SET: PythonName = /* @__PURE__ */ new PythonName("builtins", "set");
const FROZENSET: PythonName = /* @__PURE__ */ new PythonName("builtins", "frozenset");
const COMPLEX: PythonName = /* @__PURE__ */ new PythonName("builtins", "complex");
const DATE: PythonName = /* @__PURE__ */ new PythonName("datetime", "date");
const DATETIME: PythonName = /* @__PURE__ */ new PythonName("datetime", "datetime");

/** `datetime.timezone.utc`. */
let utc: TimeZone | undefined;

/** A container that has been begun, and whose items are being written. */
interface OpenContainer {
  /** A `"set list"` is the argument of the call that makes a set, in protocols below 4. */
  readonly kind: "list" | "dict" | "set" | "set list" | "frozenset" | "tuple";
  readonly value: object;
  /** The items; for a dict, alternating keys and values. */
  readonly items: readonly unknown[];
  readonly length: number;
  /** The index of the next item to write. */
  next: number;
  /** The index of the item that begins the next batch; -1 without batches. */
  nextBatch: number;
}

/**
 * Writes a value as a pickle. Protocol 2 can be read by every Python from 2.3 on.
 *
 * @throws {ValidationException} If it holds a value that Python has no type for.
 */
export function writePickle(
  value: unknown,
  protocol: PickleProtocol = 2,
): Uint8Array<ArrayBuffer> {
  const isLong = value instanceof Uint8Array && value.length >= FRAME_SIZE;
  if (isLong && protocol >= 3) return pickleLongBytes(value, protocol);
  return new Pickler(protocol).write(value);
}

/**
 * Writes a pickle byte for byte as CPython's C pickler does, with one difference: CPython recognizes repeated strings
 * by identity. JavaScript strings have no identity, so every equal string is a reference to the first.
 */
class Pickler {
  readonly #writer: PickleWriter;
  readonly #open: OpenContainer[] = [];
  /** The length of the memo when each tuple was begun. */
  readonly #begun = new Map<object, number>();
  #equality: Equality | undefined;

  constructor(protocol: PickleProtocol) {
    this.#writer = new PickleWriter(protocol);
  }

  /** Writes a value and everything in it. It uses an explicit stack, so a value may be nested to any depth. */
  write(value: unknown): Uint8Array<ArrayBuffer> {
    this.#save(value);
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      if (!this.#saveItems(top)) continue;
      this.#open.pop();
      this.#finish(top);
    }
    return this.#writer.finish();
  }

  /** Writes a value; `false` when it is a container, whose items must be written next. */
  #save(value: unknown): boolean {
    const writer = this.#writer;
    writer.boundary();
    switch (typeof value) {
      case "string":
        if (!writer.text(value)) throw this.#fault("a string with a lone surrogate", value);
        return true;
      case "number":
        writer.number(value);
        return true;
      case "boolean":
        writer.emit(value ? opcode.NEWTRUE : opcode.NEWFALSE);
        return true;
      case "bigint":
        writer.bigint(value);
        return true;
      case "object":
        if (value !== null) return writer.recall(value) || this.#saveObject(value);
        writer.emit(opcode.NONE);
        return true;
      default:
        throw this.#fault(value === undefined ? "undefined" : `a ${typeof value}`, value);
    }
  }

  #saveObject(value: object): boolean {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#beginObject(value);
    if (Array.isArray(value) && prototype === Array.prototype) {
      return isTuple(value) ? this.#beginTuple(value) : this.#beginList(value);
    }
    if (prototype === Map.prototype) return this.#beginMap(value as Map<unknown, unknown>);
    if (prototype === Set.prototype) return this.#beginSet(value as Set<unknown>);
    if (value instanceof Uint8Array) this.#writer.bytes(value, value);
    else if (prototype === Date.prototype) this.#saveDate(value as Date);
    else if (prototype === Complex.prototype) this.#saveComplex(value as Complex);
    else if (value instanceof PythonObject) this.#saveCall(value.toCall(), value);
    else throw this.#fault(`an instance of ${classNameOf(value)}`, value);
    return true;
  }

  #saveComplex(value: Complex): void {
    const { real, imag } = value;
    if (typeof real !== "number" || typeof imag !== "number") {
      throw this.#fault("a Complex whose parts are not numbers", value);
    }
    this.#writer.global(COMPLEX);
    this.#writer.float(real);
    this.#writer.float(imag);
    this.#writer.call(2, value);
  }

  #saveDate(date: Date): void {
    const written = writtenDate(date);
    if (written === undefined) {
      throw this.#fault("a Date that is invalid or not in the years 1 to 9999", date);
    }
    const { bytes, zone } = written;
    const args = zone === undefined
      ? [bytes]
      : [bytes, zone === "UTC" ? utc ??= new TimeZone(new TimeDelta(0)) : zone];
    this.#saveCall({ callee: bytes.length === 4 ? DATE : DATETIME, args }, date);
  }

  /** Writes the call that makes a value. What its arguments hold is nested a few levels deep at most. */
  #saveCall({ callee, args }: PythonCall, value?: object): void {
    const writer = this.#writer;
    writer.global(callee);
    if (args.length > MAX_SMALL_TUPLE) writer.emit(opcode.MARK);
    for (const arg of args) {
      if (arg instanceof PythonName) writer.global(arg);
      else if (arg instanceof Uint8Array) writer.bytes(arg);
      else this.#save(arg);
    }
    writer.call(args.length, value);
  }

  /** Writes a container without items: of a subclass by a call, else by an opcode. */
  #saveEmpty(code: number, value: object): void {
    const call = callOf(value);
    if (call === undefined) this.#writer.emitMemoized(code, value);
    else this.#saveCall(call, value);
  }

  #beginObject(object: object): boolean {
    if (Object.getOwnPropertySymbols(object).length > 0) {
      throw this.#fault("an object with a symbol as a key", object);
    }
    this.#saveEmpty(opcode.EMPTY_DICT, object);
    const items: unknown[] = [];
    const values = Object.values(object);
    Object.keys(object).forEach((key, index) => items.push(key, values[index]));
    return this.#begin("dict", object, items);
  }

  #beginMap(map: ReadonlyMap<unknown, unknown>): boolean {
    this.#checkKeys(map.keys(), map);
    this.#saveEmpty(opcode.EMPTY_DICT, map);
    const items: unknown[] = [];
    for (const [key, value] of map) items.push(key, value);
    return this.#begin("dict", map, items);
  }

  #beginList(items: readonly unknown[]): boolean {
    this.#saveEmpty(opcode.EMPTY_LIST, items);
    return this.#begin("list", items, items);
  }

  #beginSet(set: ReadonlySet<unknown>): boolean {
    const writer = this.#writer;
    const isFrozen = isFrozenSet(set);
    this.#checkKeys(set, set);
    if (writer.protocol < 4) {
      writer.global(isFrozen ? FROZENSET : SET);
      writer.emitMemoized(opcode.EMPTY_LIST);
      return this.#begin("set list", set, [...set]);
    }
    if (isFrozen) writer.emit(opcode.MARK);
    else writer.emitMemoized(opcode.EMPTY_SET, set);
    return this.#begin(isFrozen ? "frozenset" : "set", set, [...set]);
  }

  /**
   * A tuple is put into the memo after its items. If it occurs again before that, there must be a list or dict in
   * between that is in the memo; otherwise the tuple contains itself directly, which is impossible in Python.
   */
  #beginTuple(items: readonly unknown[]): boolean {
    const { memoSize } = this.#writer;
    if (items.length === 0) {
      this.#writer.emit(opcode.EMPTY_TUPLE);
      return true;
    }
    if (this.#begun.get(items) === memoSize) {
      throw this.#fault("a tuple that is an item of itself", items);
    }
    this.#begun.set(items, memoSize);
    if (items.length > MAX_SMALL_TUPLE) this.#writer.emit(opcode.MARK);
    return this.#begin("tuple", items, items);
  }

  #begin(kind: OpenContainer["kind"], value: object, items: readonly unknown[]): false {
    const { length } = items;
    const isWhole = kind === "tuple" || kind === "frozenset";
    // A single entry is added without a mark, except to a set.
    const nextBatch = isWhole || length <= (kind === "set" ? 0 : itemsPerEntry(kind)) ? -1 : 0;
    this.#open.push({ kind, value, items, length, next: 0, nextBatch });
    return false;
  }

  /** Writes the remaining items; `false` when one is a container, which must be written first. */
  #saveItems(container: OpenContainer): boolean {
    const { items, length } = container;
    while (container.next < length) {
      if (container.next === container.nextBatch) this.#beginBatch(container);
      if (!this.#save(items[container.next++])) return false;
    }
    return true;
  }

  #beginBatch(container: OpenContainer): void {
    const { kind, next } = container;
    if (next > 0) this.#writer.emit(addOpcodes(kind).many);
    this.#writer.emit(opcode.MARK);
    container.nextBatch = next + BATCH_SIZE * itemsPerEntry(kind);
  }

  /** Writes the end of a container. */
  #finish({ kind, value, length, nextBatch }: OpenContainer): void {
    const writer = this.#writer;
    if (kind === "tuple") return this.#finishTuple(value, length);
    if (kind === "frozenset") return writer.emitMemoized(opcode.FROZENSET, value);
    const { one, many } = addOpcodes(kind);
    if (length > 0) writer.emit(nextBatch < 0 ? one : many);
    if (length === nextBatch && (kind === "dict" || kind === "set")) {
      // After a full batch, CPython begins another batch before it finds that there are no more items.
      writer.emit(opcode.MARK);
      writer.emit(many);
    }
    if (kind === "set list") writer.call(1, value);
  }

  #finishTuple(tuple: object, length: number): void {
    const writer = this.#writer;
    if (!writer.remembers(tuple)) {
      const isSmall = length <= MAX_SMALL_TUPLE;
      return writer.emitMemoized(isSmall ? opcode.TUPLE1 + length - 1 : opcode.TUPLE, tuple);
    }
    // An item contains the tuple itself, and the tuple has been written there.
    if (length > MAX_SMALL_TUPLE) writer.emit(opcode.POP_MARK);
    else for (let i = 0; i < length; i++) writer.emit(opcode.POP);
    writer.recall(tuple);
  }

  /** Checks that Python can hash each key, and that no two keys are equal in Python. */
  #checkKeys(keys: Iterable<unknown>, container: object): void {
    const ids = new Set<number>();
    for (const key of keys) {
      if (typeof key === "string") continue;
      this.#equality ??= new Equality("writing"); // shared, so that keys within keys are visited once
      const id = this.#equality.idOf(key);
      if (id === undefined) throw this.#fault("a Map key or Set item that Python cannot hash", key);
      if (ids.has(id)) {
        throw this.#fault("Map keys or Set items that are equal in Python", container);
      }
      ids.add(id);
    }
  }

  /** An error that names the path to the invalid value. */
  #fault(state: string, value: unknown): ValidationException {
    const places = this.#open.slice(0, MAX_PATH).map(placeIn);
    const rest = this.#open.length > MAX_PATH ? "…" : "";
    const path = (places.join("") + rest).replace(/^\./, "");
    const place = path === "" ? "" : ` at ${quote(path)}`;
    return new ValidationException(`Cannot store value: ${state}${place}`, value);
  }
}

/** The opcodes that add one entry to a container, and all entries above a mark. */
function addOpcodes(kind: OpenContainer["kind"]): { one: number; many: number } {
  if (kind === "dict") return { one: opcode.SETITEM, many: opcode.SETITEMS };
  const many = kind === "set" ? opcode.ADDITEMS : opcode.APPENDS;
  return { one: opcode.APPEND, many };
}

function itemsPerEntry(kind: OpenContainer["kind"]): number {
  return kind === "dict" ? 2 : 1;
}

/** The path of the last item in a container, in JavaScript's notation. */
function placeIn({ kind, items, next }: OpenContainer): string {
  if (kind !== "dict") return `[${next - 1}]`;
  const key = items[(next - 1) & ~1];
  if (typeof key !== "string") return `.get(${typeof key === "object" ? "…" : String(key)})`;
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function classNameOf(value: object): string {
  const constructor: unknown = value.constructor;
  return typeof constructor === "function" && constructor.name !== ""
    ? constructor.name
    : "an unnamed class";
}
