/** Random numbers that can be repeated by a seed. @module */

/** Numbers that look random and are the same for the same seed (Tommy Ettinger's mulberry32). */
export class Random {
  #state: number;

  /** @param seed Any integer; its lower 32 bits count. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 up to a bound. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** An integer between two others, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[];
    let left = this.next() * names.reduce((sum, name) => sum + weights[name], 0);
    return names.find((name) => (left -= weights[name]) < 0) ?? names.at(-1)!;
  }

  /** A generator of its own for what goes on at the same time, so that neither disturbs the other. */
  fork(): Random {
    return new Random(this.below(2 ** 32));
  }
}

/** The seed to use: the environment's `CHAOS_SEED`, so that a run can be repeated, else a new one. */
export function chooseSeed(): number {
  return Number(Deno.env.get("CHAOS_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
}

/** Runs a body with a seed, and names the seed when the body fails. */
export async function withSeed(body: (seed: number) => Promise<unknown>): Promise<void> {
  const seed = chooseSeed();
  try {
    await body(seed);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`With CHAOS_SEED=${seed}: ${message}`, { cause });
  }
}
