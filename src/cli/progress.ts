/** How far long work has come, on standard error. @module */

import { showDuration } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

/** Milliseconds between two lines. */
const INTERVAL = 200;

/** Shows how many have been done, how many a second, and how long the rest takes. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #what: string;
  readonly #total: number | undefined;
  readonly #started = Date.now();
  #shownAt = 0;
  #count = 0;

  /** @param total How many there are, if that is known. */
  constructor(terminal: Terminal, what: string, total?: number) {
    this.#terminal = terminal;
    this.#what = what;
    this.#total = total;
  }

  /** Counts what has been done. */
  add(count = 1): void {
    this.#count += count;
    if (!this.#terminal.showsProgress) return;
    const now = Date.now();
    if (now - this.#shownAt < INTERVAL) return;
    this.#shownAt = now;
    this.#terminal.warn(`\r${this.#line(now)}\x1b[K`);
  }

  /** Removes the line. */
  end(): void {
    if (this.#shownAt > 0) this.#terminal.warn("\r\x1b[K");
  }

  #line(now: number): string {
    const seconds = Math.max(0.001, (now - this.#started) / 1000);
    const rate = this.#count / seconds;
    const total = this.#total;
    const of = total === undefined ? "" : ` of ${Math.max(total, this.#count)}`;
    const left = total === undefined || total <= this.#count || rate === 0
      ? ""
      : `, ${showDuration((total - this.#count) / rate)} left`;
    return `${this.#what}: ${this.#count}${of}, ${Math.round(rate)}/s${left}`;
  }
}
