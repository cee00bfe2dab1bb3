/** A signal that counts its listeners: each takes time in proportion to those that there are. @module */

/** Made like an `AbortController`. */
export class CountedSignal {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  #present = 0;
  #most = 0;

  constructor() {
    const { signal } = this.#controller;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<AbortSignal["addEventListener"]>) => {
      this.#most = Math.max(this.#most, ++this.#present);
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<AbortSignal["removeEventListener"]>) => {
      this.#present--;
      removeEventListener.apply(signal, args);
    };
    this.signal = signal;
  }

  /** How many there are, and the most that there have been at once. */
  readonly listeners = (): { present: number; most: number } => {
    return { present: this.#present, most: this.#most };
  };

  readonly abort = (reason: unknown): void => this.#controller.abort(reason);
}
