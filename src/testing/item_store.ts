/**
 * The items of a {@linkcode MemcachedServer}: what is live, what it weighs and what is evicted first.
 * What a command makes of an item is in `commands/`.
 *
 * @module
 */

import { RecencyList, type RecencyListEntry } from "./recency_list.ts";
import type { Statistics } from "./statistics.ts";

/** What a client stores. */
export interface ItemContent {
  /** The key, a character per byte. */
  readonly key: string;
  /** The value. Its bytes are never written to again, since replies may still refer to them. */
  readonly value: Uint8Array;
  /** The client's flags, 32 bits. */
  readonly flags: number;
  /** When it expires, in seconds since 1970; 0 is never, and anything negative is at once. */
  readonly exptime: number;
}

/** A stored item. */
export interface Item extends ItemContent, RecencyListEntry<Item> {
  value: Uint8Array;
  exptime: number;
  /** Unique to this content of this item; higher than that of anything stored before. */
  cas: bigint;
  /** When it was stored or last used, in seconds since 1970. */
  lastAccess: number;
  /** Whether anybody has read it since it was stored. */
  fetched: boolean;
}

/** What an {@linkcode ItemStore} is made of. */
export interface ItemStoreOptions {
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** What all items may weigh together, in bytes. */
  readonly memoryLimit: number;
  /** What one item may weigh, in bytes. */
  readonly maxItemSize: number;
  /** Where evictions and the like are counted. */
  readonly statistics: Statistics;
}

/** `sizeof(item)` and the CAS token in memcached on a 64-bit machine. */
const ITEM_OVERHEAD = 48 + 8;
/** Line ends are stored with the value, and a NUL with the key. */
const TERMINATORS = 2 + 1;
const FLAGS_SIZE = 4;

/** Longer exptimes are points in time, shorter ones are spans: 30 days (memcached's `protocol.txt`). */
const MAX_RELATIVE_EXPTIME = 60 * 60 * 24 * 30;

/** The exptime of what is to be gone at once. */
const EXPIRED = -1;

/**
 * Says what an item takes of the memory limit, to the byte what memcached 1.6 reckons.
 *
 * @param key The key.
 * @param flags The client's flags: only others than 0 take space.
 * @param valueLength Length of the value in bytes.
 * @returns The weight in bytes.
 */
export function itemSize(key: string, flags: number, valueLength: number): number {
  return ITEM_OVERHEAD + key.length + TERMINATORS + (flags === 0 ? 0 : FLAGS_SIZE) + valueLength;
}

/**
 * Says what a stored item takes of the memory limit.
 *
 * @param item The item.
 * @returns Its weight in bytes.
 */
export function weigh({ key, flags, value }: Readonly<Item>): number {
  return itemSize(key, flags, value.byteLength);
}

/** Items by key, and the order in which they were used. */
export class ItemStore {
  /** What one item may weigh, in bytes. */
  readonly maxItemSize: number;
  /** What all items may weigh together, in bytes. */
  readonly memoryLimit: number;

  readonly #now: () => number;
  readonly #statistics: Statistics;
  readonly #startTime: number;
  readonly #items = new Map<string, Item>();
  readonly #recency = new RecencyList<Item>();
  #byteLength = 0;
  #lastCas = 0n;
  #flushTime: number | undefined;
  #flushCas = 0n;

  constructor(options: ItemStoreOptions) {
    this.maxItemSize = options.maxItemSize;
    this.memoryLimit = options.memoryLimit;
    this.#now = options.now;
    this.#statistics = options.statistics;
    this.#startTime = this.time;
  }

