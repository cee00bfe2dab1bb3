/** Commands on keys that store values in another form: what the views of values have in common. @module */

import { concat } from "@std/bytes/concat";
import {
  type CasOutcome,
  ClientException,
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
} from "../../mod.ts";
import { checkFunction } from "../option_checks.ts";
import { partialError, renamed, renameKeys } from "./partial_errors.ts";

/** How a view stores values. */
export interface ValueRules {
  /** The key under which the value of a caller's key is stored. */
  keyOf(key: string): string | Promise<string>;
  /**
   * Begins what {@linkcode toStored} needs, before a value is computed.
   *
   * @param options What the caller passed, the view's own options included.
   */
  prepareWrite?(key: string, options: OperationOptions | undefined): unknown;
  /** Turns a value into what is stored for it. */
  toStored(value: unknown, key: string, context: WriteContext): unknown;
  /** Begins what {@linkcode fromStored} needs, in the turn in which the stored value is asked for. */
  prepareRead?(key: string): unknown;
  /**
   * Turns what is stored into the value.
   *
   * @param prepared What {@linkcode prepareRead} returned.
   * @returns The value; `undefined` when what is stored is none of this key's: a miss.
   */
  fromStored(stored: unknown, key: string, prepared: unknown): unknown;
  /** Removes the view's own options from those that the caller passed, and checks them. */
  innerOptions?<Options extends OperationOptions>(
    options: Options | undefined,
  ): Options | undefined;
  /** Whether values are stored as they are, so that memcached can count and append. */
  isPlain(key: string): boolean;
  /**
   * Cleans up after a write.
   *
   * @param change What was stored before, and what the write has stored; each `undefined` where there is nothing.
   */
  replaced?(key: string, change: Change, options: OperationOptions | undefined): Promise<void>;
}

/** What a value is stored with. */
export interface WriteContext {
  /** What the caller passed, the view's own options included. */
  readonly options: OperationOptions | undefined;
  /** What `prepareWrite` returned or resolved to. */
  readonly prepared: unknown;
  /** What is stored so far, when the value was made from it. */
  readonly before?: unknown;
}

/** What a write has changed. */
export interface Change {
  /** What was stored when the write was sent; `undefined` also when that could not be read. */
  readonly before: unknown;
  /** What the write has tried to store; `undefined` after a deletion. */
  readonly offered: unknown;
  /** Whether it has stored that. */
  readonly isStored: boolean;
}

/** How often a change that others overtake is tried again, as `update` does. */
const MOST_ATTEMPTS = 26;
/** The number that counters wrap at. */
const COUNTER_END = 1n << 64n;

/** Commands on keys whose values are stored in another form. */
export class ValueView implements KeyCommands {
  readonly #inner: KeyCommands;
  readonly #rules: ValueRules;
  readonly #withTranscoder: (transcoder: Transcoder) => KeyCommands;

  /**
   * @param inner What stores the values.
   * @param rules How they are stored.
   * @param withTranscoder Makes the same view with another transcoder.
   */
  constructor(
    inner: KeyCommands,
    rules: ValueRules,
    withTranscoder: (transcoder: Transcoder) => KeyCommands,
  ) {
    this.#inner = inner;
    this.#rules = rules;
    this.#withTranscoder = withTranscoder;
  }

  async get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    const read = this.#reader<Value>(key);
    return await read(await this.#inner.get(await this.#rules.keyOf(key), this.#clean(options)));
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const unique = [...new Set(keys)];
    const readers = new Map(unique.map((key) => [key, this.#reader<Value>(key)]));
    const stored = await this.#many("get", await this.#namesOf(unique), async (inner) => {
      return await this.#inner.getMany(inner, this.#clean(options));
    });
    const results = new Map<string, Value>();
    const failures = new Map<string, unknown>();
    await Promise.all(Array.from(stored, async ([key, value]) => {
      try {
        const read = await readers.get(key)?.(value);
        if (read !== undefined) results.set(key, read);
      } catch (error) {
        failures.set(key, error);
      }
    }));
    options?.signal?.throwIfAborted();
    if (failures.size > 0) throw partialError("get", { failures, results });
    return results;
  }

  async gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    const read = this.#reader<Value>(key);
    const found = await this.#inner.gets(await this.#rules.keyOf(key), this.#clean(options));
    const value = await read(found?.value);
    if (found === undefined) return undefined;
    return value === undefined ? undefined : { value, cas: found.cas };
  }

