/** A distribution of times in memory that does not grow. @module */

/** Buckets for each doubling: a percentile is right to about two percent. */
const PER_DOUBLING = 32;
/** All shorter times count as this one, in milliseconds. */
const SHORTEST = 0.001;

/** Times, counted in buckets whose width grows with the time. */
export class Latencies {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #max = 0;

  /** How many times there are. */
  get count(): number {
    return this.#count;
  }

  /** The longest, in milliseconds. */
  get max(): number {
    return this.#max;
  }

  /** Adds a time in milliseconds. */
  add(milliseconds: number): void {
    const place = Math.log2(Math.max(SHORTEST, milliseconds) / SHORTEST) * PER_DOUBLING;
    const bucket = Math.floor(place);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count++;
    this.#max = Math.max(this.#max, milliseconds);
  }

  /** The time that this share of all, 0 to 1, does not exceed. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const [bucket, count] of this.#sorted()) {
      seen += count;
      if (seen >= rank) return Math.min(this.#max, timeOf(bucket + 1));
    }
    return this.#max;
  }

  /** How many times are in each doubling, by its upper bound in milliseconds. */
  doublings(): Map<number, number> {
    const counts = new Map<number, number>();
    for (const [bucket, count] of this.#sorted()) {
      const bound = timeOf((Math.floor(bucket / PER_DOUBLING) + 1) * PER_DOUBLING);
      counts.set(bound, (counts.get(bound) ?? 0) + count);
    }
    return counts;
  }

  #sorted(): [bucket: number, count: number][] {
    return [...this.#buckets].toSorted(([a], [b]) => a - b);
  }
}

/** The percentiles of a record, in milliseconds; `null` without any times. */
export function percentilesOf(latencies: Latencies): Readonly<Record<string, number | null>> {
  const rounded = (milliseconds: number) =>
    latencies.count === 0 ? null : Math.round(milliseconds * 1000) / 1000;
  return {
    ...{ p50: rounded(latencies.percentile(0.5)), p90: rounded(latencies.percentile(0.9)) },
    ...{ p99: rounded(latencies.percentile(0.99)), p999: rounded(latencies.percentile(0.999)) },
    max: rounded(latencies.max),
  };
}

function timeOf(bucket: number): number {
  return SHORTEST * 2 ** (bucket / PER_DOUBLING);
}
