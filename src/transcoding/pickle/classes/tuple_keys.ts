/** Maps that find tuples by their items, for the option `tupleKeys`. @module */

import type { signatureOf } from "../datetime.ts";
import type { replaceWithin } from "../dicts.ts";
import { type isFrozenSet, PythonObject, type sameInPython } from "../python_types.ts";

/**
 * What reading pickles has already. It is handed over: if this module imported it, it would be in bundles of programs
 * that read none.
 */
export type ReadingRules = readonly [
  replaceWithin: typeof replaceWithin,
  signatureOf: typeof signatureOf,
  isFrozenSet: typeof isFrozenSet,
  sameInPython: typeof sameInPython,
];

/** Tuples that are nested deeper are found by identity only. */
const MOST_LEVELS = 1000;

/** Makes each `Map` in a value find tuples among its keys by their items. */
export function findTuplesIn(value: unknown, rules: ReadingRules): unknown {
  const [replaceWithin] = rules;
  const parts = new Parts(rules);
  return replaceWithin(value, (part) => {
    if (part instanceof Map) findByItems(part, parts);
    return part;
  });
}

/** Replaces what looks keys up. The `Map` stays one, and is written and compared as before. */
function findByItems(map: Map<unknown, unknown>, parts: Parts): void {
  const { get, has, set, delete: remove, clear } = Map.prototype;
  const tuples = new Map<number, unknown>();
  const remember = (key: unknown) => {
    const number = Array.isArray(key) ? parts.numberOf(key, true) : undefined;
    if (number !== undefined) tuples.set(number, key);
  };
  const present = (key: unknown) => {
    const number = Array.isArray(key) ? parts.numberOf(key, false) : undefined;
    return number === undefined ? key : tuples.get(number) ?? key;
  };
  for (const key of map.keys()) remember(key);
  if (tuples.size === 0) return;
  const methods = {
    get: (key: unknown) => get.call(map, present(key)),
    has: (key: unknown) => has.call(map, present(key)),
    set(key: unknown, value: unknown) {
      const found = present(key);
      if (!has.call(map, found)) remember(found);
      return set.call(map, found, value);
    },
    delete(key: unknown) {
      const found = present(key);
      const isRemoved = remove.call(map, found);
      const number = isRemoved && Array.isArray(found) ? parts.numberOf(found, false) : undefined;
      if (number !== undefined) tuples.delete(number);
      return isRemoved;
    },
    clear() {
      tuples.clear();
      clear.call(map);
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(map, name, { value, configurable: true, writable: true });
  }
}

/** Numbers of tuples and of what is in them: what is equal in Python has the same. */
class Parts {
  readonly #strings = new Map<string, number>();
  /** Of all else, by what tells them apart. */
  readonly #others = new Map<unknown, number>();
  /** Objects that were read, also those without a number. Many tuples may share them. */
  readonly #objects = new WeakMap<object, number | undefined>();
  readonly #signatureOf: ReadingRules[1];
  readonly #isFrozenSet: ReadingRules[2];
  readonly #sameInPython: ReadingRules[3];
  #count = 0;

  constructor([, signatureOf, isFrozenSet, sameInPython]: ReadingRules) {
    this.#signatureOf = signatureOf;
    this.#isFrozenSet = isFrozenSet;
    this.#sameInPython = sameInPython;
  }

  /**
   * The number of a part; `undefined` if Python cannot hash it, or if no equal part was seen before.
   *
   * @param adds Whether a new part gets a number.
   */
  numberOf(part: unknown, adds: boolean, level = 0): number | undefined {
    if (typeof part === "string") return this.#numberIn(this.#strings, part, adds);
    if (typeof part !== "object" || part === null) {
      return this.#numberIn(this.#others, this.#sameInPython(part), adds);
    }
    if (this.#objects.has(part)) return this.#objects.get(part);
    const signature = level < MOST_LEVELS ? this.#describe(part, adds, level) : undefined;
    const number = signature === undefined
      ? undefined
      : this.#numberIn(this.#others, signature, adds);
    if (adds) this.#objects.set(part, number);
    return number;
  }

  #numberIn<Part>(numbers: Map<Part, number>, part: Part, adds: boolean): number | undefined {
    const number = numbers.get(part);
    if (number !== undefined || !adds) return number;
    numbers.set(part, this.#count);
    return this.#count++;
  }

  /** What only objects have that are equal in Python; a number for those that are equal to it. */
  #describe(part: object, adds: boolean, level: number): unknown {
    if (Array.isArray(part)) return this.#ofAll("tuple", part, adds, level);
    if (part instanceof Set) {
      return this.#isFrozenSet(part) ? this.#ofAll("frozenset", [...part], adds, level) : undefined;
    }
    if (part instanceof Uint8Array) return `bytes ${part}`;
    if (part instanceof Date) return this.#signatureOf(part);
    return part instanceof PythonObject ? this.#sameInPython(part.toKey()) : undefined;
  }

  #ofAll(
    type: string,
    parts: readonly unknown[],
    adds: boolean,
    level: number,
  ): string | undefined {
    const numbers = parts.map((part) => this.numberOf(part, adds, level + 1));
    if (numbers.includes(undefined)) return undefined;
    return `${type} ${type === "tuple" ? numbers : numbers.toSorted()}`;
  }
}
