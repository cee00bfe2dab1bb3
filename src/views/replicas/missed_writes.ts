/** The writes that a fleet has missed. @module */

/** How many keys that a fleet has missed a write of are remembered. */
const MOST_MISSED = 100_000;

/** The keys that a fleet has missed a write of, with what tells one such write from another. */
export class MissedWrites {
  readonly #writes = new Map<string, object>();
  readonly #sentFor: (key: string) => string;

  /** @param sentFor Makes of a key what the fleet's client sends for it. */
  constructor(sentFor: (key: string) => string) {
    this.#sentFor = sentFor;
  }

  /** Remembers that the fleet has missed a write. */
  add(key: string): void {
    this.#writes.set(this.#sentFor(key), {});
    if (this.#writes.size <= MOST_MISSED) return;
    for (const oldest of this.#writes.keys()) {
      this.#writes.delete(oldest);
      return;
    }
  }

  /** Whether the fleet has missed a write of a key. */
  has(key: string): boolean {
    return this.#writes.has(this.#sentFor(key));
  }

  /** What stands for the last write of a key that the fleet has missed. */
  latest(key: string): object | undefined {
    return this.#writes.get(this.#sentFor(key));
  }

  /** Forgets a write: what the fleet has is right again, unless it has missed another one meanwhile. */
  forget(key: string, write: object | undefined): void {
    const sent = this.#sentFor(key);
    if (this.#writes.get(sent) === write) this.#writes.delete(sent);
  }
}
