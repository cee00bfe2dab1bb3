/** Whether operations settle in time. @module */

import type { Heartbeat } from "./heartbeat.ts";

/** Milliseconds that an operation may take beyond its limit. */
const GRACE = 100;

/** A promise to settle: when it has to be kept can only come nearer. */
export class Due {
  /** When the operation has to have settled, as `performance.now()` counts. */
  at: number;

  constructor(milliseconds: number) {
    this.at = performance.now() + milliseconds;
  }

  /** Something ends the operation at once: an abort, a close. */
  now(): void {
    this.at = Math.min(this.at, performance.now());
  }
}

/** Measures by how much operations outlive their limits. */
export class Punctuality {
  /** The longest overrun so far, in milliseconds. */
  worst = 0;
  readonly #heartbeat: Heartbeat;

  constructor(heartbeat: Heartbeat) {
    this.#heartbeat = heartbeat;
  }

  /**
   * Notes that an operation has settled now. Time for which this thread was held up after the limit, by
   * whatever else the machine does, is not the client's and is taken off.
   *
   * @returns By how many milliseconds it was too late, or `undefined` when it was not.
   */
  settled(due: Due): number | undefined {
    const now = performance.now();
    const elapsed = now - due.at;
    if (elapsed <= Math.min(this.worst, GRACE)) return undefined;
    const overrun = elapsed - this.#heartbeat.blockedBetween(due.at, now);
    this.worst = Math.max(this.worst, overrun);
    return overrun > GRACE ? overrun : undefined;
  }
}
