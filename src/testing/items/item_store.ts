/**
 * The items of a {@linkcode MemcachedServer}: expiry, memory limits and eviction. The commands are in `commands/`.
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

/** The options of an {@linkcode ItemStore}. */
export interface ItemStoreOptions {
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The memory limit of all items, in bytes. */
  readonly memoryLimit: number;
  /** The maximum size of an item, in bytes. */
  readonly maxItemSize: number;
  /** Whether items are evicted when memory is full. Otherwise, new items are refused. */
  readonly evictions: boolean;
  /** Counts evictions and other events. */
  readonly statistics: Statistics;
  /** Logs lookups and evictions. */
  readonly events: EventLog;
}

/** The sizes of an item to be stored. */
interface NewItem {
  readonly keyLength: number;
  readonly valueLength: number;
  /** Its size in bytes as memcached computes it. */
  readonly size: number;
}

/** The items of a server. */
export class ItemStore {
  /** The maximum size of an item, in bytes. */
  readonly maxItemSize: number;
  /** Whether items are evicted when memory is full. */
  readonly evictions: boolean;
  /** The clock. */
  readonly clock: ItemClock;
  /** The items' memory. */
  readonly memory: ItemMemory = new ItemMemory();
  /** The slab classes that the items would have in memcached. */
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

  /** The memory limit of all items, in bytes. When it is lowered, items are evicted. */
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

  /** The number of items, including expired ones that have not been removed yet. */
  get itemCount(): number {
    return this.memory.table.itemCount;
  }

  /** The total size of all items in bytes. */
  get byteLength(): number {
    return this.classes.byteLength;
  }

  /** Items stored up to this time, in seconds since 1970, are flushed once it has come. */
  get flushTime(): number | undefined {
    return this.#flushTime;
  }

  /**
   * Yields all items that are neither flushed nor expired before this second. Items may be stored and deleted between
   * two steps. An item that stays all the time is yielded exactly once.
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
   * Whether there is room for an item. Without evictions, the existing item under its key still needs its room, as in
   * memcached with `-M`.
   *
   * @param keyLength The length of its key in bytes.
   * @param valueLength The length of its value in bytes.
   * @param size Its size as memcached computes it.
   */
  hasRoomFor(keyLength: number, valueLength: number, size: number): boolean {
    const largest = Math.max(size, footprint(keyLength, valueLength));
    if (size > this.maxItemSize || largest > this.#memoryLimit) return false;
    const item = { keyLength, valueLength, size };
    if (this.evictions || this.#fits(item)) return true;
    this.#reclaim(item);
    return this.#fits(item);
  }

  /** The live item with this key. The lookup changes nothing, but watchers see it. */
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

  /** The live item with this key. It becomes the last to be evicted. */
  fetch(key: string): Item | undefined {
    const item = this.find(key);
    if (item !== undefined) this.bump(item);
    return item;
  }

  /** Records that an item was read. As in memcached, the first read does not count as an access. */
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
   * Stores an item with a new CAS unique, and replaces any other with its key. Evicts other items to stay within the
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

  /** Marks an item as stale, with a new CAS unique. A client may then win the right to replace it. */
  invalidate(item: Item): void {
    item.stale = true;
    item.winSent = false;
    item.cas = ++this.#lastCas;
  }

  /** Replaces an item's value by one of the same length, with a new CAS unique. */
  rewrite(item: Item, value: Uint8Array): void {
    item.openValue().write(value);
    item.cas = ++this.#lastCas;
    this.refresh(item);
  }

  /** Removes the item with this key. */
  delete(key: string): void {
    const item = this.memory.table.find(key);
    if (item !== undefined) this.#remove(item);
  }

  /**
   * Makes all items invisible that were stored until then, as `flush_all` does: at once, or at a later time. It
   * replaces a flush whose time has not come yet.
   *
   * @param exptime When, as for {@linkcode ItemClock.resolve}; 0 and less mean now.
   */
  flush(exptime: number): void {
    this.#removeFlushed();
    const now = this.clock.time;
    const end = exptime > 0 ? this.clock.resolve(exptime) : now;
    // memcached counts from its start; a flush before that has no effect.
    this.#flushTime = end < this.clock.startTime ? undefined : end - 1;
    if (end <= now + 1) this.#flushCas = ++this.#lastCas;
  }

  #isFlushed(item: Item): boolean {
    if (this.#flushTime === undefined || this.#flushTime > this.clock.time) return false;
    return item.lastAccess <= this.#flushTime || item.cas < this.#flushCas;
  }

  /** Removes the flushed items: otherwise a later flush would make them visible again. */
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

  /** Whether one more item fits, by its size in memcached and by the memory it really uses. */
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

  /** Removes expired and flushed items, from the least recently used up to the first live one. */
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