  async getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    const read = this.#reader<Value>(key);
    const innerKey = await this.#rules.keyOf(key);
    return await read(await this.#inner.getAndTouch(innerKey, exptime, this.#clean(options)));
  }

  async set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    await this.#write(key, value, options, (innerKey, stored, options) => {
      return this.#inner.set(innerKey, stored, exptime, options);
    });
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = new Map(
      Symbol.iterator in Object(entries)
        ? entries as Iterable<readonly [string, unknown]>
        : Object.entries(entries),
    );
    const names = await this.#namesOf(values.keys());
    const inner = this.#clean(options);
    const stored = new Map(
      await Promise.all(Array.from(names, async ([innerKey, key]) => {
        return [innerKey, await this.#toStored(values.get(key), key, options)] as const;
      })),
    );
    await this.#replacing(names, stored, options, () => {
      return this.#many("set", names, async () => {
        await this.#inner.setMany(stored, exptime, inner);
        return new Map();
      });
    });
  }

  async add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#write(key, value, options, (innerKey, stored, options) => {
      return this.#inner.add(innerKey, stored, exptime, options);
    });
  }

  async replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#write(key, value, options, (innerKey, stored, options) => {
      return this.#inner.replace(innerKey, stored, exptime, options);
    });
  }

  async append(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    if (this.#rules.isPlain(key)) {
      return await this.#inner.append(
        await this.#rules.keyOf(key),
        data,
        this.#clean(options),
      );
    }
    const change = (value: unknown) => extended(key, value, (bytes) => [bytes, bytesOf(data)]);
    return await this.#rewrite(key, change, options) !== undefined;
  }

  async prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    if (this.#rules.isPlain(key)) {
      return await this.#inner.prepend(
        await this.#rules.keyOf(key),
        data,
        this.#clean(options),
      );
    }
    const change = (value: unknown) => extended(key, value, (bytes) => [bytesOf(data), bytes]);
    return await this.#rewrite(key, change, options) !== undefined;
  }

  async cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return await this.#write(key, value, options, (innerKey, stored, options) => {
      return this.#inner.cas(innerKey, stored, cas, exptime, options);
    });
  }

  async incr(
    key: string,
    delta: bigint | number = 1n,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    if (this.#rules.isPlain(key)) {
      return await this.#inner.incr(await this.#rules.keyOf(key), delta, this.#clean(options));
    }
    const step = readDelta(delta);
    return await this.#count(key, (count) => (count + step) % COUNTER_END, options);
  }

  async decr(
    key: string,
    delta: bigint | number = 1n,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    if (this.#rules.isPlain(key)) {
      return await this.#inner.decr(await this.#rules.keyOf(key), delta, this.#clean(options));
    }
    const step = readDelta(delta);
    return await this.#count(key, (count) => count > step ? count - step : 0n, options);
  }

  async touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return await this.#inner.touch(
      await this.#rules.keyOf(key),
      exptime,
      this.#clean(options),
    );
  }

  async delete(key: string, options?: OperationOptions): Promise<boolean> {
    const innerKey = await this.#rules.keyOf(key);
    return await this.#replacing(new Map([[innerKey, key]]), new Map(), options, () => {
      return this.#inner.delete(innerKey, this.#clean(options));
    });
  }

  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const names = await this.#namesOf(keys);
    return await this.#replacing(names, new Map(), options, () => {
      return this.#many("delete", names, async (inner) => {
        return await this.#inner.deleteMany(inner, this.#clean(options));
      });
    });
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    checkFunction("load", load);
    const innerKey = await this.#rules.keyOf(key);
    const loadStored = async () => {
      // Before the value is computed: what changes meanwhile concerns it.
      const prepared = await this.#rules.prepareWrite?.(key, options);
      const value = await load();
      if (value === undefined) return undefined;
      return await this.#rules.toStored(value, key, { options, prepared });
    };
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const read = this.#reader<Value>(key);
      const stored = await this.#inner.getOrSet(innerKey, loadStored, this.#clean(options));
      if (stored === undefined) return undefined as Value;
      const value = await read(stored);
      if (value !== undefined) return value;
      await this.#discard(key, innerKey, options);
    }
    throw changedTooOften("get or set", key);
  }

  async update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    checkFunction("change", change);
    let next: Value | undefined;
    let before: unknown;
    const changeStored = async (stored: unknown) => {
      before = stored;
      const prepared = this.#rules.prepareWrite?.(key, options);
      const present = await this.#reader<Value>(key)(stored);
      next = await change(present);
      if (next === undefined) return undefined;
      const context = { options, prepared: await prepared };
      return await this.#rules.toStored(next, key, {
        ...context,
        ...(present === undefined ? {} : { before }),
      });
    };
    const inner = this.#clean(options);
    const exptime = inner?.exptime;
    const stored = await this.#inner.update(await this.#rules.keyOf(key), changeStored, {
      ...inner,
      ...(typeof exptime === "function" ? { exptime: () => exptime(next) } : {}),
    });
    await this.#rules.replaced?.(key, { before, offered: stored, isStored: true }, options);
    return await this.#reader<Value>(key)(stored);
  }

  async invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return await this.#inner.invalidate(
      await this.#rules.keyOf(key),
      this.#clean(options),
    );
  }

  async inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    return await this.#inner.inspect(
      await this.#rules.keyOf(key),
      this.#clean(options),
    );
  }

  withTranscoder(transcoder: Transcoder): KeyCommands {
    return this.#withTranscoder(transcoder);
  }

  async locate(key: string): Promise<KeyLocation> {
    return await this.#inner.locate(await this.#rules.keyOf(key));
  }

  #clean<Options extends OperationOptions>(options: Options | undefined): Options | undefined {
    return this.#rules.innerOptions === undefined ? options : this.#rules.innerOptions(options);
  }

  /** Begins to read a key's value; what it returns turns what is stored into the value. */
  #reader<Value>(key: string): (stored: unknown) => Promise<Value | undefined> {
    const prepared = this.#rules.prepareRead?.(key);
    return async (stored) => {
      if (stored === undefined) return undefined;
      return await this.#rules.fromStored(stored, key, prepared) as Value | undefined;
    };
  }

  async #toStored(
    value: unknown,
    key: string,
    options: OperationOptions | undefined,
    before?: unknown,
  ): Promise<unknown> {
    const prepared = await this.#rules.prepareWrite?.(key, options);
    return await this.#rules.toStored(value, key, { options, prepared, before });
  }

  async #write<Result>(
    key: string,
    value: unknown,
    options: OperationOptions | undefined,
    write: (
      key: string,
      stored: unknown,
      options: OperationOptions | undefined,
    ) => Promise<Result>,
    before?: unknown,
  ): Promise<Result> {
    const inner = this.#clean(options);
    const innerKey = await this.#rules.keyOf(key);
    const stored = await this.#toStored(value, key, options, before);
    return await this.#replacing(
      new Map([[innerKey, key]]),
      new Map([[innerKey, stored]]),
      options,
      () => write(innerKey, stored, inner),
    );
  }

  /** Carries out a write; then has the rules clean up what it has replaced, or what it could not store. */
  async #replacing<Result>(
    names: ReadonlyMap<string, string>,
    stored: ReadonlyMap<string, unknown>,
    options: OperationOptions | undefined,
    write: () => Promise<Result>,
  ): Promise<Result> {
    const { replaced } = this.#rules;
    if (replaced === undefined) return await write();
    // Sent in one turn with the write and before it: that takes no round trip more.
    const reading = this.#inner.getMany(names.keys(), operationOptions(options)).catch(() => {
      return new Map();
    });
    let isStored = false;
    try {
      const result = await write();
      isStored = ![false, "exists", "not_found"].includes(result as string);
      return result;
    } finally {
      const before: ReadonlyMap<string, unknown> = await reading;
      await Promise.allSettled(Array.from(names, ([innerKey, key]) => {
        const change = { before: before.get(innerKey), offered: stored.get(innerKey), isStored };
        return replaced(key, change, options);
      }));
    }
  }

  /** The caller's keys by those under which they are stored. */
  async #namesOf(keys: Iterable<string>): Promise<Map<string, string>> {
    const all = [...new Set(keys)];
    const innerKeys = await Promise.all(all.map((key) => this.#rules.keyOf(key)));
    return new Map(innerKeys.map((innerKey, i) => [innerKey, all[i] ?? innerKey]));
  }

  async #many<Result>(
    action: string,
    names: ReadonlyMap<string, string>,
    operate: (keys: Iterable<string>) => Promise<Map<string, Result>>,
  ): Promise<Map<string, Result>> {
    try {
      return renameKeys(await operate(names.keys()), names);
    } catch (error) {
      throw renamed(error, action, names);
    }
  }

  /** Counts where memcached cannot, because more than the number is stored. */
  async #count(
    key: string,
    change: (count: bigint) => bigint,
    options: CounterOptions | undefined,
  ): Promise<bigint | undefined> {
    const { initial, exptime, ...rest } = options ?? {};
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const counted = await this.#rewrite(key, (value) => `${change(readCount(key, value))}`, rest);
      if (counted !== undefined) return BigInt(counted as string);
      if (initial === undefined) return undefined;
      const first = readDelta(initial);
      if (await this.add(key, `${first}`, exptime, rest)) return first;
    }
    throw changedTooOften("count", key);
  }

  /** Changes a value and keeps its exptime; resolves to the new value, to `undefined` on a miss. */
  async #rewrite(
    key: string,
    change: (value: unknown) => unknown,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    const innerKey = await this.#rules.keyOf(key);
    const inner = operationOptions(options);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const read = this.#reader(key);
      const [found, info] = await Promise.all([
        this.#inner.gets(innerKey, inner),
        this.#inner.inspect(innerKey, inner),
      ]);
      if (found === undefined || info === undefined) return undefined;
      if (found.cas !== info.cas) continue;
      const value = await read(found.value);
      if (value === undefined) return undefined;
      const next = change(value);
      const exptime = info.ttl === -1 ? 0 : Math.max(info.ttl, 1);
      const write = (innerKey: string, stored: unknown, inner: OperationOptions | undefined) => {
        return this.#inner.cas(innerKey, stored, found.cas, exptime, inner);
      };
      if (await this.#write(key, next, options, write, found.value) === "stored") return next;
    }
    throw changedTooOften("change", key);
  }

  /** Removes what is stored and counts as a miss, so that it can be loaded; what others put there stays. */
  async #discard(
    key: string,
    innerKey: string,
    options: OperationOptions | undefined,
  ): Promise<void> {
    const inner = operationOptions(options);
    const read = this.#reader(key);
    const found = await this.#inner.gets(innerKey, inner);
    if (found === undefined || await read(found.value) !== undefined) return;
    // An item that has expired: memcached can delete by its cas unique in no other way that every version knows.
    const past = new Date(Date.now() - 86_400_000);
    await this.#inner.cas(innerKey, "", found.cas, past, inner);
  }
}

