/**
 * The items of a {@linkcode MemcachedServer}: what is live, how much room there is and what is evicted first.
 * What a command makes of an item is in `commands/`.
 *
 * @module
 */

import { describeEviction, describeFetch, type FetchStatus } from "../event_lines.ts";
import type { EventLog } from "../event_log.ts";
import type { Statistics } from "../statistics.ts";
import { hashOf } from "./hash_table.ts";
import type { Item, ItemContent } from "./item.ts";
import { footprint, ItemMemory } from "./item_memory.ts";
import { ItemClock } from "./item_clock.ts";
import { itemSize, sizeOf, SlabClasses } from "./item_sizes.ts";

/** What an {@linkcode ItemStore} is made of. */
export interface ItemStoreOptions {
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** What all items may take together, in bytes. */
  readonly memoryLimit: number;
  /** How large one item may be, in bytes. */
  readonly maxItemSize: number;
  /** Whether items are evicted when memory is full; else there is no room for others then. */
  readonly evictions: boolean;
  /** Where evictions and the like are counted. */
  readonly statistics: Statistics;
  /** Where lookups and evictions are logged. */
  readonly events: EventLog;
}

/** What an item to be stored needs. */
interface NewItem {
  readonly keyLength: number;
  readonly valueLength: number;
  /** What memcached reckons that it takes, in bytes. */
  readonly size: number;
}

/** The items of a server. */
export class ItemStore {
  /** How large one item may be, in bytes. */
  readonly maxItemSize: number;
  /** Whether items are evicted when memory is full. */
  readonly evictions: boolean;
  /** The time. */
  readonly clock: ItemClock;
  /** The memory that the items lie in. */
  readonly memory: ItemMemory = new ItemMemory();
  /** The slab classes that memcached would keep the items in. */
  readonly classes: SlabClasses;

  readonly #statistics: Statistics;
  readonly #events: EventLog;
  #memoryLimit: number;
  #lastCas = 0;
  #flushTime: number | undefined;
  #flushCas = 0;

  constructor(options: ItemStoreOptions) {
    this.maxItemSize = options.maxItemSize;
    this.evictions = options.evictions;
    this.#memoryLimit = options.memoryLimit;
    this.#statistics = options.statistics;
    this.#events = options.events;
    this.clock = new ItemClock(options.now);
    this.classes = new SlabClasses(options.maxItemSize);
  }

  /** What all items may take together, in bytes. What exceeds it is evicted. */
  get memoryLimit(): number {
    return this.#memoryLimit;
  }
  set memoryLimit(memoryLimit: number) {
    this.#memoryLimit = memoryLimit;
    if (!this.evictions) return;
    for (let item; this.#isOverfull && (item = this.memory.oldest) !== undefined;) {
      this.#evict(item);
    }
  }

  /** How many items there are, those that expired unnoticed included. */
  get itemCount(): number {
    return this.memory.table.itemCount;
  }

  /** How large all items are together, in bytes. */
  get byteLength(): number {
    return this.classes.byteLength;
  }

  /** When, in seconds since 1970, what was stored until then is flushed, if it ever is. */
  get flushTime(): number | undefined {
    return this.#flushTime;
  }

