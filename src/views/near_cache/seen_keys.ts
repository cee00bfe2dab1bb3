/** Which keys have been used lately. @module */

/** How many keys are remembered for certain; up to twice as many are. */
const REMEMBERED = 20_000;

/** The keys used last. Two sets take turns, so that the oldest are forgotten together. */
export class SeenKeys {
  #recent = new Set<string>();
  #older = new Set<string>();

  /** Notes that a key is used; tells whether it has been lately. */
  see(key: string): boolean {
    if (this.#recent.has(key)) return true;
    const isKnown = this.#older.has(key);
    this.#recent.add(key);
    if (this.#recent.size >= REMEMBERED) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    return isKnown;
  }
}
