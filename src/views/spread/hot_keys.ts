/** Which keys are used most, in memory that does not grow with the number of keys. @module */

/** How many keys are counted at once. */
const COUNTED = 1000;
/** After how many uses all counts are halved: what was hot long ago is forgotten. */
const HALF_LIFE = 10_000;
/** How many uses it takes before any key is hot. */
const FEWEST_USES = 200;

/**
 * Counts uses of keys. A key that is not counted takes the place of the one that is used least, and its count: the
 * algorithm Space-Saving (Metwally, Agrawal, El Abbadi 2005), which never counts a key too low.
 */
export class HotKeys {
  readonly #share: number;
  #counts = new Map<string, number>();
  #uses = 0;
  /** What a key begins with that is counted from now on. */
  #least = 0;

  /** @param share From which share of all uses on a key is hot. */
  constructor(share: number) {
    this.#share = share;
  }

  /** Counts a use. */
  use(key: string): void {
    const count = this.#counts.get(key);
    if (count === undefined && this.#counts.size >= COUNTED) this.#forgetLeast();
    this.#counts.set(key, (count ?? this.#least) + 1);
    if (++this.#uses >= HALF_LIFE) this.#halve();
  }

  /** Whether a key has the share of the uses that makes it hot. */
  has(key: string): boolean {
    if (this.#uses < FEWEST_USES) return false;
    return (this.#counts.get(key) ?? 0) - this.#least >= this.#share * this.#uses;
  }

  /** Forgets the half that is used least, so that this need not be done for every new key. */
  #forgetLeast(): void {
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a);
    this.#counts = new Map(sorted.slice(0, COUNTED / 2));
    this.#least = sorted[COUNTED / 2]?.[1] ?? 0;
  }

  #halve(): void {
    this.#uses /= 2;
    this.#least /= 2;
    for (const [key, count] of this.#counts) this.#counts.set(key, count / 2);
  }
}
