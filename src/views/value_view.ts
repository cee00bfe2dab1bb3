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
  Namespace,
  type OperationOptions,
  type PartialFailure,
  type Transcoder,
  type UpdateOptions,
  ValidationException,
} from "../../mod.ts";
import { readEntries, readKeys } from "../commands/many_keys.ts";
import {
  KEY_COMMAND_OPTIONS,
  OPERATION_OPTIONS,
  operationOptions,
} from "../commands/operation_options.ts";
import { sessionOf } from "../commands/session.ts";
import { computeAsRead, type UnstoredValues } from "../features/unstored_values.ts";
import {
  checkFunction,
  checkOptions,
  checkSignal,
  copyOptions,
  invalidOption,
} from "../option_checks.ts";
import { isBackendFailure, isUnreachable } from "../protocol/backend_failure.ts";
import { checkExptime } from "../protocol/exptime.ts";
import { MAX_KEY_LENGTH } from "../protocol/key.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { longestKeyIn } from "../protocol/longest_key.ts";
import { ownData } from "../transcoding/item_codec.ts";
import {
  isFault,
  isPartial,
  type KeyNames,
  partialError,
  partsOf,
  renamed,
  renameKeys,
} from "./partial_errors.ts";
import { untilAborted } from "../waiting.ts";

/**
 * What the rules give instead of a value when a server cannot be reached that tells what is valid, and the client takes
 * that for a miss. Nothing is stored then, and what is stored stays.
 */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** How a view stores values. */
export interface ValueRules {
  /** The key under which the value of a caller's key is stored. */
  keyOf(key: string): string | Promise<string>;
  /**
   * Begins what {@linkcode toStored} needs, before a value is computed.
   *
   * @param options What the caller passed, the view's own options included.
   * @returns Anything; {@linkcode UNKNOWN} when nothing can be stored.
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
   * @param options `signal` and `failover`, as the caller passed them.
   * @returns The value; `undefined` when what is stored is none of this key's: a miss. {@linkcode UNKNOWN} when that
   * cannot be known and counts as a miss.
   */
  fromStored(
    stored: unknown,
    key: string,
    prepared: unknown,
    options: OperationOptions,
  ): unknown;
  /** Removes the view's own options from those that the caller passed, and checks them. */
  innerOptions?<Options extends OperationOptions>(
    options: Options | undefined,
  ): Options | undefined;
  /**
   * Whether values are stored as they are, so that memcached can count and append; `"mostly"` where that holds
   * for numbers, but not for every value.
   */
  isPlain(key: string): boolean | "mostly";
  /** What stores values in their own format, where the view hands its client what it has encoded itself. */
  readonly values?: KeyCommands | undefined;
  /** Whether what is stored may count as a miss although no part of it is missing. */
  readonly mayHide?: boolean;
  /** Whether a part of a value that was just stored may be missing when it is read. */
  readonly mayLose?: boolean;
  /** Whether what is stored counts as there; by default when {@linkcode fromStored} makes a value of it. */
  isThere?(stored: unknown, key: string, options: OperationOptions): Promise<boolean>;
  /**
   * Cleans up after a write that has not failed.
   *
   * @returns Whether what was stored before counted as there, where cleaning up has shown it.
   */
  replaced?(
    key: string,
    change: Change,
    options: OperationOptions | undefined,
  ): Promise<boolean | void>;
}

/** What a value is stored with. */
export interface WriteContext {
  /** What the caller passed, the view's own options included. */
  readonly options: OperationOptions | undefined;
  /** When the item expires. */
  readonly exptime: Exptime;
  /** What `prepareWrite` returned or resolved to. */
  readonly prepared: unknown;
  /** What is stored so far, when the value was made from it. */
  readonly before?: unknown;
}

/** What a write has changed. */
export interface Change {
  /** What was stored when the write was sent; `undefined` also when that could not be read. */
  readonly before: unknown;
  /** What the write has stored, or has not stored if another client was faster; `undefined` after a deletion. */
  readonly offered: unknown;
}