  /** The time in whole seconds since 1970, the only unit memcached reckons in. */
  get time(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** How many items there are, those that expired unnoticed included. */
  get itemCount(): number {
    return this.#items.size;
  }

  /** What all items weigh, in bytes. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** When, in seconds since 1970, what was stored until then is flushed, if it ever is. */
  get flushTime(): number | undefined {
    return this.#flushTime;
  }

  /** All items in no particular order, those that expired unnoticed included. */
  items(): IterableIterator<Readonly<Item>> {
    return this.#items.values();
  }

  /**
   * Turns a command's exptime into a time.
   *
   * @param exptime Seconds from now, or since 1970 where they exceed 30 days; 0 is never, and a
   * negative number is the past.
   * @returns The {@linkcode ItemContent.exptime} it stands for.
   */
  resolveExptime(exptime: number): number {
    if (exptime === 0) return 0;
    if (exptime < 0) return EXPIRED;
    return exptime > MAX_RELATIVE_EXPTIME ? exptime : this.time + exptime;
  }

  /** The live item with this key, and no sign left that somebody looked. */
  find(key: string): Item | undefined {
    const item = this.#items.get(key);
    if (item === undefined) return undefined;
    if (this.#isFlushed(item)) return this.#drop(item, "get_flushed");
    if (this.#isExpired(item)) return this.#drop(item, "get_expired");
    return item;
  }

  /** The live item with this key, which is then the last to be evicted. */
  fetch(key: string): Item | undefined {
    const item = this.find(key);
    if (item !== undefined) {
      item.fetched = true;
      this.refresh(item);
    }
    return item;
  }

  /** Makes an item the last one to be evicted. */
  refresh(item: Item): void {
    item.lastAccess = this.time;
    this.#recency.refresh(item);
  }

  /**
   * Stores an item under a new CAS token in the place of any other with its key, and evicts what
   * then exceeds the memory limit. The item itself must not.
   *
   * @param content What to store.
   * @returns The stored item.
   */
  put({ key, value, flags, exptime }: ItemContent): Item {
    this.delete(key);
    const item: Item = {
      ...{ key, value, flags, exptime },
      cas: ++this.#lastCas,
      lastAccess: this.time,
      fetched: false,
    };
    this.#items.set(key, item);
    this.#recency.add(item);
    this.#byteLength += weigh(item);
    this.#statistics.count("total_items");
    this.#evictExcess();
    return item;
  }

  /** Gives an item another value of the same length, and so a new CAS token. */
  rewrite(item: Item, value: Uint8Array): void {
    item.value = value;
    item.cas = ++this.#lastCas;
    this.refresh(item);
  }

  /** Removes whatever is stored under this key. */
  delete(key: string): void {
    const item = this.#items.get(key);
    if (item !== undefined) this.#remove(item);
  }

  /**
   * Makes everything stored until then invisible, as `flush_all` does: at once, or when the time
   * has come. A later flush takes the place of one that is still to come.
   *
   * @param exptime When, as {@linkcode resolveExptime} reads it; 0 and less are now.
   */
  flush(exptime: number): void {
    this.#removeFlushed();
    const now = this.time;
    const end = exptime > 0 ? this.resolveExptime(exptime) : now;
    // memcached reckons from its start, and a flush before that is none.
    this.#flushTime = end < this.#startTime ? undefined : end - 1;
    if (end <= now + 1) this.#flushCas = ++this.#lastCas;
  }

  #isFlushed(item: Item): boolean {
    if (this.#flushTime === undefined || this.#flushTime > this.time) return false;
    return item.lastAccess <= this.#flushTime || item.cas < this.#flushCas;
  }

  /** Or else a flush to come would bring back what an earlier one has made invisible. */
  #removeFlushed(): void {
    for (const item of this.#items.values()) {
      if (this.#isFlushed(item)) this.#remove(item);
    }
  }

  #isExpired(item: Item): boolean {
    return item.exptime !== 0 && item.exptime <= this.time;
  }

  #drop(item: Item, reason: "get_flushed" | "get_expired"): undefined {
    this.#remove(item);
    this.#statistics.count(reason);
  }

  #evictExcess(): void {
    while (this.#byteLength > this.memoryLimit && this.#recency.oldest !== undefined) {
      this.#evict(this.#recency.oldest);
    }
  }

  #evict(item: Item): void {
    this.#remove(item);
    const reclaimed = this.#isExpired(item) || this.#isFlushed(item);
    this.#statistics.count(reclaimed ? "reclaimed" : "evictions");
    if (!item.fetched) {
      this.#statistics.count(reclaimed ? "expired_unfetched" : "evicted_unfetched");
    }
  }

  #remove(item: Item): void {
    this.#items.delete(item.key);
    this.#recency.remove(item);
    this.#byteLength -= weigh(item);
  }
}
