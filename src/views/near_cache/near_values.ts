/** The values that a near cache keeps. @module */

import { LRUCache } from "lru-cache";
import type { Clock } from "../../../mod.ts";
import { SeenKeys } from "./seen_keys.ts";
import { share, type SharedValue } from "./shared_values.ts";

/** What the caller has chosen. */
export interface NearCacheSettings {
  readonly maxBytes: number;
  readonly ttl: number;
  readonly admit: "use" | "all";
  readonly staleOnError: number;
  readonly revalidate: "ttl" | "cas" | "watch";
  readonly clock: Pick<Clock, "now">;
  /** Makes of a key what the client sends for it. */
  readonly sentFor: (key: string) => string;
}

/** A value that is kept. */
export interface Entry extends SharedValue {
  /** When it is too old to be served, in milliseconds by the clock. */
  expires: number;
  /** The item that it was, where that is known. */
  readonly version: Version | undefined;
  /** Whether it is from `getOrSet`. What others have read may be stale, and has to be computed again there. */
  readonly isLoaded: boolean;
}

/** What tells an item from later ones under its key. */
export interface Version {
  readonly cas: bigint;
  /** The connection that it was read through: after a restart, memcached numbers its items from the start again. */
  readonly carrier: number | undefined;
}

/** Where a value comes from. */
export interface Source {
  /** When memcached was asked, by the clock. */
  readonly start: number;
  readonly reading: Reading | undefined;
  readonly version?: Version | undefined;
  readonly isLoaded?: boolean;
}

/** The reads of a key that are under way. */
export interface Reading {
  /** When the first of them began, by the clock. */
  readonly start: number;
  /** How many there are. */
  count: number;
  /** Whether the key has been written meanwhile: what was read may be old. */
  isOvertaken: boolean;
  /** The one that others may join. */
  asked?: { readonly start: number; readonly value: Promise<unknown> };
}

/** What an entry takes beside its value, in bytes, as measured in V8. */
const OVERHEAD = 280;

/**
 * The values of one near cache in all its formats: what is written through one of them concerns all. They are not kept
 * alive for that, where the runtime can do without.
 */
class Family {
  readonly #members = new Set<{ deref(): NearValues | undefined }>();

  add(member: NearValues): void {
    // Older compatibility dates of workerd do not have it.
    const hasWeakRef = typeof WeakRef === "function";
    this.#members.add(hasWeakRef ? new WeakRef(member) : { deref: () => member });
  }

  /** Makes all of them forget an item, or all items. */
  forget(sent: string | undefined): void {
    for (const reference of this.#members) {
      const member = reference.deref();
      if (member === undefined) this.#members.delete(reference);
      else member.forgetHere(sent);
    }
  }
}

/**
 * The values that are kept in one format, and the reads that are under way. They are known by the keys that are sent:
 * two keys of the caller's may be those of one item.
 */
export class NearValues {
  readonly settings: NearCacheSettings;
  readonly #entries: LRUCache<string, Entry>;
  readonly #reading = new Map<string, Reading>();
  /** Reads under way whose keys have been written meanwhile, by these keys. */
  readonly #overtaken = new Map<string, Set<Reading>>();
  readonly #seen = new SeenKeys();
  readonly #family: Family;
  #hits = 0;

