import { unreadable } from "./faults.ts";

/** What a memo holds in the stead of a value that is made only when it is asked for. */
export class Deferred {
  readonly make: () => unknown;

  constructor(make: () => unknown) {
    this.make = make;
  }
}

/** The values that a pickle may come back to, by the indexes that it gives them. */
export class Memo {
  // Indexes follow one another in what Python writes, from 0 or (cPickle) from 1. Others must not make
  // an array long.
  readonly #dense: unknown[] = [];
  readonly #sparse = new Map<number, unknown>();
  #size = 0;

  /** How many indexes are in use: the one that MEMOIZE takes. */
  get size(): number {
    return this.#size;
  }

  put(index: number, value: unknown): void {
    if (!this.#has(index)) this.#size++;
    if (index < this.#dense.length) this.#dense[index] = value;
    else if (index > this.#dense.length + 1 || this.#sparse.has(index)) {
      this.#sparse.set(index, value);
    } else {
      if (index > this.#dense.length) this.#dense.push(undefined);
      this.#dense.push(value);
    }
  }

  get(index: number): unknown {
    const value = this.#at(index);
    if (value === undefined) throw unreadable(`it refers to ${index}, which it did not define`);
    if (!(value instanceof Deferred)) return value;
    const made = value.make();
    this.put(index, made);
    return made;
  }

  #has(index: number): boolean {
    return this.#at(index) !== undefined;
  }

  #at(index: number): unknown {
    const value = index < this.#dense.length ? this.#dense[index] : undefined;
    return value === undefined ? this.#sparse.get(index) : value;
  }
}
