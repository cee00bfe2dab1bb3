/** Finds dict keys and set items that are equal in Python. @module */

import { unreadable } from "./byte_source.ts";
import { signatureOf } from "./datetime.ts";
import {
  Intermediate,
  isBytearray,
  isFrozenSet,
  isTuple,
  PythonObject,
  ReadKeyIds,
  sameInPython,
} from "./python_types.ts";
import { Complex } from "../complex.ts";
import { decodeLatin1 } from "./strings.ts";

/** The id of a tuple or frozenset while its parts are being visited. */
const OPEN = -1;

/** A dict or set that is being filled. */
type Container = Map<unknown, unknown> | Set<unknown>;

interface Ids {
  get(key: unknown): number | undefined;
  set(key: unknown, id: number): unknown;
}

/**
 * Gives keys that are equal in Python the same id: `1`, `True` and `1.0`, and equal tuples, frozensets and bytes. A
 * `Map` would treat all of these as different.
 */
export class Equality {
  /** Whether the keys are being read. Dates then also differ by their microseconds, which only the bytes have. */
  readonly #isReading: boolean;
  readonly #ids: Ids;
  readonly #idsBySignature = new Map<string, number>();
  readonly #tuplesOfOne: number[] = [];
  readonly #setsOfOne: number[] = [];
  #count = 0;

  constructor(use: "reading" | "writing") {
    this.#isReading = use === "reading";
    this.#ids = this.#isReading ? new ReadKeyIds() : new Map();
  }

  /** The id of a key, or `undefined` when Python cannot hash it. */
  idOf(key: unknown): number | undefined {
    return this.#known(key) ?? this.#identify(key as object);
  }

  /** The id of a primitive, or of an object that already has one. */
  #known(key: unknown): number | undefined {
    const same = sameInPython(key);
    const id = this.#ids.get(same);
    if (id !== undefined || isObject(same)) return id;
    this.#ids.set(same, this.#count);
    return this.#count++;
  }

  // It uses an explicit stack, because tuples and frozensets may be nested to any depth. It visits every object once,
  // because shared objects could expand to a tree of any size.
  #identify(root: object): number | undefined {
    const pending = [root];
    for (let top: object | undefined = root; top !== undefined; top = pending.at(-1)) {
      const { length } = pending;
      const known = this.#ids.get(top) ?? OPEN;
      const id = known === OPEN ? this.#derive(top, pending) : known;
      if (pending.length > length) this.#ids.set(top, OPEN); // it is visited again after its parts
      else if (id === undefined) return undefined;
      else {
        this.#ids.set(top, id);
        pending.pop();
      }
    }
    return this.#ids.get(root);
  }

  /** The id of an object. If some of its parts have no id yet, they are added to `pending` first. */
  #derive(key: object, pending: object[]): number | undefined {
    if (Array.isArray(key)) {
      if (!isTuple(key)) return undefined;
      return key.length === 1
        ? this.#ofOne(key[0], this.#tuplesOfOne, pending)
        : this.#ofParts("tuple", key, pending);
    }
    if (key instanceof Set) {
      if (!isFrozenSet(key)) return undefined;
      if (key.size !== 1) return this.#ofParts("frozenset", key, pending);
      const [part] = key;
      return this.#ofOne(part, this.#setsOfOne, pending);
    }
    if (key instanceof Uint8Array) {
      if (this.#isReading && isBytearray(key)) return undefined;
      return this.#signed(`bytes ${decodeLatin1(key)}`);
    }
    if (key instanceof Date) {
      return this.#isReading ? this.#count++ : this.#signed(signatureOf(key));
    }
    if (key instanceof PythonObject) {
      const same = key.toKey();
      if (same === undefined) return undefined;
      return typeof same === "string" ? this.#signed(same) : this.#known(same);
    }
    if (!(key instanceof Complex)) return undefined;
    return key.imag === 0 ? this.#known(key.real) : this.#signed(`${key.real}+${key.imag}i`);
  }

  /**
   * The id of a tuple or frozenset of one part. These allow the deepest nesting for their length, so they need no text.
   *
   * @param ids The ids of all such, by those of their parts.
   */
  #ofOne(part: unknown, ids: number[], pending: object[]): number | undefined {
    const id = this.#known(part);
    if (id === undefined) pending.push(part as object);
    if (id === undefined || id === OPEN) return undefined; // OPEN: it contains itself
    return ids[id] ??= this.#count++;
  }

  #ofParts(
    type: "tuple" | "frozenset",
    parts: Iterable<unknown>,
    pending: object[],
  ): number | undefined {
    const { length } = pending;
    const ids: number[] = [];
    for (const part of parts) {
      const id = this.#known(part);
      if (id === OPEN) return undefined; // it contains itself
      if (id === undefined) pending.push(part as object);
      else ids.push(id);
    }
    if (pending.length > length) return undefined;
    if (type === "frozenset") ids.sort((a, b) => a - b);
    return this.#signed(`${type} ${ids}`);
  }

  #signed(signature: string): number {
    const id = this.#idsBySignature.get(signature) ?? this.#count++;
    this.#idsBySignature.set(signature, id);
    return id;
  }
}

/**
 * Gives Maps and Sets the keys that Python's dicts and sets would have: of equal keys, the first one is kept.
 */
export class KeyIndex {
  #equality: Equality | undefined;
  readonly #keysById = new Map<object, Map<number, unknown>>();
  /** Makes a key final, where that takes anything. */
  final: ((key: unknown) => unknown) | undefined;

  /** The key of `container` that equals `key`, or otherwise `key` itself. */
  resolve(container: Container, key: unknown): unknown {
    // To Python, each NaN is another key; it is what does not equal itself.
    if (key !== key && container.has(key)) {
      throw unreadable("a dict key or set item is not unique: NaN");
    }
    if (!mayEqualAnother(key)) return key;
    if (this.final !== undefined && isObject(key)) {
      const final = this.final(key);
      if (final !== key) return final; // what the caller made of it
    }
    if (key instanceof Intermediate) throw unreadable(key.problem);
    this.#equality ??= new Equality("reading");
    const id = this.#equality.idOf(key);
    if (id === undefined) throw unreadable("a dict key or set item is not hashable");
    // A pickle may hold very many containers of one key.
    if (container.size === 0) return key;
    const keys = this.#keysOf(container);
    if (!keys.has(id)) keys.set(id, key);
    return keys.get(id);
  }

  /** Adds items to a set, except those that are equal in Python to an item of the set. */
  addAll(set: Set<unknown>, items: readonly unknown[]): Set<unknown> {
    for (const item of items) set.add(this.resolve(set, item));
    return set;
  }

  #keysOf(container: Container): Map<number, unknown> {
    const known = this.#keysById.get(container);
    if (known !== undefined) return known;
    const keys = new Map<number, unknown>();
    this.#keysById.set(container, keys);
    for (const key of container.keys()) {
      const id = mayEqualAnother(key) ? this.#equality?.idOf(key) : undefined;
      if (id !== undefined) keys.set(id, key);
    }
    return keys;
  }
}

/** Whether a key of another type or identity may be equal to this one. */
function mayEqualAnother(key: unknown): boolean {
  if (typeof key !== "number") return typeof key !== "string" && key !== null;
  return key === 0 || key === 1 || (Number.isInteger(key) && !Number.isSafeInteger(key));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
