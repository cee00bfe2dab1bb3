/**
 * What the server counts, under the names memcached's `stats` prints.
 *
 * @module
 */

/** The names of the counters, in the order memcached prints them. */
export type CounterName =
  | "total_connections"
  | "cmd_get"
  | "cmd_set"
  | "cmd_flush"
  | "cmd_touch"
  | "cmd_meta"
  | "get_hits"
  | "get_misses"
  | "get_expired"
  | "get_flushed"
  | "delete_misses"
  | "delete_hits"
  | "incr_misses"
  | "incr_hits"
  | "decr_misses"
  | "decr_hits"
  | "cas_misses"
  | "cas_hits"
  | "cas_badval"
  | "touch_hits"
  | "touch_misses"
  | "store_too_large"
  | "store_no_memory"
  | "bytes_read"
  | "bytes_written"
  | "total_items"
  | "expired_unfetched"
  | "evicted_unfetched"
  | "evictions"
  | "reclaimed";

/** What `stats detail` counts for the keys that begin with one prefix. */
export interface PrefixCounts {
  /** Keys asked for. */
  get: number;
  /** Keys found. */
  hit: number;
  /** Values stored. */
  set: number;
  /** Deletions. */
  del: number;
}

/** Between a key's prefix, which `stats detail` counts by, and the rest of it. */
const PREFIX_DELIMITER = ":";

/** So that keys a client makes up cannot fill the memory. */
const MAX_PREFIXES = 10_000;

/** The counters behind `stats` and `stats detail`. */
export class Statistics {
  /** Whether `stats detail on` was given. */
  detailEnabled = false;

  readonly #counts = new Map<CounterName, number>();
  readonly #prefixes = new Map<string, PrefixCounts>();

  /** What `stats detail dump` prints, prefix by prefix. */
  get prefixes(): ReadonlyMap<string, Readonly<PrefixCounts>> {
    return this.#prefixes;
  }

  /** Adds to a counter. */
  count(name: CounterName, by = 1): void {
    this.#counts.set(name, this.get(name) + by);
  }

  /** A counter's value. */
  get(name: CounterName): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Sets everything back to zero, as `stats reset` does. */
  reset(): void {
    this.#counts.clear();
    this.#prefixes.clear();
  }

  /** Counts by the prefix of `key`, where `stats detail` is on and the key has one. */
  countPrefix(key: string, name: keyof PrefixCounts): void {
    if (!this.detailEnabled) return;
    const length = key.indexOf(PREFIX_DELIMITER);
    if (length >= 0) this.#countPrefix(key.slice(0, length), name);
  }

  #countPrefix(prefix: string, name: keyof PrefixCounts): void {
    const counts = this.#prefixes.get(prefix) ?? { get: 0, hit: 0, set: 0, del: 0 };
    counts[name] += 1;
    if (this.#prefixes.size < MAX_PREFIXES) this.#prefixes.set(prefix, counts);
  }
}