  /** @param other Another format of the same cache. */
  constructor(settings: NearCacheSettings, other?: NearValues) {
    this.settings = settings;
    this.#family = other === undefined ? new Family() : other.#family;
    this.#family.add(this);
    this.#entries = new LRUCache({
      maxSize: settings.maxBytes,
      sizeCalculation: ({ byteLength }, key) => byteLength + key.length * 2 + OVERHEAD,
    });
  }

  /** How many values are kept, how much they take in bytes, and how many reads were answered from them. */
  get report(): { readonly size: number; readonly byteLength: number; readonly hits: number } {
    return {
      size: this.#entries.size,
      byteLength: this.#entries.calculatedSize,
      hits: this.#hits,
    };
  }

  /** What is kept of a key, however old. */
  get(key: string): Entry | undefined {
    return this.#entries.get(this.settings.sentFor(key));
  }

  /** Whether a value is young enough to be served. */
  isFresh(entry: Entry | undefined): entry is Entry {
    return entry !== undefined && this.settings.clock.now() < entry.expires;
  }

  /** Whether a value may be served while its server cannot be reached. */
  isServable(entry: Entry | undefined): entry is Entry {
    const { clock, staleOnError } = this.settings;
    return staleOnError > 0 && entry !== undefined &&
      clock.now() < entry.expires + staleOnError * 1000;
  }

  /** Answers a read from what is kept. */
  hit(entry: Entry): unknown {
    this.#hits++;
    return entry.take();
  }

  /** Begins a read of memcached. */
  beginReading(key: string): Reading {
    const sent = this.settings.sentFor(key);
    const present = this.#reading.get(sent);
    if (present !== undefined) {
      present.count++;
      return present;
    }
    const reading = { start: this.settings.clock.now(), count: 1, isOvertaken: false };
    this.#reading.set(sent, reading);
    return reading;
  }

  /** Ends it. */
  endReading(key: string, reading: Reading): void {
    if (--reading.count > 0) return;
    const sent = this.settings.sentFor(key);
    if (this.#reading.get(sent) === reading) this.#reading.delete(sent);
    const overtaken = this.#overtaken.get(sent);
    overtaken?.delete(reading);
    if (overtaken?.size === 0) this.#overtaken.delete(sent);
  }

  /** Whether a read that began now could be given what was read before the key was last written. */
  mayJoinOvertaken(key: string): boolean {
    return this.#overtaken.has(this.settings.sentFor(key));
  }

  /**
   * Keeps a value that was read, where it is worth it.
   *
   * @returns What is handed out for it.
   */
  keep(key: string, value: unknown, source: Source): unknown {
    const { start, reading, version, isLoaded = false } = source;
    const { admit, clock, ttl } = this.settings;
    const sent = this.settings.sentFor(key);
    if (value === undefined) {
      if (reading?.isOvertaken === false) this.#entries.delete(sent);
      return undefined;
    }
    const isAdmitted = admit === "all" || this.#seen.see(sent) || this.#entries.has(sent);
    const expires = start + ttl * 1000;
    const isOld = reading === undefined || reading.isOvertaken || clock.now() >= expires;
    // Callers of the client's `getOrSet` share a value.
    const shared = isAdmitted && !isOld || isLoaded ? share(value) : undefined;
    if (shared === undefined) return value;
    if (!isAdmitted || isOld) return shared.take();
    this.#entries.set(sent, { ...shared, expires, version, isLoaded });
    return shared.take();
  }

  /** Forgets a key, or all keys, in every format. */
  forget(key?: string): void {
    this.forgetSent(key === undefined ? undefined : this.settings.sentFor(key));
  }

  /** Forgets an item by the key that is sent, or all items, in every format. */
  forgetSent(sent: string | undefined): void {
    this.#family.forget(sent);
  }

  /** Forgets an item, or all items, in this format. */
  forgetHere(sent: string | undefined): void {
    if (sent !== undefined) {
      this.#entries.delete(sent);
      this.#overtake(sent);
      return;
    }
    this.#entries.clear();
    for (const sent of this.#reading.keys()) this.#overtake(sent);
  }

  /** Lets nothing be kept of the reads of a key that are under way. */
  #overtake(sent: string): void {
    const reading = this.#reading.get(sent);
    if (reading === undefined) return;
    reading.isOvertaken = true;
    this.#reading.delete(sent);
    const overtaken = this.#overtaken.get(sent) ?? new Set();
    this.#overtaken.set(sent, overtaken.add(reading));
  }

  /** Carries out a write: what was read before it has ended is old. */
  async write<Result>(keys: readonly string[], write: () => Promise<Result>): Promise<Result> {
    for (const key of keys) this.forget(key);
    try {
      return await write();
    } finally {
      for (const key of keys) this.forget(key);
    }
  }
}
