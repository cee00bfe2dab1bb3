/**
 * The server's counters, under the names that memcached's `stats` prints.
 *
 * @module
 */

import { MAX_SLAB_CLASSES } from "./items/item_sizes.ts";

/** Counters of the whole server. */
export type CounterName =
  | "total_connections"
  | "rejected_connections"
  | "cmd_get"
  | "cmd_flush"
  | "cmd_touch"
  | "cmd_meta"
  | "get_misses"
  | "get_expired"
  | "get_flushed"
  | "delete_misses"
  | "incr_misses"
  | "decr_misses"
  | "cas_misses"
  | "touch_misses"
  | "store_too_large"
  | "store_no_memory"
  | "auth_cmds"
  | "auth_errors"
  | "idle_kicks"
  | "bytes_read"
  | "bytes_written"
  | "total_items"
  | "lru_crawler_starts";

/** Counters of each slab class. */
export type ClassCounterName =
  | "get_hits"
  | "cmd_set"
  | "delete_hits"
  | "incr_hits"
  | "decr_hits"
  | "cas_hits"
  | "cas_badval"
  | "touch_hits"
  | "evicted"
  | "evicted_nonzero"
  | "evicted_time"
  | "evicted_unfetched"
  | "expired_unfetched"
  | "outofmemory"
  | "reclaimed"
  | "direct_reclaims"
  | "crawler_items_checked";

/** The counters of `stats detail` for one prefix of keys. */
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

/** The character between a key's prefix, for `stats detail`, and the rest of the key. */
const PREFIX_DELIMITER = ":";

/** The maximum number of prefixes, so that a client cannot fill the memory with them. */
const MAX_PREFIXES = 10_000;

/** The counters behind `stats` and its subcommands. */
export class Statistics {
  /** Whether `stats detail` is on. */
  detailEnabled = false;

  #counts: Partial<Record<CounterName, number>> = {};
  readonly #classCounts = new Map<ClassCounterName, Float64Array>();
  readonly #prefixes = new Map<string, PrefixCounts>();

  /** The counters for `stats detail dump`, by prefix. */
  get prefixes(): ReadonlyMap<string, Readonly<PrefixCounts>> {
    return this.#prefixes;
  }

  /** Increments a counter of the server. */
  count(name: CounterName, by = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by;
  }

  /** A counter of the server. */
  get(name: CounterName): number {
    return this.#counts[name] ?? 0;
  }

  /** Increments a counter of a slab class. */
  countIn(slabClass: number, name: ClassCounterName): void {
    const counts = this.#countsOf(name);
    counts[slabClass] = (counts[slabClass] ?? 0) + 1;
  }

  /** Sets a counter of a slab class. */
  setIn(slabClass: number, name: ClassCounterName, value: number): void {
    this.#countsOf(name)[slabClass] = value;
  }

  /** A counter of a slab class. */
  getIn(slabClass: number, name: ClassCounterName): number {
    return this.#classCounts.get(name)?.[slabClass] ?? 0;
  }

  /** The sum of a counter over all slab classes. */
  sum(name: ClassCounterName): number {
    return this.#classCounts.get(name)?.reduce((sum, count) => sum + count, 0) ?? 0;
  }

  /** Resets all counters to zero, as `stats reset` does. */
  reset(): void {
    this.#counts = {};
    this.#classCounts.clear();
    this.#prefixes.clear();
  }

  /** Counts for the prefix of `key`, if `stats detail` is on and the key has a prefix. */
  countPrefix(key: string, name: keyof PrefixCounts): void {
    if (!this.detailEnabled) return;
    const length = key.indexOf(PREFIX_DELIMITER);
    if (length >= 0) this.#countPrefix(key.slice(0, length), name);
  }

  #countsOf(name: ClassCounterName): Float64Array {
    let counts = this.#classCounts.get(name);
    if (counts === undefined) {
      counts = new Float64Array(MAX_SLAB_CLASSES);
      this.#classCounts.set(name, counts);
    }
    return counts;
  }

  #countPrefix(prefix: string, name: keyof PrefixCounts): void {
    const counts = this.#prefixes.get(prefix) ?? { get: 0, hit: 0, set: 0, del: 0 };
    counts[name] += 1;
    if (this.#prefixes.size < MAX_PREFIXES) this.#prefixes.set(prefix, counts);
  }
}
