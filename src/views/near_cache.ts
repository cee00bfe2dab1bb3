/** The hottest values in this process. @module */

import { LRUCache } from "lru-cache";
import {
  type CasOutcome,
  type Client,
  type Clock,
  type CounterOptions,
  type Exptime,
  type GetOrSetOptions,
  type InvalidateOptions,
  type ItemInfo,
  type KeyCommands,
  type KeyLocation,
  type OperationOptions,
  type PartialFailure,
  type Transcoder,
  type UpdateOptions,
  ValidationException,
} from "../../mod.ts";
import { readEntries, readKeys } from "../commands/many_keys.ts";
import { sessionOf } from "../commands/session.ts";
import {
  GET_OR_SET_OPTIONS,
  OPERATION_OPTIONS,
  operationOptions,
} from "../commands/operation_options.ts";
import {
  checkChoice,
  checkFunction,
  checkInteger,
  checkNames,
  checkOptions,
  checkSignal,
  copyOptions,
  invalidOption,
  type OptionTypes,
} from "../option_checks.ts";
import { isUnreachable } from "../protocol/backend_failure.ts";
import { isPast } from "../protocol/exptime.ts";
import { systemClock } from "../waiting.ts";
import { CallerLoad } from "./caller_load.ts";
import { isPartial, partialError, withResults } from "./partial_errors.ts";
import { SeenKeys } from "./seen_keys.ts";
import { share, type SharedValue } from "./shared_values.ts";
import { checkCommands, longestKeyOf } from "./value_view.ts";
import { Watching } from "./watching.ts";