/** The options of commands, and those that a view adds to them. */
const OPTION_NAMES = /* @__PURE__ */ Object.keys(KEY_COMMAND_OPTIONS).concat("tags");

/** What a caller says of a write. */
interface Writing {
  readonly options?: OperationOptions | undefined;
  readonly exptime?: Exptime | undefined;
  readonly before?: unknown;
}

/** How often a change that others overtake is tried again, as `update` does. */
const MOST_ATTEMPTS = 26;
/** The number that counters wrap at. */
const COUNTER_END = 1n << 64n;

/**
 * Checks what a view is made of.
 *
 * @throws {ValidationException} When it does not have the commands on keys.
 */
export function checkCommands(client: KeyCommands, name = "client"): void {
  if (typeof client?.get === "function" && typeof client.withTranscoder === "function") return;
  throw invalidOption(name, client, "a client, a namespace or a view");
}

/** The longest key that these commands take. */
export function longestKeyOf(commands: KeyCommands): number {
  const keys = keyFormatOf(commands);
  const longest = keys === undefined ? MAX_KEY_LENGTH : longestKeyIn(keys);
  if (commands instanceof Namespace) return commands.longestKey - (MAX_KEY_LENGTH - longest);
  return commands.longestKey ?? longest;
}

/** The format that a client gives its keys, where it has one. */
export function keyFormatOf(commands: KeyCommands): KeyFormat | undefined {
  return sessionOf(commands)?.settings.keys;
}

/** Ends a computation whose value could not be stored, before the value is computed. */
class CannotStore extends Error {}

