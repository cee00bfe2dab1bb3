/** Noticing that a server is silent. @module */

import { TimeoutError } from "../errors.ts";
import type { Clock } from "../waiting.ts";

/** How often a {@linkcode StallTimer} looks within the time that it allows. */
const LOOKS = 4;
/** A look that is late by no more milliseconds tells as much as one that is not. */
const LATE_LOOK = 50;

/** What a {@linkcode StallTimer} is made with. */
export interface StallOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Milliseconds a server may send nothing while something waits for it; `Infinity` for no limit. */
  readonly stallTimeout: number;
}

/**
 * Notices that nothing has come for too long while something waits. Time in which the process itself stood
 * still is left out: it looks from time to time, and a look that comes late tells nothing.
 */
export class StallTimer {
  readonly #options: StallOptions;
  readonly #isWaiting: () => boolean;
  readonly #stalled: () => void;
  #cancel: (() => void) | undefined;
  #lastLook = 0;
  #isHeard = false;
  /** For how many milliseconds nothing has come, as far as the looks tell. */
  #silence = 0;
  #looks = 0;

  /**
   * @param isWaiting Whether something waits now.
   * @param stalled Called when nothing has come for too long.
   */
  constructor(options: StallOptions, isWaiting: () => boolean, stalled: () => void) {
    this.#options = options;
    this.#isWaiting = isWaiting;
    this.#stalled = stalled;
  }

  /** How often it has looked. */
  get looks(): number {
    return this.#looks;
  }

  /** Begins to look, if it does not yet; it goes on as long as something waits. */
  start(): void {
    if (this.#cancel !== undefined || this.#options.stallTimeout === Infinity) return;
    this.#silence = 0;
    this.#schedule();
  }

  /** Takes note that something has come. */
  heard(): void {
    this.#isHeard = true;
  }

  /** Ends the looking. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(): void {
    const { clock, stallTimeout } = this.#options;
    this.#isHeard = false;
    this.#lastLook = clock.now();
    const left = Math.max(0, stallTimeout - this.#silence);
    this.#cancel = clock.after(Math.min(left, stallTimeout / LOOKS), this.#look);
  }

  readonly #look = (): void => {
    const { clock, stallTimeout } = this.#options;
    this.#looks++;
    this.#cancel = undefined;
    if (!this.#isWaiting()) return;
    if (this.#isHeard) this.#silence = 0;
    // The last look comes at once: what has come by the one before is read first.
    else if (this.#silence >= stallTimeout) return this.#stalled();
    else {
      const elapsed = clock.now() - this.#lastLook;
      const interval = stallTimeout / LOOKS;
      if (elapsed <= interval + Math.max(interval / 2, LATE_LOOK)) this.#silence += elapsed;
    }
    this.#schedule();
  };
}

/** What operations are rejected with that wait for a server which sends nothing. */
export function stallError(server: string, stallTimeout: number): TimeoutError {
  return new TimeoutError(`No reply from ${server}: it has sent nothing for ${stallTimeout} ms`, {
    server,
  });
}
