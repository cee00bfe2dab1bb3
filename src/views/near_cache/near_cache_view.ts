/** The commands of a near cache. @module */

import {
  type CasOutcome,
  type Client,
  type CounterOptions,
  type Exptime,
  type GetOrSetOptions,
  type InvalidateOptions,
  type ItemInfo,
  type KeyCommands,
  type KeyLocation,
  type OperationOptions,
  type Transcoder,
  type UpdateOptions,
  ValidationException,
} from "../../../mod.ts";
import { readEntries, readKeys } from "../../commands/many_keys.ts";
import { OPERATION_OPTIONS } from "../../commands/operation_options.ts";
import { sessionOf } from "../../commands/session.ts";
import { checkFunction, checkOptions, checkSignal, invalidOption } from "../../option_checks.ts";
import { isPast } from "../../protocol/exptime.ts";
import { type CallRules, checkCall, setCallRules } from "../call_rules.ts";
import { withResults } from "../partial_errors.ts";
import { longestKeyOf } from "../wrapped_commands.ts";
import { NearReads } from "./near_reads.ts";
import { NearValues } from "./near_values.ts";
import { Watching } from "./watching.ts";

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

/** The commands of {@linkcode nearCache}. */
export class NearCache implements NearCacheCommands {
  readonly #client: KeyCommands;
  readonly #values: NearValues;
  readonly #reads: NearReads;
  readonly #watching: Watching | undefined;
  readonly #callRules: CallRules;

  constructor(client: KeyCommands, values: NearValues) {
    this.#client = client;
    this.#values = values;
    this.#reads = new NearReads(client, values);
    this.#callRules = setCallRules(this, client);
    if (values.settings.revalidate === "watch") this.#watching = this.#watch();
  }

  /** The longest key that it takes. */
  get longestKey(): number {
    return longestKeyOf(this.#client);
  }

  get ready(): Promise<void> {
    return this.#watching?.ready ?? Promise.resolve();
  }

  get near(): NearCacheCommands["near"] {
    return this.#values.report;
  }

  forget(key?: string): void {
    if (key !== undefined && typeof key !== "string") throw invalidOption("key", key, "a string");
    this.#values.forget(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watching?.end();
    this.forget();
  }

  async get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    const entry = this.#values.get(key);
    if (this.#values.isFresh(entry)) {
      if (options !== undefined) checkOptions(options, OPERATION_OPTIONS);
      options?.signal?.throwIfAborted();
      return this.#values.hit(entry) as Value;
    }
    return await this.#reads.one(key, entry, options) as Value | undefined;
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const values = this.#values;
    const results = new Map<string, Value>();
    const missing: string[] = [];
    const unique = readKeys(keys, "get");
    for (const key of unique) {
      const entry = values.get(key);
      if (values.isFresh(entry)) results.set(key, values.hit(entry) as Value);
      else missing.push(key);
    }
    const start = values.settings.clock.now();
    const readings = new Map(missing.map((key) => [key, values.beginReading(key)]));
    try {
      const { fresh, stale } = await this.#reads.many(missing, options);
      for (const [key, value] of fresh) {
        const reading = readings.get(key);
        results.set(key, values.keep(key, value, { start, reading }) as Value);
      }
      for (const [key, value] of stale) results.set(key, value as Value);
      // Where nothing is asked, nothing else looks at it.
      if (unique.length > 0) options?.signal?.throwIfAborted();
    } catch (error) {
      throw withResults(error, "get", { results, count: unique.length });
    } finally {
      for (const [key, reading] of readings) values.endReading(key, reading);
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
    return await this.#values.write([key], () => {
      return this.#client.getAndTouch<Value>(key, exptime, options);
    });
  }

  async set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    await this.#values.write([key], () => this.#client.set(key, value, exptime, options));
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = readEntries(entries);
    await this.#values.write(
      [...values.keys()],
      () => this.#client.setMany(values, exptime, options),
    );
  }

  async add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#values.write([key], () => this.#client.add(key, value, exptime, options));
  }

  async replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#values.write(
      [key],
      () => this.#client.replace(key, value, exptime, options),
    );
  }

  async append(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#values.write([key], () => this.#client.append(key, data, options));
  }

  async prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#values.write([key], () => this.#client.prepend(key, data, options));
  }

  async cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return await this.#values.write(
      [key],
      () => this.#client.cas(key, value, cas, exptime, options),
    );
  }

  async incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#values.write([key], () => this.#client.incr(key, delta, options));
  }

  async decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#values.write([key], () => this.#client.decr(key, delta, options));
  }

  async touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return await this.#values.write([key], () => this.#client.touch(key, exptime, options));
  }

  async delete(key: string, options?: OperationOptions): Promise<boolean> {
    return await this.#values.write([key], () => this.#client.delete(key, options));
  }

  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const all = readKeys(keys, "delete");
    return await this.#values.write(all, () => this.#client.deleteMany(all, options));
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    const values = this.#values;
    checkFunction("load", load);
    checkSignal(options);
    const { staleFor = 0, earlyRefresh = 0 } = options ?? {};
    const entry = staleFor === 0 && earlyRefresh === 0 ? values.get(key) : undefined;
    if (values.isFresh(entry) && entry.isLoaded) {
      // Without options there is nothing to check: the function has been checked above.
      if (options !== undefined) checkCall("getOrSet", [key, load, options], this.#callRules);
      return values.hit(entry) as Value;
    }
    // The client may have it join a load that began before the key was written elsewhere.
    const mayBeOld = values.mayJoinOvertaken(key);
    const reading = values.beginReading(key);
    try {
      const found = await this.#reads.orLoad(key, entry, load, { options, reading });
      const { value, isStale } = found;
      if (isStale) return value;
      // It may have joined another caller, and got what that one had read before.
      const source = { start: reading.start, reading, isLoaded: true };
      // What has expired already is not stored, and must not be read again here either.
      const isKept = !mayBeOld && !isPast(options?.exptime, Date.now());
      return values.keep(key, value, isKept ? source : { ...source, reading: undefined }) as Value;
    } finally {
      values.endReading(key, reading);
    }
  }

  async update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    return await this.#values.write([key], () => this.#client.update(key, change, options));
  }

  async invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return await this.#values.write([key], () => this.#client.invalidate(key, options));
  }

  async inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    return await this.#client.inspect(key, options);
  }

  withTranscoder(transcoder: Transcoder): NearCacheCommands {
    const { settings } = this.#values;
    const values = new NearValues({
      ...settings,
      // This view watches for those of other formats too, whose clients cannot.
      revalidate: settings.revalidate === "watch" ? "ttl" : settings.revalidate,
    }, this.#values);
    return new NearCache(this.#client.withTranscoder(transcoder), values);
  }

  locate(key: string): KeyLocation | Promise<KeyLocation> {
    return this.#client.locate(key);
  }

  #watch(): Watching {
    const client = this.#client as Partial<Client>;
    if (typeof client.watch !== "function") {
      const why = "it needs a Client, which can watch";
      throw new ValidationException(`Cannot use revalidate "watch": ${why}`, this.#client);
    }
    const watching = new Watching(
      (kinds) => (client as Client).watch(kinds),
      (sent) => this.#values.forgetSent(sent),
      sessionOf(this.#client)?.ending,
    );
    // Without it, values are as old as ttl lets them be.
    watching.ready.catch(() => {});
    return watching;
  }
}