/** Commands on keys whose values are stored in another form. */
export class ValueView implements KeyCommands {
  readonly #inner: KeyCommands;
  /** What stores the values of the views that this one stands on. */
  readonly #innermost: KeyCommands;
  readonly #rules: ValueRules;
  readonly #withTranscoder: (transcoder: Transcoder) => KeyCommands;
  /** Values that are being computed and cannot be stored, by key. */
  readonly #computing: UnstoredValues = new Map();

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
    const { values = inner } = rules;
    this.#innermost = values instanceof ValueView ? values.#innermost : values;
    this.#rules = rules;
    this.#withTranscoder = withTranscoder;
  }

  /** The longest key that it takes. The adapters read it of views. */
  get longestKey(): number {
    return longestKeyOf(this.#inner);
  }

  async get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    const read = this.#reader<Value>(key, options);
    return await read(await this.#inner.get(await this.#rules.keyOf(key), this.#clean(options)));
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const unique = readKeys(keys, "get");
    const readers = new Map(unique.map((key) => [key, this.#reader<Value>(key, options)]));
    const names = await this.#namesOf(unique);
    const { results: stored, failures } = await partsOf(
      this.#inner.getMany(names.keys(), this.#clean(options)),
      names,
    );
    const results = new Map<string, Value>();
    await Promise.all(Array.from(stored, async ([key, value]) => {
      try {
        const read = await readers.get(key)?.(value);
        if (read !== undefined) results.set(key, read);
      } catch (error) {
        failures.set(key, error);
      }
    }));
    options?.signal?.throwIfAborted();
    if (failures.size > 0) throw partialError("get", { failures, results, count: unique.length });
    return results;
  }

  async gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    const read = this.#reader<Value>(key, options);
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
    const read = this.#reader<Value>(key, options);
    const innerKey = await this.#rules.keyOf(key);
    return await read(await this.#inner.getAndTouch(innerKey, exptime, this.#clean(options)));
  }

  async set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    await this.#write(key, value, { options, exptime }, (innerKey, stored, options) => {
      return this.#inner.set(innerKey, stored, exptime, options);
    }, undefined);
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = readEntries(entries);
    const names = await this.#namesOf(values.keys());
    const inner = this.#clean(options);
    const early = new Map<string, unknown>();
    const stored = new Map<string, unknown>();
    await Promise.all(Array.from(names, async ([innerKey, keys]) => {
      const key = lastOf(keys);
      try {
        const value = await this.#toStored(values.get(key), key, { options, exptime });
        if (value !== UNKNOWN) stored.set(innerKey, value);
      } catch (error) {
        // A fault of one key, as of a server that gets a part of its value, keeps no other from being stored.
        if (!isFault(error)) throw error;
        early.set(innerKey, error);
      }
    }));
    const { failures, results } = stored.size === 0 && names.size > 0
      ? { failures: new Map<string, unknown>(), results: new Map<string, boolean>() }
      : await partsOf(
        this.#replacing(names, stored, options, async () => {
          await this.#inner.setMany(stored, exptime, inner);
          return new Map(Array.from(stored.keys(), (key) => [key, true]));
        }),
        names,
      );
    for (const [key, error] of renameKeys(early, names)) failures.set(key, error);
    if (failures.size > 0) throw partialError("set", { failures, results, count: values.size });
  }

  async add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    const writing = { options, exptime };
    const write = (
      innerKey: string,
      stored: unknown,
      options: OperationOptions | undefined,
    ) => this.#inner.add(innerKey, stored, exptime, options);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      if (await this.#write(key, value, writing, write, false)) return true;
      // What is stored as it is never counts as a miss.
      if (this.#rules.isPlain(key) === true && !this.#rules.mayHide) return false;
      if (!await this.#discard(key, await this.#rules.keyOf(key), options)) return false;
    }
    throw changedTooOften("add", key);
  }

  async replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    const writing = { options, exptime };
    return await this.#write(key, value, writing, (innerKey, stored, inner) => {
      return this.#rules.mayHide
        ? this.#replaceVisible(key, stored, writing)
        : this.#inner.replace(innerKey, stored, exptime, inner);
    }, false);
  }

  async append(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    if (this.#rules.isPlain(key) === true) {
      return await this.#ifVisible(key, options, (innerKey, inner) => {
        return this.#inner.append(innerKey, data, inner);
      });
    }
    checkOptions(options, OPERATION_OPTIONS);
    const end = bytesOf(ownData(data, `append data to key ${JSON.stringify(key)}`));
    const change = (value: unknown) => extended(key, value, (bytes) => [bytes, end]);
    return await this.#rewrite(key, change, options) !== undefined;
  }

  async prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    if (this.#rules.isPlain(key) === true) {
      return await this.#ifVisible(key, options, (innerKey, inner) => {
        return this.#inner.prepend(innerKey, data, inner);
      });
    }
    checkOptions(options, OPERATION_OPTIONS);
    const start = bytesOf(ownData(data, `prepend data to key ${JSON.stringify(key)}`));
    const change = (value: unknown) => extended(key, value, (bytes) => [start, bytes]);
    return await this.#rewrite(key, change, options) !== undefined;
  }

  async cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return await this.#write(key, value, { options, exptime }, async (innerKey, stored, inner) => {
      if (this.#rules.mayHide) {
        const isThere = this.#beginIsThere(key, options);
        const found = await this.#inner.gets(innerKey, inner).catch(unreadable);
        if (found !== undefined && !await isThere(found.value)) return "not_found";
      }
      return await this.#inner.cas(innerKey, stored, cas, exptime, inner);
    }, "not_found");
  }

  async incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#count("incr", key, delta ?? 1n, options);
  }

  async decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#count("decr", key, delta ?? 1n, options);
  }

  async touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    checkExptime(exptime, Date.now);
    return await this.#ifVisible(key, options, (innerKey, inner) => {
      return this.#inner.touch(innerKey, exptime, inner);
    });
  }

  async delete(key: string, options?: OperationOptions): Promise<boolean> {
    const innerKey = await this.#rules.keyOf(key);
    const found = await this.#delete(new Map([[innerKey, [key]]]), options, async (inner) => {
      return new Map([[key, await this.#inner.delete(innerKey, inner)]]);
    });
    return found.get(key) === true;
  }

  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const names = await this.#namesOf(readKeys(keys, "delete"));
    return await this.#delete(names, options, (inner) => {
      return this.#many("delete", names, (keys) => this.#inner.deleteMany(keys, inner));
    });
  }

  async #delete(
    names: KeyNames,
    options: OperationOptions | undefined,
    operate: (inner: OperationOptions | undefined) => Promise<Map<string, boolean>>,
  ): Promise<Map<string, boolean>> {
    const absent = new Set<string>();
    const remove = async (inner: OperationOptions | undefined) => {
      return await this.#replacing(names, new Map(), options, () => operate(inner), absent);
    };
    // What has parts shows with them whether it was there.
    const found =
      await (this.#rules.isThere === undefined
        ? this.#visible(names, options, remove)
        : remove(this.#clean(options)));
    for (const key of absent) found.set(key, false);
    return found;
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    checkFunction("load", load);
    const innerKey = await this.#rules.keyOf(key);
    const inner = this.#clean(options);
    const { exptime = 0, staleFor = 0, negativeFor = 0 } = options ?? {};
    let change: Change | undefined;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      // Before the value is computed: what changes meanwhile concerns it.
      const prepare = async () => await this.#rules.prepareWrite?.(key, options);
      // Within `load`, its failure would be stored as one of `load`.
      const early = negativeFor > 0 ? { prepared: await prepare() } : undefined;
      let loaded: { readonly value: Value } | undefined;
      if (early?.prepared === UNKNOWN) return await this.#compute(key, load, options);
      const loadStored = async () => {
        const prepared = early === undefined ? await prepare() : early.prepared;
        if (prepared === UNKNOWN) throw new CannotStore();
        const value = await load();
        if (value === undefined) return undefined;
        loaded = { value };
        const context = { options, exptime: deferExptime(exptime, staleFor), prepared };
        const offered = await this.#rules.toStored(value, key, context);
        change = { before: undefined, offered };
        return offered;
      };
      const read = this.#beginReading<Value>(key, options);
      let stored: unknown;
      try {
        stored = await this.#inner.getOrSet(innerKey, loadStored, inner);
      } catch (error) {
        // Other callers that wait for the same value get this error too: each view computes it once.
        if (error instanceof CannotStore) return await this.#compute(key, load, options);
        throw error;
      }
      if (change !== undefined) {
        await Promise.allSettled([this.#rules.replaced?.(key, change, options)]);
      }
      if (stored === undefined) return undefined as Value;
      const value = await read(stored);
      if (value === UNKNOWN) return await this.#compute(key, load, options);
      if (value !== undefined) return value;
      if (this.#rules.mayLose && (loaded !== undefined || attempt > 0)) {
        const { value } = loaded ?? {};
        return await this.#compute(
          key,
          loaded === undefined ? load : () => value as Value,
          options,
        );
      }
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
    const inner = this.#clean(options);
    // As in every `update`: a value that cannot be read must not be treated as a miss, and be overwritten.
    const given = copyOptions<OperationOptions>(options ?? {}, OPTION_NAMES);
    const strict: OperationOptions = { ...given, failover: "error" };
    const exptime = inner?.exptime;
    const changeStored = async (stored: unknown) => {
      before = stored;
      const prepared = this.#rules.prepareWrite?.(key, strict);
      // It may fail while the value is read and changed, when nothing waits for it yet.
      void Promise.allSettled([prepared]);
      const present = await this.#reader<Value>(key, strict)(stored);
      next = await change(present);
      if (next === undefined) return undefined;
      const given = typeof exptime === "function" ? exptime(next) : exptime;
      const context = { options, exptime: given ?? 0, prepared: await prepared };
      const kept = present === undefined ? undefined : before;
      return await this.#rules.toStored(next, key, { ...context, before: kept });
    };
    const stored = await this.#inner.update(await this.#rules.keyOf(key), changeStored, {
      ...inner,
      ...(typeof exptime === "function" ? { exptime: () => exptime(next) } : {}),
    });
    await Promise.allSettled([this.#rules.replaced?.(key, { before, offered: stored }, options)]);
    return await this.#reader<Value>(key, options)(stored);
  }

  async invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return await this.#ifVisible(key, options, (innerKey, inner) => {
      return this.#inner.invalidate(innerKey, inner);
    });
  }

  async inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    const inner = this.#clean(options);
    // Asked before the value is read, which memcached notes.
    const asked = this.#inner.inspect(await this.#rules.keyOf(key), inner);
    // It may be rejected before it is awaited.
    asked.catch(() => {});
    const isThere = await this.#ifVisible(key, options, async () => await asked !== undefined);
    return isThere ? await asked : undefined;
  }

  withTranscoder(transcoder: Transcoder): KeyCommands {
    return this.#withTranscoder(transcoder);
  }

  async locate(key: string): Promise<KeyLocation> {
    return await this.#inner.locate(await this.#rules.keyOf(key));
  }

  #clean<Options extends OperationOptions>(options: Options | undefined): Options | undefined {
    checkSignal(options);
    if (options === undefined) return undefined;
    const copy = copyOptions(options, OPTION_NAMES);
    return this.#rules.innerOptions === undefined ? copy : this.#rules.innerOptions(copy);
  }

  /** Begins to read a key's value; what it returns turns what is stored into the value. */
  #reader<Value>(
    key: string,
    options: OperationOptions | undefined,
  ): (stored: unknown) => Promise<Value | undefined> {
    const read = this.#beginReading<Value>(key, options);
    return async (stored) => {
      const value = await read(stored);
      return value === UNKNOWN ? undefined : value;
    };
  }

  #beginReading<Value>(
    key: string,
    options: OperationOptions | undefined,
  ): (stored: unknown) => Promise<Value | typeof UNKNOWN | undefined> {
    const prepared = this.#rules.prepareRead?.(key);
    return async (stored) => {
      if (stored === undefined) return undefined;
      const value = this.#rules.fromStored(stored, key, prepared, operationOptions(options ?? {}));
      return await value as Value | typeof UNKNOWN | undefined;
    };
  }

  /** Computes a value that cannot be stored, once for all callers, and converts it as if it had been. */
  async #compute<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options: OperationOptions | undefined,
  ): Promise<Value> {
    const value = computeAsRead(this.#innermost, this.#computing, key, load);
    return await untilAborted(value, options?.signal);
  }

  async #toStored(
    value: unknown,
    key: string,
    { options, exptime = 0, before }: Writing,
  ): Promise<unknown> {
    const prepared = await this.#rules.prepareWrite?.(key, options);
    if (prepared === UNKNOWN) return UNKNOWN;
    return await this.#rules.toStored(value, key, { options, exptime, prepared, before });
  }

  /** @param dropped The result of a write that is dropped. */
  async #write<Result>(
    key: string,
    value: unknown,
    writing: Writing,
    write: (
      key: string,
      stored: unknown,
      options: OperationOptions | undefined,
    ) => Promise<Result>,
    dropped: Result,
  ): Promise<Result> {
    const { options } = writing;
    const inner = this.#clean(options);
    const innerKey = await this.#rules.keyOf(key);
    const stored = await this.#toStored(value, key, writing);
    if (stored === UNKNOWN) return dropped;
    return await this.#replacing(
      new Map([[innerKey, [key]]]),
      new Map([[innerKey, stored]]),
      options,
      () => write(innerKey, stored, inner),
    );
  }

  /**
   * Carries out a write; then has the rules clean up what it has replaced, or what was refused.
   *
   * @param absent Gets the keys that turned out to be absent.
   */
  async #replacing<Result>(
    names: KeyNames,
    stored: ReadonlyMap<string, unknown>,
    options: OperationOptions | undefined,
    write: () => Promise<Result>,
    absent?: Set<string>,
  ): Promise<Result> {
    const replaced = this.#rules.replaced?.bind(this.#rules);
    if (replaced === undefined) return await write();
    // Sent in one turn with the write and before it: that takes no round trip more.
    const reading = this.#inner.getMany(names.keys(), operationOptions(options ?? {})).catch(() => {
      return new Map();
    });
    const [outcome] = await Promise.allSettled([write()]);
    const fault: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
    const present: ReadonlyMap<string, unknown> = await reading;
    // What is left over is memory, no fault: it expires.
    await Promise.allSettled(Array.from(names, async ([innerKey, keys]) => {
      const key = lastOf(keys);
      const faultOfKey = isPartial(fault) ? fault.failures.get(key) : fault;
      // Another fault leaves open what is stored.
      const isRefused = faultOfKey instanceof ClientException && !isBackendFailure(faultOfKey);
      if (faultOfKey !== undefined && !isRefused) return;
      const before = faultOfKey === undefined ? present.get(innerKey) : undefined;
      const change = { before, offered: stored.get(innerKey) };
      if (await replaced(key, change, options) === false) absent?.add(key);
    }));
    if (outcome.status === "rejected") throw fault;
    return outcome.value;
  }

  /** As `replace` of the client, but what counts as a miss is not replaced. */
  async #replaceVisible(
    key: string,
    stored: unknown,
    { options, exptime }: Writing,
  ): Promise<boolean> {
    checkExptime(exptime, Date.now);
    const innerKey = await this.#rules.keyOf(key);
    const inner = this.#clean(options);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const isThere = this.#beginIsThere(key, options);
      const found = await this.#inner.gets(innerKey, inner);
      // It also refuses a value that cannot be stored.
      if (found === undefined) return await this.#inner.replace(innerKey, stored, exptime, inner);
      if (!await isThere(found.value)) return false;
      const outcome = await this.#inner.cas(innerKey, stored, found.cas, exptime, inner);
      if (outcome !== "exists") return outcome === "stored";
    }
    throw changedTooOften("replace", key);
  }

  /** Begins to tell whether a key is there; what it returns tells it of what is stored. */
  #beginIsThere(
    key: string,
    options: OperationOptions | undefined,
  ): (stored: unknown) => Promise<boolean> {
    if (this.#rules.isThere === undefined) {
      const read = this.#beginReading(key, options);
      return async (stored) => await read(stored) !== undefined;
    }
    return async (stored) => {
      return await this.#rules.isThere?.(stored, key, operationOptions(options ?? {})) ?? true;
    };
  }

  /** As {@linkcode #visible}, for one key. */
  async #ifVisible<Options extends OperationOptions>(
    key: string,
    options: Options | undefined,
    operate: (innerKey: string, inner: Options | undefined) => Promise<boolean>,
  ): Promise<boolean> {
    const innerKey = await this.#rules.keyOf(key);
    const found = await this.#visible(new Map([[innerKey, [key]]]), options, async (inner) => {
      return new Map([[key, await operate(innerKey, inner)]]);
    });
    return found.get(key) === true;
  }

  /**
   * Carries out an operation that tells which keys there are: what counts as a miss is not there. What cannot be read is
   * there.
   *
   * @param names The caller's keys by those under which they are stored.
   * @param operate Tells which of the caller's keys there are.
   */
  async #visible<Options extends OperationOptions>(
    names: KeyNames,
    options: Options | undefined,
    operate: (inner: Options | undefined) => Promise<Map<string, boolean>>,
  ): Promise<Map<string, boolean>> {
    const inner = this.#clean(options);
    if (!this.#rules.mayHide) return await operate(inner);
    const readers = Array.from(names).flatMap(([innerKey, keys]) => {
      return [keys].flat().map((key) => ({
        innerKey,
        key,
        isThere: this.#beginIsThere(key, options),
      }));
    });
    // Sent in one turn with the operation and before it: that takes no round trip more.
    const reading = this.#inner.getMany(names.keys(), operationOptions(options ?? {}))
      .catch((error: Partial<PartialFailure>) => error.results ?? new Map<string, unknown>());
    const found = await operate(inner);
    const stored = await reading;
    await Promise.all(readers.map(async ({ innerKey, key, isThere }) => {
      if (!stored.has(innerKey)) return;
      const [outcome] = await Promise.allSettled([isThere(stored.get(innerKey))]);
      if (outcome.status === "fulfilled" && !outcome.value) found.set(key, false);
    }));
    return found;
  }

  /** The caller's keys by those under which they are stored. */
  async #namesOf(keys: Iterable<string>): Promise<KeyNames> {
    const all = [...new Set(keys)];
    const innerKeys = await Promise.all(all.map((key) => this.#rules.keyOf(key)));
    const names = new Map<string, string[]>();
    for (const [i, key] of all.entries()) {
      const innerKey = innerKeys[i] ?? key;
      const present = names.get(innerKey);
      if (present === undefined) names.set(innerKey, [key]);
      else present.push(key);
    }
    return names;
  }

  async #many<Result>(
    action: string,
    names: KeyNames,
    operate: (keys: Iterable<string>) => Promise<Map<string, Result>>,
  ): Promise<Map<string, Result>> {
    try {
      return renameKeys(await operate(names.keys()), names);
    } catch (error) {
      throw renamed(error, action, names);
    }
  }

  async #count(
    verb: "incr" | "decr",
    key: string,
    delta: bigint | number,
    options: CounterOptions | undefined,
  ): Promise<bigint | undefined> {
    checkSignal(options);
    const isPlain = this.#rules.isPlain(key);
    const innerKey = await this.#rules.keyOf(key);
    if (isPlain === true && !this.#rules.mayHide) {
      return await this.#inner[verb](innerKey, delta, this.#clean(options));
    }
    const { initial, exptime, ...rest } = copyOptions(options ?? {}, OPTION_NAMES);
    const step = readDelta(delta);
    const first = initial === undefined ? undefined : readDelta(initial);
    // A caller that passes `initial` gets a number or an error, never `undefined`.
    const counting: OperationOptions = first === undefined ? rest : { ...rest, failover: "error" };
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const counted = await this.#countOnce(verb, key, step, counting);
      if (counted !== undefined || first === undefined) return counted;
      if (await this.add(key, `${first}`, exptime, counting)) return first;
    }
    throw changedTooOften("count", key);
  }

  async #countOnce(
    verb: "incr" | "decr",
    key: string,
    step: bigint,
    options: OperationOptions,
  ): Promise<bigint | undefined> {
    const isPlain = this.#rules.isPlain(key);
    if (isPlain === true) {
      let counted: bigint | undefined;
      const isThere = await this.#ifVisible(key, options, async (innerKey, inner) => {
        return (counted = await this.#inner[verb](innerKey, step, inner)) !== undefined;
      });
      return isThere ? counted : undefined;
    }
    if (isPlain) {
      try {
        return await this.#inner[verb](await this.#rules.keyOf(key), step, this.#clean(options));
      } catch (error) {
        // More than a number is stored, or something else: which of them, it shows when it is read.
        if (!(error instanceof ClientException) || isBackendFailure(error)) throw error;
        if (error instanceof ValidationException) throw error;
      }
    }
    const counted = await this.#rewrite(key, (value) => {
      const count = readCount(key, value);
      if (verb === "incr") return `${(count + step) % COUNTER_END}`;
      return `${count > step ? count - step : 0n}`;
    }, options);
    return typeof counted === "string" ? BigInt(counted) : undefined;
  }

  /**
   * Changes a value and keeps its exptime where the server tells it.
   *
   * @returns The new value; `undefined` on a miss.
   */
  async #rewrite(
    key: string,
    change: (value: unknown) => unknown,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    const innerKey = await this.#rules.keyOf(key);
    const inner = operationOptions(options ?? {});
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const read = this.#reader(key, options);
      const [found, info] = await Promise.all([
        this.#inner.gets(innerKey, inner),
        this.#inner.inspect(innerKey, inner),
      ]);
      if (found === undefined || info === undefined) return undefined;
      if (found.cas !== info.cas) continue;
      const value = await read(found.value);
      if (value === undefined) return undefined;
      const next = change(value);
      // A server without meta commands does not tell what is left.
      const { ttl = -1 } = info;
      const exptime = ttl === -1 ? 0 : Math.max(ttl, 1);
      const write = (innerKey: string, stored: unknown, inner: OperationOptions | undefined) => {
        return this.#inner.cas(innerKey, stored, found.cas, exptime, inner);
      };
      const writing = { options, exptime, before: found.value };
      if (await this.#write(key, next, writing, write, "not_found") === "stored") return next;
    }
    throw changedTooOften("change", key);
  }

  /**
   * Removes what is stored and counts as a miss, so that it can be stored again; what others put there stays.
   *
   * @returns Whether there was anything like that.
   */
  async #discard(
    key: string,
    innerKey: string,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    const inner = operationOptions(options ?? {});
    const read = this.#beginReading(key, options);
    const found = await this.#inner.gets(innerKey, inner);
    if (found === undefined || await read(found.value) !== undefined) return false;
    if (this.#rules.mayLose && !await this.#isLost(key, found.value, inner)) return false;
    // An item that has expired: memcached can delete by its cas unique in no other way that every version knows.
    const past = new Date(Date.now() - 86_400_000);
    await this.#inner.cas(innerKey, found.value, found.cas, past, inner);
    const change = { before: found.value, offered: undefined };
    await Promise.allSettled([this.#rules.replaced?.(key, change, options)]);
    return true;
  }

  /** Whether a part of a value is missing, and not only on a server that cannot be reached. */
  async #isLost(key: string, stored: unknown, options: OperationOptions): Promise<boolean> {
    try {
      return await this.#reader(key, { ...options, failover: "error" })(stored) === undefined;
    } catch (error) {
      if (isUnreachable(error)) return false;
      throw error;
    }
  }
}

