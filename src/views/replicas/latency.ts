/** How long the latest reads have taken. @module */

/** How many durations are kept. */
const KEPT = 100;
/** How few of them say nothing yet. */
const FEWEST = 16;

/** The latest durations, in milliseconds. */
export class Latency {
  readonly #kept: number[] = [];
  #next = 0;
  #smoothed: number | undefined;

  /** Adds a duration. */
  add(duration: number): void {
    this.#kept[this.#next] = duration;
    this.#next = (this.#next + 1) % KEPT;
    this.#smoothed = this.#smoothed === undefined
      ? duration
      : this.#smoothed * 0.9 + duration * 0.1;
  }

  /** The average, in which the latest ones count most; `undefined` before there is any. */
  get smoothed(): number | undefined {
    return this.#smoothed;
  }

  /** What 95 of 100 do not exceed; `undefined` before there are enough. */
  get p95(): number | undefined {
    if (this.#kept.length < FEWEST) return undefined;
    const sorted = this.#kept.toSorted((a, b) => a - b);
    return sorted[Math.ceil(sorted.length * 0.95) - 1];
  }
}