  /**
   * Walks through all items but those that were flushed, and those that expired before this second. Between two
   * steps others may store and delete: an item that stays all the time comes exactly once.
   */
  *survivors(): Generator<Item, void> {
    for (const items of this.memory.table.walk()) {
      const now = this.clock.time;
      for (const item of items) {
        const { exptime } = item;
        if ((exptime === 0 || exptime >= now) && !this.#isFlushed(item)) yield item;
      }
    }
  }

  /**
   * Says whether an item may be stored. Where nothing is evicted, what is stored under its key already still
   * needs its own room, as in memcached with `-M`.
   *
   * @param keyLength The length of its key in bytes.
   * @param valueLength The length of its value in bytes.
   * @param size What memcached reckons that it takes.
   */
  hasRoomFor(keyLength: number, valueLength: number, size: number): boolean {
    const largest = Math.max(size, footprint(keyLength, valueLength));
    if (size > this.maxItemSize || largest > this.#memoryLimit) return false;
    const item = { keyLength, valueLength, size };
    if (this.evictions || this.#fits(item)) return true;
    this.#reclaim(item);
    return this.#fits(item);
  }

  /** The live item with this key, and no sign left that somebody looked but to those who watch. */
  find(key: string): Item | undefined {
    const item = this.memory.table.find(key);
    const status = this.#statusOf(item);
    const live = status === "found" ? item : undefined;
    this.#events.log("fetchers", (connectionId) => {
      const { slabClass = 0, valueLength = 0 } = live ?? {};
      return describeFetch({ key, status, slabClass, valueLength }, connectionId);
    });
    if (live !== undefined || item === undefined) return live;
    this.#remove(item);
    if (status === "flushed" || status === "expired") this.#statistics.count(`get_${status}`);
    return undefined;
  }

  /** The live item with this key, which is then the last to be evicted. */
  fetch(key: string): Item | undefined {
    const item = this.find(key);
    if (item !== undefined) this.bump(item);
    return item;
  }

  /** Notes that an item was read. As in memcached only the second reading counts as an access. */
  bump(item: Item): void {
    if (item.fetched) item.lastAccess = this.clock.time;
    else item.fetched = true;
    this.memory.refresh(item);
  }

  /** Makes an item the last one to be evicted. */
  refresh(item: Item): void {
    item.lastAccess = this.clock.time;
    this.memory.refresh(item);
  }

  /**
   * Stores an item under a new CAS unique in the place of any other with its key. Evicts what then exceeds the
   * memory limit. There must be room for the item itself.
   *
   * @param content What to store.
   * @returns The stored item.
   */
  put(content: ItemContent): Item {
    const { key, value, flags } = content;
    const hash = hashOf(key);
    const replaced = this.memory.table.find(key, hash);
    if (replaced !== undefined) this.#remove(replaced);
    const size = itemSize(key, flags, value.byteLength);
    this.#makeRoom({ keyLength: key.length, valueLength: value.byteLength, size });
    const slabClass = this.classes.classOf(size);
    const item = this.memory.add(content, slabClass, hash);
    item.cas = ++this.#lastCas;
    item.lastAccess = this.clock.time;
    this.classes.account(slabClass, size, 1);
    this.#statistics.count("total_items");
    return item;
  }

  /** Marks an item as stale, under a new CAS unique, for somebody else to win. */
  invalidate(item: Item): void {
    item.stale = true;
    item.winSent = false;
    item.cas = ++this.#lastCas;
  }

  /** Gives an item another value of the same length, and so a new CAS unique. */
  rewrite(item: Item, value: Uint8Array): void {
    item.openValue().write(value);
    item.cas = ++this.#lastCas;
    this.refresh(item);
  }

  /** Removes whatever is stored under this key. */
  delete(key: string): void {
    const item = this.memory.table.find(key);
    if (item !== undefined) this.#remove(item);
  }

  /**
   * Makes everything stored until then invisible, as `flush_all` does: at once, or when the time
   * has come. A later flush takes the place of one that is still to come.
   *
   * @param exptime When, as {@linkcode ItemClock.resolve} reads it; 0 and less are now.
   */
  flush(exptime: number): void {
    this.#removeFlushed();
    const now = this.clock.time;
    const end = exptime > 0 ? this.clock.resolve(exptime) : now;
    // memcached reckons from its start, and a flush before that is none.
    this.#flushTime = end < this.clock.startTime ? undefined : end - 1;
    if (end <= now + 1) this.#flushCas = ++this.#lastCas;
  }

  #isFlushed(item: Item): boolean {
    if (this.#flushTime === undefined || this.#flushTime > this.clock.time) return false;
    return item.lastAccess <= this.#flushTime || item.cas < this.#flushCas;
  }

  /** Or else a flush to come would bring back what an earlier one has made invisible. */
  #removeFlushed(): void {
    if (this.#flushTime === undefined) return;
    for (const items of this.memory.table.walk()) {
      for (const item of items) {
        if (this.#isFlushed(item)) this.#remove(item);
      }
    }
  }

  #statusOf(item: Item | undefined): FetchStatus {
    if (item === undefined) return "not_found";
    if (this.#isFlushed(item)) return "flushed";
    return this.clock.hasPassed(item.exptime) ? "expired" : "found";
  }

  /** Whether an item more may be stored, by what memcached reckons and by what it really takes. */
  #fits({ keyLength, valueLength, size }: NewItem): boolean {
    return this.byteLength + size <= this.#memoryLimit &&
      this.memory.hasRoomFor(keyLength, valueLength, this.#memoryLimit);
  }

  get #isOverfull(): boolean {
    return Math.max(this.byteLength, this.memory.usedByteLength) > this.#memoryLimit;
  }

  #makeRoom(forItem: NewItem): void {
    for (let item; !this.#fits(forItem) && (item = this.memory.oldest) !== undefined;) {
      this.#evict(item);
    }
  }

  /** Removes what nobody can find any more, from the item used longest ago to the first that is live. */
  #reclaim(forItem: NewItem): void {
    for (let item; !this.#fits(forItem) && (item = this.memory.oldest) !== undefined;) {
      if (this.#statusOf(item) === "found") return;
      this.#evict(item);
    }
  }

  #evict(item: Item): void {
    const { slabClass } = item;
    const isReclaimed = this.#statusOf(item) !== "found";
    const counts = this.#statistics;
    counts.countIn(slabClass, "direct_reclaims");
    counts.countIn(slabClass, isReclaimed ? "reclaimed" : "evicted");
    if (!item.fetched) {
      counts.countIn(slabClass, isReclaimed ? "expired_unfetched" : "evicted_unfetched");
    }
    if (!isReclaimed) this.#noteEviction(item);
    this.#remove(item);
  }

  #noteEviction(item: Item): void {
    const { key, slabClass, valueLength, fetched, exptime } = item;
    const age = this.clock.time - item.lastAccess;
    this.#statistics.setIn(slabClass, "evicted_time", age);
    if (exptime !== 0) this.#statistics.countIn(slabClass, "evicted_nonzero");
    const remaining = this.clock.remaining(exptime);
    this.#events.log("evictions", () => {
      return describeEviction({ key, slabClass, valueLength, fetched, remaining, age });
    });
  }

  #remove(item: Item): void {
    this.classes.account(item.slabClass, sizeOf(item), -1);
    this.memory.remove(item);
  }
}
