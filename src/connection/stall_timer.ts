/** Detects silent servers. @module */

import { TimeoutError } from "../errors.ts";
import type { Clock } from "../waiting.ts";

/** How many times a {@linkcode StallTimer} checks within its time limit. */
const LOOKS = 4;
/** A check that is late by at most this many milliseconds counts as on time. */
const LATE_LOOK = 50;

/** The options of a {@linkcode StallTimer}. */
export interface StallOptions {
  /** The clock. */
  readonly clock: Clock;
  /** How many milliseconds a server may send nothing while operations wait for it; `Infinity` means no limit. */
  readonly stallTimeout: number;
}

/**
 * Detects that nothing has been received for too long while operations wait. Time in which the process was stopped does
 * not count: the timer checks at intervals, and ignores a check that comes late.
 */
export class StallTimer {
  readonly #options: StallOptions;
  readonly #isWaiting: () => boolean;
  readonly #stalled: () => void;
  #cancel: (() => void) | undefined;
  #lastLook = 0;
  #isHeard = false;
  /** For how many milliseconds nothing has been received, according to the checks. */
  #silence = 0;
  #looks = 0;

  /**
   * @param isWaiting Whether operations wait now.
   * @param stalled Called when nothing has been received for too long.
   */
  constructor(options: StallOptions, isWaiting: () => boolean, stalled: () => void) {
    this.#options = options;
    this.#isWaiting = isWaiting;
    this.#stalled = stalled;
  }

  /** How many checks it has made. */
  get looks(): number {
    return this.#looks;
  }

  /** Starts the checks, if they are not running; they continue while operations wait. */
  start(): void {
    if (this.#cancel !== undefined || this.#options.stallTimeout === Infinity) return;
    this.#silence = 0;
    this.#schedule();
  }

  /** Records that something has been received. */
  heard(): void {
    this.#isHeard = true;
  }

  /** Stops the checks for good. */
  stop(): void {
    this.#cancel?.();
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
    // The last check comes immediately after the one before, so that data that has arrived is read first.
    else if (this.#silence >= stallTimeout) return this.#stalled();
    else {
      const interval = stallTimeout / LOOKS;
      // A test may have stopped the clock.
      const elapsed = Math.max(interval, clock.now() - this.#lastLook);
      if (elapsed <= interval + Math.max(interval / 2, LATE_LOOK)) this.#silence += elapsed;
    }
    this.#schedule();
  };
}

/** Makes the error of operations that wait for a server that sends nothing. */
export function stallError(server: string, stallTimeout: number): TimeoutError {
  return new TimeoutError(`No reply from ${server}: it has sent nothing for ${stallTimeout} ms`, {
    server,
  });
}
