import { Complex } from "./complex.ts";
import { isFrozenSet } from "./frozen_set.ts";
import { decodeLatin1 } from "./text.ts";
import { isTuple } from "./tuple.ts";

/** What {@linkcode Equality.classOf} returns for a key that Python could not hash. */
export const UNHASHABLE: unique symbol = Symbol("unhashable");

/** How an {@linkcode Equality} compares what Python and JavaScript see differently. */
export interface EqualityOptions {
  /** Uint8Arrays that stand for a bytearray, which Python cannot hash. */
  bytearrays?: ReadonlySet<object>;
  /** Tell apart Dates of the same time, because Python's had microseconds, or no time zone. */
  datesByIdentity?: boolean;
}

/**
 * Tells which dict keys and set items are one and the same to Python: `1`, `True` and `1.0`, and equal
 * tuples, frozensets and bytes, all of which differ to a `Map`.
 */
export class Equality {
  readonly #options: EqualityOptions;
  readonly #classes = new Map<object, unknown>();
  readonly #tokens = new Map<string, symbol>();
  readonly #numbers = new Map<unknown, number>();

  constructor(options: EqualityOptions = {}) {
    this.#options = options;
  }

  /** What equal keys have in common, as a `Map` compares, or {@linkcode UNHASHABLE}. */
  classOf(key: unknown): unknown {
    if (!isObject(key)) return classOfPrimitive(key);
    return this.#classes.get(key) ?? this.#classify(key);
  }

  // With a stack of its own, as tuples and frozensets are nested to any depth, and every object once,
  // as sharing makes a few of them into a tree of any size.
  #classify(root: object): unknown {
    const open = new Set<object>();
    const stack = [root];
    for (let top: object | undefined = root; top !== undefined; top = stack.at(-1)) {
      if (this.#classes.has(top)) {
        stack.pop();
      } else if (open.has(top)) {
        const found = this.#classOfObject(top);
        if (found === UNHASHABLE) return UNHASHABLE;
        this.#classes.set(top, found);
      } else {
        open.add(top);
        for (const part of partsOf(top)) {
          if (!isObject(part) || this.#classes.has(part)) continue;
          if (open.has(part)) return UNHASHABLE; // it contains itself
          stack.push(part);
        }
      }
    }
    return this.#classes.get(root);
  }

  #classOfObject(key: object): unknown {
    if (Array.isArray(key)) {
      return isTuple(key) ? this.#token(`tuple ${this.#numbersOf(key).join()}`) : UNHASHABLE;
    }
    if (key instanceof Set) {
      if (!isFrozenSet(key)) return UNHASHABLE;
      return this.#token(`frozenset ${this.#numbersOf(key).sort((a, b) => a - b).join()}`);
    }
    if (key instanceof Uint8Array) {
      if (this.#options.bytearrays?.has(key)) return UNHASHABLE;
      return this.#token(`bytes ${decodeLatin1(key)}`);
    }
    if (key instanceof Date) {
      return this.#options.datesByIdentity ? Symbol() : this.#token(`datetime ${key.getTime()}`);
    }
    if (key instanceof Complex) {
      return key.imag === 0 ? key.real : this.#token(`complex ${key.real},${key.imag}`);
    }
    return UNHASHABLE;
  }

  #token(signature: string): symbol {
    const known = this.#tokens.get(signature);
    if (known !== undefined) return known;
    const token = Symbol();
    this.#tokens.set(signature, token);
    return token;
  }

  #numbersOf(parts: Iterable<unknown>): number[] {
    return Array.from(parts, (part) => {
      const found = this.classOf(part);
      const number = this.#numbers.get(found) ?? this.#numbers.size;
      this.#numbers.set(found, number);
      return number;
    });
  }
}

function classOfPrimitive(key: unknown): unknown {
  if (typeof key === "boolean") return Number(key);
  if (typeof key !== "bigint") return key;
  const number = Number(key);
  return Number.isFinite(number) && BigInt(number) === key ? number : key;
}

function partsOf(key: object): Iterable<unknown> {
  return Array.isArray(key) || key instanceof Set ? key : [];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
