/** Which dict keys and set items are one and the same to Python. @module */

import { unreadable } from "./byte_source.ts";
import { signatureOf } from "./datetime.ts";
import {
  Complex,
  Intermediate,
  isBytearray,
  isFrozenSet,
  isTuple,
  PythonObject,
  ReadKeyIds,
} from "./python_types.ts";
import { decodeLatin1 } from "./strings.ts";

/** Stands for the id of a tuple or frozenset whose parts are being looked at. */
const OPEN = -1;

interface Ids {
  get(key: unknown): number | undefined;
  set(key: unknown, id: number): unknown;
}

/**
 * Tells which keys are equal in Python by giving them the same id: `1`, `True` and `1.0`, and equal tuples,
 * frozensets and bytes, all of which differ to a `Map`.
 */
export class Equality {
  /** Whether the keys are being read: Dates then differ by what their bytes had beyond milliseconds. */
  readonly #isReading: boolean;
  readonly #ids: Ids;
  readonly #idsBySignature = new Map<string | number, number>();
  #count = 0;

  constructor(use: "reading" | "writing") {
    this.#isReading = use === "reading";
    this.#ids = this.#isReading ? new ReadKeyIds() : new Map();
  }

  /** The id of a key, or `undefined` when Python could not hash it. */
  idOf(key: unknown): number | undefined {
    return this.#known(key) ?? this.#identify(key as object);
  }

  /** The id of a primitive, or of an object that has got one. */
  #known(key: unknown): number | undefined {
    const same = sameInPython(key);
    const id = this.#ids.get(same);
    if (id !== undefined || isObject(same)) return id;
    this.#ids.set(same, this.#count);
    return this.#count++;
  }

  // With a stack of its own, as tuples and frozensets are nested to any depth, and every object once, as
  // sharing makes a few of them into a tree of any size.
  #identify(root: object): number | undefined {
    const pending = [root];
    for (let top: object | undefined = root; top !== undefined; top = pending.at(-1)) {
      const { length } = pending;
      const known = this.#ids.get(top) ?? OPEN;
      const id = known === OPEN ? this.#derive(top, pending) : known;
      if (pending.length > length) this.#ids.set(top, OPEN); // its turn comes again after its parts
      else if (id === undefined) return undefined;
      else {
        this.#ids.set(top, id);
        pending.pop();
      }
    }
    return this.#ids.get(root);
  }

  /** The id of an object, unless some of its parts, which it adds to `pending`, need one first. */
  #derive(key: object, pending: object[]): number | undefined {
    if (Array.isArray(key)) return isTuple(key) ? this.#ofParts("tuple", key, pending) : undefined;
    if (key instanceof Set) {
      return isFrozenSet(key) ? this.#ofParts("frozenset", key, pending) : undefined;
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
    const [first] = ids;
    // Tuples of one part nest deepest for their bytes, and have a signature that is quickly made.
    const isSingle = type === "tuple" && ids.length === 1 && first !== undefined;
    return this.#signed(isSingle ? first : `${type} ${ids}`);
  }

  #signed(signature: string | number): number {
    const id = this.#idsBySignature.get(signature) ?? this.#count++;
    this.#idsBySignature.set(signature, id);
    return id;
  }
}

/**
 * Gives the Maps and Sets that are read the keys that Python's would have: where equal keys come one after
 * another, the first stays.
 */
export class KeyIndex {
  #equality: Equality | undefined;
  readonly #keysById = new Map<object, Map<number, unknown>>();
  /** Makes a key final, where that takes anything. */
  settle: ((key: unknown) => unknown) | undefined;

  /** The key of `container` that equals `key`, else `key` itself. */
  resolve(container: object, key: unknown): unknown {
    if (!mayEqualAnother(key)) return key;
    if (this.settle !== undefined && isObject(key)) {
      const settled = this.settle(key);
      if (settled !== key) return settled; // what the caller made of it
    }
    if (key instanceof Intermediate) throw unreadable(key.problem);
    this.#equality ??= new Equality("reading");
    const id = this.#equality.idOf(key);
    if (id === undefined) throw unreadable("a dict key or set item is not hashable");
    const keys = this.#keysOf(container);
    if (!keys.has(id)) keys.set(id, key);
    return keys.get(id);
  }

  /** Adds items to a set, except those that are equal in Python to one in the set. */
  addAll(set: Set<unknown>, items: readonly unknown[]): Set<unknown> {
    for (const item of items) set.add(this.resolve(set, item));
    return set;
  }

  #keysOf(container: object): Map<number, unknown> {
    const known = this.#keysById.get(container);
    if (known !== undefined) return known;
    const keys = new Map<number, unknown>();
    this.#keysById.set(container, keys);
    return keys;
  }
}

/** Whether another key that is read, of another type or identity, can equal this one. */
function mayEqualAnother(key: unknown): boolean {
  if (typeof key === "string" || key === null) return false;
  if (typeof key !== "number") return true;
  return key === 0 || key === 1 || (Number.isInteger(key) && !Number.isSafeInteger(key));
}

/** Booleans as the numbers that they are in Python, and integers as numbers where that is exact. */
function sameInPython(key: unknown): unknown {
  if (typeof key === "boolean") return Number(key);
  if (typeof key !== "bigint") return key;
  const number = Number(key);
  return Number.isFinite(number) && BigInt(number) === key ? number : key;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