/** The options that every operation takes. */
function operationOptions({ signal, failover }: OperationOptions = {}): OperationOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(failover === undefined ? {} : { failover }),
  };
}

function changedTooOften(action: string, key: string): ClientException {
  const why = `it changed during each of ${MOST_ATTEMPTS} attempts`;
  return new ClientException(`Cannot ${action} key ${JSON.stringify(key)}: ${why}`, key);
}

function readDelta(delta: bigint | number): bigint {
  const isCount = typeof delta === "bigint" || Number.isSafeInteger(delta);
  if (isCount && delta >= 0 && delta < COUNTER_END) return BigInt(delta);
  const why = "it must be an integer from 0 to 2^64 - 1";
  throw new ValidationException(`Cannot count by ${String(delta)}: ${why}`, delta);
}

function readCount(key: string, value: unknown): bigint {
  if (typeof value === "string" && /^\d{1,20} *$/.test(value)) return BigInt(value.trimEnd());
  const why = "its value is no number in decimal digits";
  throw new ClientException(`Cannot count key ${JSON.stringify(key)}: ${why}`, value);
}

/** A value with bytes before or behind it: a string stays one, as it does where memcached appends. */
function extended(
  key: string,
  value: unknown,
  parts: (value: Uint8Array) => Uint8Array[],
): string | Uint8Array {
  if (typeof value === "string") return new TextDecoder().decode(concat(parts(bytesOf(value))));
  if (value instanceof Uint8Array) return concat(parts(value));
  const why = "its value is neither a string nor bytes";
  throw new ClientException(`Cannot append to key ${JSON.stringify(key)}: ${why}`, value);
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}
