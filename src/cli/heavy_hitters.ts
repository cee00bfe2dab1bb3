/** The most frequent of many names, in memory that does not grow with how many there are. @module */

/** How many names are kept: a count is at most this part of all too low. */
const CAPACITY = 8192;

/** A name, and how often it was seen. */
export type Counted = readonly [name: string, count: number];

/**
 * Counts names as Misra and Gries do: when there are too many, the count of a middle one is taken from all, and those
 * that have nothing left are forgotten. So no count is too high, and one is too low by at most `1 / capacity` of all.
 */
export class HeavyHitters {
  readonly #capacity: number;
  readonly #counts = new Map<string, number>();
  #total = 0;

  constructor(capacity: number = CAPACITY) {
    this.#capacity = capacity;
  }

  /** How much was counted, of every name. */
  get total(): number {
    return this.#total;
  }

  /** How many names are kept. */
  get size(): number {
    return this.#counts.size;
  }

  /** The count of a name; 0 if it is not kept. */
  countOf(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Counts a name. */
  add(name: string, count = 1): void {
    this.#total += count;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    if (this.#counts.size > 2 * this.#capacity) this.#forget();
  }

  /** Makes all that was counted weigh less; 0 forgets it. */
  age(factor: number): void {
    this.#total *= factor;
    for (const [name, count] of this.#counts) {
      const rest = count * factor;
      // What is not even a hundredth of an event is no candidate.
      if (rest < 0.01) this.#counts.delete(name);
      else this.#counts.set(name, rest);
    }
  }

  /** All names that are kept. */
  entries(): Iterable<Counted> {
    return this.#counts;
  }

  #forget(): void {
    const sorted = Float64Array.from(this.#counts.values()).toSorted();
    const middle = sorted[sorted.length - this.#capacity] ?? 0;
    for (const [name, count] of this.#counts) {
      if (count <= middle) this.#counts.delete(name);
      else this.#counts.set(name, count - middle);
    }
  }
}

/** The most frequent, the most frequent first; names of equal counts in their own order. */
export function mostFrequent(counts: Iterable<Counted>, most: number): Counted[] {
  let found: Counted[] = [];
  let least = 0;
  for (const each of counts) {
    // Only what may be among them is kept and sorted: there may be thousands for each that is asked for.
    if (each[1] < least) continue;
    found.push(each);
    if (found.length <= 2 * most) continue;
    found = sortedByCount(found).slice(0, most);
    least = found.at(-1)?.[1] ?? Infinity;
  }
  return sortedByCount(found).slice(0, most);
}

function sortedByCount(counts: readonly Counted[]): Counted[] {
  return counts.toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}