/** The options of {@linkcode nearCache}. */
export interface NearCacheOptions {
  /** How much memory the values may take, in bytes, by an estimate: an integer from 1,024 on. */
  readonly maxBytes: number;
  /** How old a value may be, in seconds from the moment at which memcached was asked for it: more than 0. */
  readonly ttl: number;
  /**
   * Which values are kept: those whose key is asked for a second time within the last 20,000 keys (`"use"`, the
   * default), or `"all"`.
   */
  readonly admit?: "use" | "all" | undefined;
  /**
   * How long after its `ttl` a value is served while its server cannot be reached, in seconds; 0 by default. A client
   * with `failover: "miss"` serves it too.
   */
  readonly staleOnError?: number | undefined;
  /**
   * How a value is checked after its `ttl`. `"ttl"` (the default): it is read again. `"cas"`: memcached is asked
   * whether it has changed, and sends it only if it has. `"watch"`: as `"ttl"`; in addition, memcached's `watch`
   * reports writes at once, and the value is dropped. This needs a `Client`, not a view. memcached reports deletions
   * from 1.6.19 on. When a connection is lost, all values are dropped, and watching begins again.
   */
  readonly revalidate?: "ttl" | "cas" | "watch" | undefined;
  /** For tests: where the time is taken from. */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/** Commands on keys, with the hottest values in this process. */
export interface NearCacheCommands extends KeyCommands, AsyncDisposable {
  /** How many values are kept, how much they take in bytes, and how many reads were answered from them. */
  readonly near: { readonly size: number; readonly byteLength: number; readonly hits: number };
  /**
   * Resolves when every server reports writes, with `revalidate: "watch"`; else at once. Rejects when a server cannot
   * be watched; values may then be up to `ttl` seconds old.
   */
  readonly ready: Promise<void>;
  /** Forgets all values, or one, in every format. */
  forget(key?: string): void;
  /**
   * The same, with another transcoder. Its values are kept separately, with their own limit of `maxBytes`. What is
   * written through one of them is seen in all.
   */
  withTranscoder(transcoder: Transcoder): NearCacheCommands;
}

/** The options of `getOrSet`, and those of views that this one may stand on. */
const ALL_OPTIONS: OptionTypes<GetOrSetOptions & { tags: unknown }> = {
  ...GET_OR_SET_OPTIONS,
  tags: "any",
};

const ALL_NAMES = /* @__PURE__ */ Object.keys(ALL_OPTIONS);

/** What an entry takes beside its value, in bytes. */
const OVERHEAD = 200;

/** A client with `failover: "miss"` would hide that a server cannot be reached. */
const STRICT = { failover: "error" } as const;

function strictly(options: OperationOptions | undefined): OperationOptions {
  return { ...operationOptions(options ?? {}), ...STRICT };
}

/**
 * Makes a view that keeps the hottest values in this process, so that reading them takes no round trip.
 *
 * memcached cannot tell clients what has changed, so a value may be old, by up to `ttl`. The time counts from before
 * memcached is asked. Writes through the view are seen at once: a read that begins after a write has resolved never
 * finds what was there before. Writes by other processes are seen after `ttl` at the latest; with `revalidate: "watch"`
 * usually within milliseconds. Do not rely on that: memcached drops events when it is busy.
 *
 * No caller can change what the next caller gets. Plain objects and lists are **frozen**, in depth, from the first
 * caller on. A value that contains bytes, a `Date`, a `Map` or a `Set` is cloned for every caller, which is slower. A
 * value with an object of another class is not kept.
 *
 * Values are evicted least recently used first. With `admit: "use"` a scan of many keys that are read once evicts
 * nothing. Misses are not kept. `get`, `getMany` and `getOrSet` read what is kept; `getOrSet` with `staleFor` or
 * `earlyRefresh` asks memcached, since the remaining time of a kept value is not known. All other commands go to
 * memcached.
 *
 * @param client Where the values are stored: a client, a namespace, or another view.
 * @param options `maxBytes` and `ttl`, which are required; `admit`, `staleOnError`, `revalidate`.
 * @returns The commands. With `revalidate: "watch"`, dispose of them (`await using`) to end the watching.
 * @throws {ValidationException} When an option is invalid, or when `client` cannot watch and `revalidate` needs it.
 *
 * @example A value that is read often
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { nearCache } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const cache = nearCache(client, { maxBytes: 10_000_000, ttl: 0.5 });
 * await cache.set("flags", { beta: true });
 * for (let i = 0; i < 100; i++) assertEquals(await cache.get("flags"), { beta: true });
 * assertEquals(cache.near.hits, 98); // the second read has brought it in
 * ```
 */
export function nearCache(client: KeyCommands, options: NearCacheOptions): NearCacheCommands {
  const names = ["maxBytes", "ttl", "admit", "staleOnError", "revalidate", "clock"];
  checkCommands(client);
  checkNames(options, names);
  const { maxBytes, ttl, admit = "use", staleOnError = 0, revalidate = "ttl" } = options;
  const { clock = systemClock } = options;
  checkInteger("maxBytes", maxBytes, 1024, Number.MAX_SAFE_INTEGER);
  if (!(typeof ttl === "number" && ttl > 0 && ttl < Infinity)) {
    throw invalidOption("ttl", ttl, "a number of seconds above 0");
  }
  if (!(typeof staleOnError === "number" && staleOnError >= 0 && staleOnError < Infinity)) {
    throw invalidOption("staleOnError", staleOnError, "a number of seconds");
  }
  checkChoice("admit", admit, ["use", "all"]);
  checkChoice("revalidate", revalidate, ["ttl", "cas", "watch"]);
  checkFunction("clock.now", clock?.now);
  return new NearCache(client, { maxBytes, ttl, admit, staleOnError, revalidate, clock });
}

interface Settings {
  readonly maxBytes: number;
  readonly ttl: number;
  readonly admit: "use" | "all";
  readonly staleOnError: number;
  readonly revalidate: "ttl" | "cas" | "watch";
  readonly clock: Pick<Clock, "now">;
}

/** A value that is kept. */
interface Entry extends SharedValue {
  /** When it is too old to be served, in milliseconds by the clock. */
  expires: number;
  /** The cas unique of the item that it was, where that is known. */
  readonly cas: bigint | undefined;
}

/** The reads of a key that are under way. */
interface Reading {
  /** When the first of them began, by the clock. */
  readonly start: number;
  /** How many there are. */
  count: number;
  /** Whether the key has been written meanwhile: what was read may be old. */
  isOvertaken: boolean;
  /** The one that others may join. */
  asked?: { readonly start: number; readonly value: Promise<unknown> };
}

/**
 * The views of one near cache, one for each format: what is written through one of them concerns all. They are not kept
 * alive for that, where the runtime can do without.
 */
class Family {
  readonly #members = new Set<{ deref(): NearCache | undefined }>();

  add(member: NearCache): void {
    // Older compatibility dates of workerd do not have it.
    const hasWeakRef = typeof WeakRef === "function";
    this.#members.add(hasWeakRef ? new WeakRef(member) : { deref: () => member });
  }

