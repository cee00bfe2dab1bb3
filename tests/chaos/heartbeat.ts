/** Whether this thread was able to do anything in time. @module */

const INTERVAL = 5;
/** Lateness of a beat that is no more than a timer's own. */
const TOLERANCE = 3;
/** How many gaps are remembered. */
const MEMORY = 1000;

/** Beats all the time, and remembers when it could not: the event loop was held up then. */
export class Heartbeat implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #gaps: { from: number; to: number }[] = [];
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#beat(), INTERVAL);
  }

  /** Milliseconds for which the event loop was held up between two times. */
  blockedBetween(from: number, to: number): number {
    // It may be held up just now, by what asks.
    const present = { from: this.#last + INTERVAL, to: performance.now() };
    const overlap = (gap: { from: number; to: number }) =>
      Math.max(0, Math.min(gap.to, to) - Math.max(gap.from, from));
    return [...this.#gaps, present].reduce((sum, gap) => sum + overlap(gap), 0);
  }

  #beat(): void {
    const now = performance.now();
    const due = this.#last + INTERVAL;
    if (now - due > TOLERANCE) this.#gaps.push({ from: due, to: now });
    if (this.#gaps.length > MEMORY) this.#gaps.shift();
    this.#last = now;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
