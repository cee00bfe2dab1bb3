/** The writes that a fleet has missed. @module */

/** How many keys that a fleet has missed a write of are remembered. */
const MOST_MISSED = 100_000;

/** The keys that a fleet has missed a write of, with what tells one such write from another. */
export class MissedWrites {
  readonly #writes = new Map<string, object>();

  /** Remembers that the fleet has missed a write. */
  add(key: string): void {
    this.#writes.set(key, {});
    if (this.#writes.size <= MOST_MISSED) return;
    for (const oldest of this.#writes.keys()) {
      this.#writes.delete(oldest);
      return;
    }
  }

  /** Whether the fleet has missed a write of a key. */
  has(key: string): boolean {
    return this.#writes.has(key);
  }

  /** What stands for the last write of a key that the fleet has missed. */
  latest(key: string): object | undefined {
    return this.#writes.get(key);
  }

  /** Forgets a write: what the fleet has is right again, unless it has missed another one meanwhile. */
  forget(key: string, write: object | undefined): void {
    if (this.#writes.get(key) === write) this.#writes.delete(key);
  }
}
