/** What a caller loads a value with. @module */

/** A caller's function, and the error that it failed with: that one is the caller's, and others are the client's. */
export class CallerLoad<Value> {
  readonly #load: () => Value | Promise<Value>;
  #fault: { readonly error: unknown } | undefined;

  constructor(load: () => Value | Promise<Value>) {
    this.#load = load;
  }

  /** Calls the function. */
  readonly run = async (): Promise<Value> => {
    try {
      return await this.#load();
    } catch (error) {
      this.#fault = { error };
      throw error;
    }
  };

  /** Whether the function failed with this error. */
  failedWith(error: unknown): boolean {
    return this.#fault?.error === error;
  }
}
