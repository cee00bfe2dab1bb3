/** One timer for many deadlines. @module */

/**
 * Wakes its owner at the earliest deadline it was given. It is not put off when that deadline is met:
 * the owner looks what is left then and arms it anew, so that a thousand operations a second cost one
 * timer and not a thousand.
 */
export class DeadlineTimer {
  readonly #wake: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deadline = Infinity;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Makes sure that the owner is woken at this deadline, as `performance.now()` counts, or before. */
  arm(deadline: number): void {
    if (deadline >= this.#deadline) return;
    clearTimeout(this.#timer);
    this.#deadline = deadline;
    this.#timer = setTimeout(this.#due, Math.max(0, deadline - performance.now()));
  }

  /** Forgets all deadlines. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#deadline = Infinity;
  }

  readonly #due = (): void => {
    // A process that was busy until now may have the replies waiting to be read. They come first.
    this.#timer = setTimeout(() => {
      this.#deadline = Infinity;
      this.#wake();
    }, 0);
  };
}
