/** How far long work has come, on standard error. @module */

import { removeProgress, showProgress } from "./messages.ts";
import { pause } from "./pause.ts";
import { showDuration } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

/** Milliseconds between two lines. */
const INTERVAL = 200;

/** Shows how many have been done, how many a second, and how long the rest takes. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #what: string;
  #total: number | undefined;
  readonly #started = Date.now();
  // What takes no longer than an interval shows nothing, and its rate would be a guess.
  #shownAt = this.#started;
  #count = 0;

  constructor(terminal: Terminal, what: string) {
    this.#terminal = terminal;
    this.#what = what;
  }

  /** Tells how many there are, once that is known or guessed better. */
  expect(total: number): void {
    this.#total = Math.round(total);
  }

  /** Counts what has been done. */
  add(count = 1): void {
    this.#count += count;
    if (!this.#terminal.showsProgress) return;
    const now = Date.now();
    if (now - this.#shownAt < INTERVAL) return;
    this.#shownAt = now;
    showProgress(this.#terminal, this.#line(now));
  }

  /** Removes the line. */
  end(): void {
    removeProgress(this.#terminal);
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

/** Milliseconds between two lines of a countdown. */
const SECOND = 1000;

/** Shows how much time is left of work that takes a given time. */
export class Countdown {
  readonly #terminal: Terminal;
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  /** @param milliseconds How long the work takes. */
  constructor(terminal: Terminal, what: string, milliseconds: number) {
    this.#terminal = terminal;
    if (!terminal.showsProgress) return;
    const end = performance.now() + milliseconds;
    this.#timer = setInterval(() => {
      const left = Math.max(0, end - performance.now()) / 1000;
      showProgress(terminal, `${what}: ${showDuration(left)} left`);
    }, SECOND);
  }

  /** Removes the line. */
  end(): void {
    clearInterval(this.#timer);
    removeProgress(this.#terminal);
  }
}

/** Waits this many milliseconds, or until Ctrl-C, and shows how much of that is left. */
export async function pauseShown(
  terminal: Terminal,
  what: string,
  milliseconds: number,
): Promise<void> {
  const countdown = new Countdown(terminal, what, milliseconds);
  await pause(milliseconds, terminal.interrupted);
  countdown.end();
}
