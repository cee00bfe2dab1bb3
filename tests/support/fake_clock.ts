/** A clock that stands still until a test moves it. @module */

import type { Clock } from "../../src/waiting.ts";
import { turn } from "./turns.ts";

interface Alarm {
  readonly due: number;
  readonly callback: () => void;
}

/** Hand it in as the option `clock`. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #alarms = new Set<Alarm>();

  now(): number {
    return this.#now;
  }

  after(delay: number, callback: () => void): () => void {
    const alarm = { due: this.#now + delay, callback };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** How many calls are still to come. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Moves the time on, and makes the calls that become due on the way, each at its time. */
  tick(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next; (next = this.#next(end)) !== undefined;) {
      this.#now = Math.max(this.#now, next.due);
      this.#alarms.delete(next);
      next.callback();
    }
    this.#now = end;
  }

  /** As {@linkcode tick}, and lets what each call brings about go on before the next. */
  async tickSlowly(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await turn();
    for (let next; (next = this.#next(end)) !== undefined;) {
      this.tick(next.due - this.#now);
      await turn();
    }
    this.tick(end - this.#now);
    await turn();
  }

  /** Moves the time on to the next call; tells whether there was one. */
  tickToNext(): boolean {
    const next = this.#next(Infinity);
    if (next !== undefined) this.tick(next.due - this.#now);
    return next !== undefined;
  }

  #next(end: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.due <= end && (next === undefined || alarm.due < next.due)) next = alarm;
    }
    return next;
  }
}