/** The key that is stored of those that have become one: the last one. */
function lastOf(keys: string | readonly string[]): string {
  return [keys].flat().at(-1) ?? "";
}

/** The latest time that memcached knows, in seconds. */
const LATEST = 0x7fffffff;

/** An exptime that is later by some seconds, as far as there is one; 0, for never, stays. */
export function deferExptime(exptime: Exptime, seconds: number): Exptime {
  if (exptime instanceof Date) {
    return new Date(Math.min(exptime.getTime() + seconds * 1000, LATEST * 1000));
  }
  return exptime === 0 ? 0 : Math.min(exptime + seconds, LATEST);
}

/** What cannot be read is there: nothing is known that would hide it. */
function unreadable(error: unknown): undefined {
  const isRead = error instanceof ClientException && !isBackendFailure(error);
  if (!isRead || error instanceof ValidationException) throw error;
}

function changedTooOften(action: string, key: string): ClientException {
  const why = `it changed during each of ${MOST_ATTEMPTS} attempts`;
  return new ClientException(`Cannot ${action} key ${JSON.stringify(key)}: ${why}`, key);
}

/** Reads a number to count by or from. */
export function readDelta(delta: bigint | number): bigint {
  const isCount = typeof delta === "bigint" || Number.isSafeInteger(delta);
  if (isCount && delta >= 0 && delta < COUNTER_END) return BigInt(delta);
  const why = "it must be an integer from 0 to 2^64 - 1";
  throw new ValidationException(`Cannot count by ${String(delta)}: ${why}`, delta);
}

function readCount(key: string, value: unknown): bigint {
  if (typeof value === "string" && /^\d{1,20} *$/.test(value)) return BigInt(value.trimEnd());
  const why = "its value is not a number in decimal digits";
  throw new ClientException(`Cannot count key ${JSON.stringify(key)}: ${why}`, value);
}

/** A value with bytes before or behind it: a string stays one, as it does where memcached appends. */
function extended(
  key: string,
  value: unknown,
  parts: (value: Uint8Array) => Uint8Array[],
): string | Uint8Array {
  if (typeof value === "string") return textOf(key, concat(parts(bytesOf(value))));
  if (value instanceof Uint8Array) return concat(parts(value));
  const why = "its value is neither a string nor bytes";
  throw new ClientException(`Cannot append to key ${JSON.stringify(key)}: ${why}`, value);
}

/** Decodes text, which may begin with a byte order mark. */
function textOf(key: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const why = "its value is text, and would not be text any more";
    throw new ClientException(`Cannot append to key ${JSON.stringify(key)}: ${why}`, bytes);
  }
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}
