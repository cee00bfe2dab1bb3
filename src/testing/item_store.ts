/**
 * The items of a {@linkcode MemcachedServer}: what is live, what it weighs and what is evicted first.
 * What a command makes of an item is in `commands/`.
 *
 * @module
 */

import type { EventLog } from "./event_log.ts";
import { describeEviction, describeFetch, type FetchStatus } from "./event_lines.ts";
import { type Item, type ItemContent, weigh } from "./item.ts";
import { RecencyList } from "./recency_list.ts";
import { chunkSizes, slabClassId } from "./slab_classes.ts";
import type { Statistics } from "./statistics.ts";

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
  /** Who is told of lookups and evictions. */
  readonly events: EventLog;
}

/** Longer exptimes are points in time, shorter ones are spans: 30 days (memcached's `protocol.txt`). */
const MAX_RELATIVE_EXPTIME = 60 * 60 * 24 * 30;

/** The exptime of what is to be gone at once. */
const EXPIRED = -1;

/** How long before its start, in seconds, memcached has what is gone at once expire. */
const EXPIRED_BEFORE_START = 61;

/** Items by key, and the order in which they were used. */
export class ItemStore {
  /** What one item may weigh, in bytes. */
  readonly maxItemSize: number;
  /** What all items may weigh together, in bytes. */
  readonly memoryLimit: number;

  readonly #now: () => number;
  readonly #statistics: Statistics;
  readonly #events: EventLog;
  readonly #chunkSizes: readonly number[];
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
    this.#events = options.events;
    this.#chunkSizes = chunkSizes(options.maxItemSize);
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

  /** All items there are now, but what was flushed or expired before this second. */
  survivors(): Readonly<Item>[] {
    const now = this.time;
    return Array.from(this.#items.values()).filter((item) => {
      return (item.exptime === 0 || item.exptime >= now) && !this.#isFlushed(item);
    });
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

  /**
   * Says how long an item is still to live, in the 32 bits memcached has for it: of what has expired
   * they make a large number.
   *
   * @param exptime The item's {@linkcode ItemContent.exptime}.
   * @returns The time in seconds, or `undefined` when it never expires.
   */
  remaining(exptime: number): number | undefined {
    if (exptime === 0) return undefined;
    const end = exptime === EXPIRED ? this.#startTime - EXPIRED_BEFORE_START : exptime;
    return (end - this.time) >>> 0;
  }

  /** Whether an item of this weight in bytes may be stored at all. */
  hasRoomFor(size: number): boolean {
    return size <= Math.min(this.maxItemSize, this.memoryLimit);
  }

  /** The number of the slab class memcached would keep an item in. */
  slabClassOf(item: ItemContent): number {
    return slabClassId(this.#chunkSizes, weigh(item));
  }

  /** The live item with this key, and no sign left that somebody looked but to those who watch. */
  find(key: string): Item | undefined {
    const item = this.#items.get(key);
    const status = this.#statusOf(item);
    if (item !== undefined && status !== "found") this.#remove(item);
    if (status === "flushed" || status === "expired") this.#statistics.count(`get_${status}`);
    const live = status === "found" ? item : undefined;
    this.#events.log("fetchers", (connectionId) => {
      return describeFetch(this, { key, status, item: live }, connectionId);
    });
    return live;
  }

  /** The live item with this key, which is then the last to be evicted. */
  fetch(key: string): Item | undefined {
    const item = this.find(key);
    if (item !== undefined) this.bump(item);
    return item;
  }

  /** Notes that an item was read. As in memcached only the second reading counts as an access. */
  bump(item: Item): void {
    if (item.fetched) item.lastAccess = this.time;
    item.fetched = true;
    this.#recency.refresh(item);
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
      keyIsBinary: false,
      stale: false,
      winSent: false,
    };
    this.#items.set(key, item);
    this.#recency.add(item);
    this.#byteLength += weigh(item);
    this.#statistics.count("total_items");
    this.#evictExcess();
    return item;
  }

  /** Marks an item as stale, under a new CAS token, for somebody else to win. */
  invalidate(item: Item): void {
    item.stale = true;
    item.winSent = false;
    item.cas = ++this.#lastCas;
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

  #statusOf(item: Item | undefined): FetchStatus {
    if (item === undefined) return "not_found";
    if (this.#isFlushed(item)) return "flushed";
    return this.#isExpired(item) ? "expired" : "found";
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
    if (!reclaimed) this.#events.log("evictions", () => describeEviction(this, item));
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
