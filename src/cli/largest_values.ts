/** The largest values that were seen lately, in memory that does not grow. @module */

/** How many keys are kept. */
const CAPACITY = 64;
/** What weighs less than this has not been seen lately. */
const FORGOTTEN = 0.3;

/** A key with a large value. */
export interface LargeValue {
  readonly key: string;
  /** The length of the value in bytes. */
  readonly size: number;
  /** How often it was seen lately. */
  readonly times: number;
}

/** Keeps the largest values. */
export class LargestValues {
  readonly #capacity: number;
  readonly #values = new Map<string, LargeValue>();
  #smallest = 0;

  constructor(capacity: number = CAPACITY) {
    this.#capacity = capacity;
  }

  /** Whether a value of this size would be kept: its key need not be decoded otherwise. */
  isLarge(size: number): boolean {
    return size > 0 && (this.#values.size < this.#capacity || size >= this.#smallest);
  }

  /** Takes a value. */
  add(key: string, size: number): void {
    if (!this.isLarge(size)) return;
    const times = (this.#values.get(key)?.times ?? 0) + 1;
    this.#values.set(key, { key, size, times });
    if (this.#values.size <= this.#capacity) return;
    const least = this.#sorted().at(-1);
    if (least !== undefined) this.#values.delete(least.key);
    this.#smallest = this.#sorted().at(-1)?.size ?? 0;
  }

  /** Makes what was seen so far weigh less. */
  age(factor: number): void {
    for (const [key, value] of this.#values) {
      const times = value.times * factor;
      if (times < FORGOTTEN) this.#values.delete(key);
      else this.#values.set(key, { ...value, times });
    }
  }

  /** The largest, the largest first. */
  largest(most: number): readonly LargeValue[] {
    return this.#sorted().slice(0, most).map(({ times, ...value }) => ({
      ...value,
      times: Math.max(1, Math.round(times)),
    }));
  }

  #sorted(): LargeValue[] {
    return [...this.#values.values()].toSorted((a, b) => b.size - a.size);
  }
}
