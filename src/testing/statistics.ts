/**
 * What the server counts, under the names that memcached's `stats` prints.
 *
 * @module
 */

import { MAX_SLAB_CLASSES } from "./items/item_sizes.ts";

/** What is counted for the whole server. */
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

/** What is counted for each slab class. */
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

/** The counters behind `stats` and its subcommands. */
export class Statistics {
  /** Whether `stats detail on` was given. */
  detailEnabled = false;

  #counts: Partial<Record<CounterName, number>> = {};
  readonly #classCounts = new Map<ClassCounterName, Float64Array>();
  readonly #prefixes = new Map<string, PrefixCounts>();

  /** What `stats detail dump` prints, prefix by prefix. */
  get prefixes(): ReadonlyMap<string, Readonly<PrefixCounts>> {
    return this.#prefixes;
  }

  /** Adds to a counter of the server. */
  count(name: CounterName, by = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by;
  }

  /** A counter of the server. */
  get(name: CounterName): number {
    return this.#counts[name] ?? 0;
  }

  /** Adds to a counter of a slab class. */
  countIn(slabClass: number, name: ClassCounterName): void {
    const counts = this.#countsOf(name);
    counts[slabClass] = (counts[slabClass] ?? 0) + 1;
  }

  /** Sets what is counted for a slab class. */
  setIn(slabClass: number, name: ClassCounterName, value: number): void {
    this.#countsOf(name)[slabClass] = value;
  }

  /** A counter of a slab class. */
  getIn(slabClass: number, name: ClassCounterName): number {
    return this.#classCounts.get(name)?.[slabClass] ?? 0;
  }

  /** A counter of all slab classes together. */
  sum(name: ClassCounterName): number {
    return this.#classCounts.get(name)?.reduce((sum, count) => sum + count, 0) ?? 0;
  }

  /** Sets everything back to zero, as `stats reset` does. */
  reset(): void {
    this.#counts = {};
    this.#classCounts.clear();
    this.#prefixes.clear();
  }

  /** Counts by the prefix of `key`, where `stats detail` is on and the key has one. */
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
