/** One timer for many deadlines. @module */

/**
 * Wakes its owner at the earliest deadline it was given. It is not moved when that deadline is met
 * early: the owner looks what is oldest then and arms it anew, so that a thousand operations a
 * second cost one timer and not a thousand.
 */
export class DeadlineTimer {
  readonly #wake: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /**
   * Makes sure that the owner is woken at this deadline or before.
   *
   * @param deadline As `performance.now()` counts, not before those given since the last waking.
   * @param now The same clock's present time.
   */
  arm(deadline: number, now: number): void {
    if (this.#timer !== undefined || deadline === Infinity) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, deadline - now);
  }

  /** Forgets all deadlines. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