  /** Has all of them forget a key, or all keys. */
  forget(key: string | undefined): void {
    for (const reference of this.#members) {
      const member = reference.deref();
      if (member === undefined) this.#members.delete(reference);
      else member.drop(key);
    }
  }
}

class NearCache implements NearCacheCommands {
  readonly #client: KeyCommands;
  readonly #settings: Settings;
  readonly #entries: LRUCache<string, Entry>;
  readonly #reading = new Map<string, Reading>();
  readonly #seen = new SeenKeys();
  readonly #family: Family;
  #hits = 0;
  readonly #watching: Watching | undefined;

  constructor(client: KeyCommands, settings: Settings, family = new Family()) {
    this.#client = client;
    this.#settings = settings;
    this.#family = family;
    family.add(this);
    this.#entries = new LRUCache({
      maxSize: settings.maxBytes,
      sizeCalculation: ({ byteLength }, key) => byteLength + key.length * 2 + OVERHEAD,
    });
    if (settings.revalidate === "watch") this.#watching = this.#watch();
  }

  /** The longest key that it takes. */
  get longestKey(): number {
    return longestKeyOf(this.#client);
  }

  get ready(): Promise<void> {
    return this.#watching?.ready ?? Promise.resolve();
  }

  get near(): NearCacheCommands["near"] {
    return {
      size: this.#entries.size,
      byteLength: this.#entries.calculatedSize,
      hits: this.#hits,
    };
  }

  forget(key?: string): void {
    this.#family.forget(key);
  }

  /** Forgets a key, or all keys, in this format. */
  drop(key: string | undefined): void {
    if (key !== undefined) {
      this.#entries.delete(key);
      const reading = this.#reading.get(key);
      if (reading !== undefined) reading.isOvertaken = true;
      this.#reading.delete(key);
      return;
    }
    this.#entries.clear();
    for (const reading of this.#reading.values()) reading.isOvertaken = true;
    this.#reading.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watching?.end();
    this.forget();
  }

  async get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#settings.clock.now() < entry.expires) {
      if (options !== undefined) checkOptions(options, OPERATION_OPTIONS);
      options?.signal?.throwIfAborted();
      this.#hits++;
      return entry.take() as Value;
    }
    return await this.#fetch(key, entry, options) as Value | undefined;
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const results = new Map<string, Value>();
    const missing: string[] = [];
    const unique = readKeys(keys, "get");
    for (const key of unique) {
      const entry = this.#entries.get(key);
      if (entry !== undefined && this.#settings.clock.now() < entry.expires) {
        this.#hits++;
        results.set(key, entry.take() as Value);
      } else {
        missing.push(key);
      }
    }
    const start = this.#settings.clock.now();
    const readings = new Map(missing.map((key) => [key, this.#begin(key)]));
    try {
      const { fresh, stale } = await this.#askMany(missing, options);
      for (const [key, value] of fresh) {
        results.set(key, this.#admit(key, value, undefined, start, readings.get(key)) as Value);
      }
      for (const [key, value] of stale) results.set(key, value as Value);
    } catch (error) {
      throw withResults(error, "get", { results, count: unique.length });
    } finally {
      for (const [key, reading] of readings) this.#end(key, reading);
    }
    return results;
  }

  async gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return await this.#client.gets<Value>(key, options);
  }

  async getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    return await this.#write([key], () => {
      return this.#client.getAndTouch<Value>(key, exptime, options);
    });
  }

  async set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    await this.#write([key], () => this.#client.set(key, value, exptime, options));
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = readEntries(entries);
    await this.#write([...values.keys()], () => this.#client.setMany(values, exptime, options));
  }

  async add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#write([key], () => this.#client.add(key, value, exptime, options));
  }

  async replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#write([key], () => this.#client.replace(key, value, exptime, options));
  }

  async append(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#write([key], () => this.#client.append(key, data, options));
  }

  async prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#write([key], () => this.#client.prepend(key, data, options));
  }

  async cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return await this.#write([key], () => this.#client.cas(key, value, cas, exptime, options));
  }

  async incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#write([key], () => this.#client.incr(key, delta, options));
  }

  async decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#write([key], () => this.#client.decr(key, delta, options));
  }

  async touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return await this.#write([key], () => this.#client.touch(key, exptime, options));
  }

  async delete(key: string, options?: OperationOptions): Promise<boolean> {
    return await this.#write([key], () => this.#client.delete(key, options));
  }

  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const all = readKeys(keys, "delete");
    return await this.#write(all, () => this.#client.deleteMany(all, options));
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    const { clock } = this.#settings;
    checkFunction("load", load);
    checkSignal(options);
    const { staleFor = 0, earlyRefresh = 0 } = options ?? {};
    const entry = staleFor === 0 && earlyRefresh === 0 ? this.#entries.get(key) : undefined;
    if (entry !== undefined && clock.now() < entry.expires) {
      checkOptions(options, ALL_OPTIONS);
      this.#hits++;
      return entry.take() as Value;
    }
    const reading = this.#begin(key);
    try {
      const isServable = () => !reading.isOvertaken && this.#isServable(entry);
      const { value, isStale } = this.#isServable(entry)
        ? await this.#loadOrServe(key, entry, load, { options, isServable })
        : { value: await this.#client.getOrSet(key, load, options) };
      // What has expired already is not stored, and must not be read again here either.
      if (isStale || isPast(options?.exptime, Date.now())) return value;
      // It may have joined another caller, and got what that one had read before.
      return this.#admit(key, value, undefined, reading.start, reading) as Value;
    } finally {
      this.#end(key, reading);
    }
  }

  async update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    return await this.#write([key], () => this.#client.update(key, change, options));
  }

  async invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return await this.#write([key], () => this.#client.invalidate(key, options));
  }

  async inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    return await this.#client.inspect(key, options);
  }

  withTranscoder(transcoder: Transcoder): NearCacheCommands {
    const settings: Settings = {
      ...this.#settings,
      // This view watches for those of other formats too, whose clients cannot.
      revalidate: this.#settings.revalidate === "watch" ? "ttl" : this.#settings.revalidate,
    };
    return new NearCache(this.#client.withTranscoder(transcoder), settings, this.#family);
  }

  locate(key: string): KeyLocation | Promise<KeyLocation> {
    return this.#client.locate(key);
  }

  /** Asks memcached, once for all concurrent callers. */
  async #fetch(
    key: string,
    entry: Entry | undefined,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    const reading = this.#begin(key);
    try {
      // Those who can give up ask by themselves.
      if (options !== undefined) return await this.#ask(key, entry, reading, options);
      const start = this.#settings.clock.now();
      const { asked } = reading;
      if (asked !== undefined && start < asked.start + this.#settings.ttl * 1000) {
        return await asked.value;
      }
      const own = { start, value: this.#ask(key, entry, reading, undefined) };
      reading.asked = own;
      try {
        return await own.value;
      } finally {
        if (reading.asked === own) delete reading.asked;
      }
    } finally {
      this.#end(key, reading);
    }
  }

  /** Asks memcached, and serves what is kept where its server cannot be reached. */
  async #ask(
    key: string,
    entry: Entry | undefined,
    reading: Reading,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    if (!this.#isServable(entry)) return await this.#askServer(key, entry, reading, options);
    checkOptions(options, OPERATION_OPTIONS);
    try {
      return await this.#askServer(key, entry, reading, strictly(options));
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (!reading.isOvertaken && this.#isServable(entry)) return entry.take();
    }
    return await this.#askServer(key, entry, reading, options);
  }

  async #askServer(
    key: string,
    entry: Entry | undefined,
    reading: Reading,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    const { clock, revalidate, ttl } = this.#settings;
    const start = clock.now();
    if (revalidate !== "cas") {
      const value = await this.#client.get(key, options);
      return this.#admit(key, value, undefined, start, reading);
    }
    if (entry?.cas !== undefined) {
      const info = await this.#client.inspect(key, operationOptions(options ?? {}));
      if (info?.cas === entry.cas && !reading.isOvertaken) {
        entry.expires = start + ttl * 1000;
        return entry.take();
      }
    }
    const again = clock.now();
    const found = await this.#client.gets(key, options);
    return this.#admit(key, found?.value, found?.cas, again, reading);
  }

  /** Asks memcached for many keys; `stale` are those that are served because their server cannot be reached. */
  async #askMany(
    keys: readonly string[],
    options: OperationOptions | undefined,
  ): Promise<{ fresh: ReadonlyMap<string, unknown>; stale: ReadonlyMap<string, unknown> }> {
    const stale = new Map<string, unknown>();
    if (!keys.some((key) => this.#isServable(this.#entries.get(key)))) {
      return { fresh: await this.#client.getMany(keys, options), stale };
    }
    checkOptions(options, OPERATION_OPTIONS);
    try {
      return { fresh: await this.#client.getMany(keys, strictly(options)), stale };
    } catch (error) {
      const { failures, results = new Map() } = error as Partial<PartialFailure>;
      const faults: Iterable<unknown> = failures?.values() ?? [error];
      if (![...faults].some(isUnreachable)) throw error;
      const rest: string[] = [];
      for (const key of failures?.keys() ?? keys) {
        const entry = this.#entries.get(key);
        const isAway = failures === undefined || isUnreachable(failures.get(key));
        if (isAway && this.#isServable(entry)) stale.set(key, entry.take());
        else rest.push(key);
      }
      if (rest.length === 0) return { fresh: results, stale };
      const found = await this.#askRest(rest, options, [...results, ...stale]);
      return { fresh: new Map([...results, ...found]), stale };
    }
  }

  /** Asks for the keys for which there is nothing to serve, with what is known of the others in the error. */
  async #askRest(
    keys: readonly string[],
    options: OperationOptions | undefined,
    known: readonly (readonly [string, unknown])[],
  ): Promise<ReadonlyMap<string, unknown>> {
    try {
      return await this.#client.getMany(keys, options);
    } catch (error) {
      if (!isPartial(error)) throw error;
      const { failures, results } = error;
      throw partialError("get", { failures, results: new Map([...known, ...results]) });
    }
  }

  /** Loads a value; one that is kept is served where its server cannot be reached. */
  async #loadOrServe<Value>(
    key: string,
    entry: Entry,
    load: () => Value | Promise<Value>,
    { options, isServable }: {
      readonly options: GetOrSetOptions | undefined;
      readonly isServable: () => boolean;
    },
  ): Promise<{ readonly value: Value; readonly isStale?: boolean }> {
    const loading = new CallerLoad(load);
    const strict = { ...copyOptions(options ?? {}, ALL_NAMES), ...STRICT };
    try {
      return { value: await this.#client.getOrSet(key, loading.run, strict) };
    } catch (error) {
      // What load fails with is the caller's.
      if (!isUnreachable(error) || loading.failedWith(error)) throw error;
      if (isServable()) return { value: entry.take() as Value, isStale: true };
    }
    return { value: await this.#client.getOrSet(key, load, options) };
  }

  /** Whether a value may be served while its server cannot be reached. */
  #isServable(entry: Entry | undefined): entry is Entry {
    const { clock, staleOnError } = this.#settings;
    return staleOnError > 0 && entry !== undefined &&
      clock.now() < entry.expires + staleOnError * 1000;
  }

  /** Keeps a value where it is worth it; gives what is handed out for it. */
  #admit(
    key: string,
    value: unknown,
    cas: bigint | undefined,
    start: number,
    reading: Reading | undefined,
  ): unknown {
    const { admit, clock, ttl } = this.#settings;
    if (value === undefined) {
      if (reading?.isOvertaken === false) this.#entries.delete(key);
      return undefined;
    }
    const isAdmitted = admit === "all" || this.#seen.see(key) || this.#entries.has(key);
    const expires = start + ttl * 1000;
    const isOld = reading === undefined || reading.isOvertaken || clock.now() >= expires;
    if (!isAdmitted || isOld) return value;
    const shared = share(value);
    if (shared === undefined) return value;
    this.#entries.set(key, { ...shared, expires, cas });
    return shared.take();
  }

  #begin(key: string): Reading {
    const present = this.#reading.get(key);
    if (present !== undefined) {
      present.count++;
      return present;
    }
    const reading = { start: this.#settings.clock.now(), count: 1, isOvertaken: false };
    this.#reading.set(key, reading);
    return reading;
  }

  #end(key: string, reading: Reading): void {
    if (--reading.count === 0 && this.#reading.get(key) === reading) this.#reading.delete(key);
  }

  /** Carries out a write: what was read before it has ended is old. */
  async #write<Result>(keys: readonly string[], write: () => Promise<Result>): Promise<Result> {
    for (const key of keys) this.forget(key);
    try {
      return await write();
    } finally {
      for (const key of keys) this.forget(key);
    }
  }

  #watch(): Watching {
    const client = this.#client as Partial<Client>;
    if (typeof client.watch !== "function") {
      const why = "it needs a Client, which can watch";
      throw new ValidationException(`Cannot use revalidate "watch": ${why}`, this.#client);
    }
    const watching = new Watching(
      (kinds) => (client as Client).watch(kinds),
      (key) => this.forget(key),
      sessionOf(this.#client)?.ending,
    );
    // Without it, values are as old as ttl lets them be.
    watching.ready.catch(() => {});
    return watching;
  }
}
