/**
 * Time as memcached counts it.
 *
 * @module
 */

/** 30 days: longer exptimes are absolute times, shorter ones are relative (memcached's `protocol.txt`). */
const MAX_RELATIVE_EXPTIME = 60 * 60 * 24 * 30;

/** The exptime of an item that expires at once. */
const EXPIRED = -1;

/** memcached sets the expiry of an item that expires at once to this many seconds before its start. */
const EXPIRED_BEFORE_START = 61;

/** A clock of whole seconds, as in memcached. */
export class ItemClock {
  /** When it was started, in seconds since 1970. */
  readonly startTime: number;
  readonly #now: () => number;
  #stoppedAt: number | undefined;

  /** Takes a clock of milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
    this.startTime = this.time;
  }

  /** The time in seconds since 1970. */
  get time(): number {
    return this.#stoppedAt ?? Math.floor(this.#now() / 1000);
  }

  /** Lets no time pass until {@linkcode start}, so that a command does not have to look at the clock for each key. */
  stop(): void {
    this.#stoppedAt = this.time;
  }

  /** Lets time pass again. */
  start(): void {
    this.#stoppedAt = undefined;
  }

  /**
   * Turns a command's exptime into a time.
   *
   * @param exptime Seconds from now, or since 1970 when they exceed 30 days; 0 means never, and a negative number means
   * the past.
   * @returns The item's exptime in seconds since 1970.
   */
  resolve(exptime: number): number {
    if (exptime === 0) return 0;
    if (exptime < 0) return EXPIRED;
    return exptime > MAX_RELATIVE_EXPTIME ? exptime : this.time + exptime;
  }

  /**
   * Computes an item's remaining lifetime in 32 bits, as memcached does. For an expired item, the result is a large
   * number.
   *
   * @param exptime The item's exptime.
   * @returns The time in seconds, or `undefined` when it never expires.
   */
  remaining(exptime: number): number | undefined {
    if (exptime === 0) return undefined;
    const end = exptime === EXPIRED ? this.startTime - EXPIRED_BEFORE_START : exptime;
    return (end - this.time) >>> 0;
  }

  /** Whether an exptime has passed. */
  hasPassed(exptime: number): boolean {
    return exptime !== 0 && exptime <= this.time;
  }
}
