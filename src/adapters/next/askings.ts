/** The values that Next has asked for, and renders when it gets none. @module */

/** The number of the last revalidation when memcached could not be reached: lower than any. */
export const UNKNOWN: number = -Infinity;
/** How many askings for one key are remembered. */
const MOST_ASKED = 100;

/**
 * By key, the last revalidation at each time when Next asked for a value and got none. A value that is set takes the
 * lowest: it is not known which of them it belongs to.
 */
export class Askings {
  readonly #asked = new Map<string, number[]>();

  /** Remembers that Next has asked, after a revalidation or when the last one is {@linkcode UNKNOWN}. */
  add(key: string, revalidation: number): void {
    const asked = this.#asked.get(key) ?? [];
    this.#asked.set(key, asked);
    if (asked.length < MOST_ASKED) asked.push(revalidation);
  }

  /** Takes the lowest; `undefined` when Next has not asked. */
  take(key: string): number | undefined {
    const asked = this.#asked.get(key);
    if (asked === undefined) return undefined;
    const lowest = Math.min(...asked);
    asked.splice(asked.indexOf(lowest), 1);
    if (asked.length === 0) this.#asked.delete(key);
    return lowest;
  }

  /** Forgets what was asked: Next has a value, and an instance may live for many requests. */
  forget(key: string): void {
    this.#asked.delete(key);
  }
}
