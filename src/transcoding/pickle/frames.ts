import { UNHASHABLE } from "./equality.ts";
import { isFrozenSet } from "./frozen_set.ts";
import { globalOf } from "./global_name.ts";
import { opcode } from "./opcodes.ts";
import type { Frame, Pickler } from "./pickler.ts";

/** Most items that CPython adds to a list or dict at once. */
const BATCH_SIZE = 1000;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const SET = globalOf("__builtin__", "set");
const FROZENSET = globalOf("__builtin__", "frozenset");

// Each `open…` returns what `Pickler.save` does: `false`, as a container is open, or `true`.

export function openList(pickler: Pickler, items: readonly unknown[]): boolean {
  pickler.emitMemoized(opcode.EMPTY_LIST, items);
  return pickler.open(new ListFrame(items));
}

export function openTuple(pickler: Pickler, items: readonly unknown[]): boolean {
  if (items.length === 0) {
    pickler.emit(opcode.EMPTY_TUPLE);
    return true;
  }
  pickler.enter(items);
  if (items.length > SMALL_TUPLES.length) pickler.emit(opcode.MARK);
  return pickler.open(new TupleFrame(items));
}

export function openObject(pickler: Pickler, object: Record<string, unknown>): boolean {
  if (Object.getOwnPropertySymbols(object).length > 0) {
    throw pickler.fault("an object with a symbol as a key", object);
  }
  pickler.emitMemoized(opcode.EMPTY_DICT, object);
  return pickler.open(new DictFrame(Object.keys(object), Object.values(object)));
}

export function openMap(pickler: Pickler, map: ReadonlyMap<unknown, unknown>): boolean {
  checkKeys(pickler, map.keys(), map);
  pickler.emitMemoized(opcode.EMPTY_DICT, map);
  return pickler.open(new DictFrame([...map.keys()], [...map.values()]));
}

/** Protocols below 4 make a set by a call whose argument is a list. */
export function openSet(pickler: Pickler, set: ReadonlySet<unknown>): boolean {
  checkKeys(pickler, set, set);
  pickler.saveGlobal(isFrozenSet(set) ? FROZENSET : SET);
  pickler.emitMemoized(opcode.EMPTY_LIST);
  return pickler.open(new SetFrame(set));
}

/** Python has to be able to hash each, and to tell each from the others. */
function checkKeys(pickler: Pickler, keys: Iterable<unknown>, container: object): void {
  const seen = new Set<unknown>();
  for (const key of keys) {
    if (typeof key === "string") continue;
    const found = pickler.equality.classOf(key);
    if (found === UNHASHABLE) {
      throw pickler.fault("a Map key or Set item that Python cannot hash", key);
    }
    if (seen.has(found)) {
      throw pickler.fault("Map keys or Set items that are equal in Python", container);
    }
    seen.add(found);
  }
}

class ListFrame implements Frame {
  readonly #items: readonly unknown[];
  readonly #length: number;
  #index = 0;

  constructor(items: readonly unknown[]) {
    this.#items = items;
    this.#length = items.length;
  }

  get place(): string {
    return `[${this.#index - 1}]`;
  }

  advance(pickler: Pickler): void {
    while (this.#index < this.#length) {
      if (this.#length > 1 && this.#index % BATCH_SIZE === 0) this.#startBatch(pickler);
      if (!pickler.save(this.#items[this.#index++])) return;
    }
    if (this.#length > 0) pickler.emit(this.#length === 1 ? opcode.APPEND : opcode.APPENDS);
    pickler.close();
    this.finish(pickler);
  }

  /** Writes what follows the items. */
  protected finish(_pickler: Pickler): void {}

  #startBatch(pickler: Pickler): void {
    if (this.#index > 0) pickler.emit(opcode.APPENDS);
    pickler.emit(opcode.MARK);
  }
}

class SetFrame extends ListFrame {
  readonly #set: ReadonlySet<unknown>;

  constructor(set: ReadonlySet<unknown>) {
    super([...set]);
    this.#set = set;
  }

  protected override finish(pickler: Pickler): void {
    pickler.emitMemoized(opcode.TUPLE1);
    pickler.emitMemoized(opcode.REDUCE, this.#set);
  }
}

/** Tuples of up to three items need no mark. */
const SMALL_TUPLES = [opcode.TUPLE1, opcode.TUPLE2, opcode.TUPLE3];

class TupleFrame implements Frame {
  readonly #items: readonly unknown[];
  readonly #length: number;
  #index = 0;

  constructor(items: readonly unknown[]) {
    this.#items = items;
    this.#length = items.length;
  }

  get place(): string {
    return `[${this.#index - 1}]`;
  }

  advance(pickler: Pickler): void {
    while (this.#index < this.#length) {
      if (!pickler.save(this.#items[this.#index++])) return;
    }
    pickler.close();
    if (pickler.remembers(this.#items)) this.#discard(pickler);
    else pickler.emitMemoized(SMALL_TUPLES[this.#length - 1] ?? opcode.TUPLE, this.#items);
  }

  /** An item held the tuple itself, which was written in full there. */
  #discard(pickler: Pickler): void {
    if (this.#length > SMALL_TUPLES.length) pickler.emit(opcode.POP_MARK);
    else for (let i = 0; i < this.#length; i++) pickler.emit(opcode.POP);
    pickler.recall(this.#items);
  }
}

class DictFrame implements Frame {
  readonly #keys: readonly unknown[];
  readonly #values: readonly unknown[];
  readonly #length: number;
  /** Counts keys and values, which may both be containers. */
  #step = 0;

  constructor(keys: readonly unknown[], values: readonly unknown[]) {
    this.#keys = keys;
    this.#values = values;
    this.#length = keys.length;
  }

  get place(): string {
    const key = this.#keys[(this.#step - 1) >> 1];
    if (typeof key !== "string") return `.get(${typeof key === "object" ? "…" : String(key)})`;
    return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }

  advance(pickler: Pickler): void {
    while (this.#step < this.#length * 2) {
      const index = this.#step >> 1;
      const isKey = this.#step++ % 2 === 0;
      if (isKey && index % BATCH_SIZE === 0) this.#startBatch(pickler, index);
      if (!pickler.save(isKey ? this.#keys[index] : this.#values[index])) return;
    }
    this.#endBatch(pickler);
    pickler.close();
  }

  #startBatch(pickler: Pickler, index: number): void {
    if (this.#length === 1) return;
    if (index > 0) pickler.emit(opcode.SETITEMS);
    pickler.emit(opcode.MARK);
  }

  #endBatch(pickler: Pickler): void {
    if (this.#length === 0) return;
    pickler.emit(this.#length === 1 ? opcode.SETITEM : opcode.SETITEMS);
    if (this.#length % BATCH_SIZE > 0) return;
    // CPython learns only after a full batch that there are no more items, and has begun another.
    pickler.emit(opcode.MARK);
    pickler.emit(opcode.SETITEMS);
  }
}
