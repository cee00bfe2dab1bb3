/** Commands on keys that store values in another form: what the views of values have in common. @module */

import type {
  CasOutcome,
  CounterOptions,
  Exptime,
  GetOrSetOptions,
  InvalidateOptions,
  ItemInfo,
  KeyCommands,
  KeyLocation,
  OperationOptions,
  Transcoder,
  UpdateOptions,
} from "../../mod.ts";
import { readEntries, readKeys } from "../commands/many_keys.ts";
import { ownDate } from "../option_checks.ts";
import { type CallRules, checkCall, type CheckedCommand, setCallRules } from "./call_rules.ts";
import { ownValue } from "./own_value.ts";
import { partialError, partsOf, withCallersStack } from "./partial_errors.ts";
import { getOrSet, update } from "./value_view/computing.ts";
import { count } from "./value_view/counting.ts";
import { ifThere } from "./value_view/presence.ts";
import { extend } from "./value_view/rewriting.ts";
import type { ValueRules } from "./value_view/value_rules.ts";
import { ValueStore, type Writing } from "./value_view/value_store.ts";
import { addOver, casThere, remove, replaceThere, write, writeMany } from "./value_view/writing.ts";
import { longestKeyOf, ownOptions } from "./wrapped_commands.ts";

/** Commands on keys whose values are stored in another form. */
export class ValueView implements KeyCommands {
  readonly #inner: KeyCommands;
  /** What stores the values of the views that this one stands on. */
  readonly #innermost: KeyCommands;
  readonly #store: ValueStore;
  readonly #withTranscoder: (transcoder: Transcoder) => KeyCommands;
  readonly #callRules: CallRules;

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
    this.#store = new ValueStore(inner, rules, this.#innermost);
    this.#withTranscoder = withTranscoder;
    this.#callRules = setCallRules(this, inner, rules);
  }

  /** The longest key that it takes. The adapters read it of views. */
  get longestKey(): number {
    return longestKeyOf(this.#inner);
  }

  async get<Value = unknown>(key: string, given?: OperationOptions): Promise<Value | undefined> {
    this.#check("get", key, given);
    const options = ownOptions(given);
    const read = this.#store.beginReading<Value>(key, options);
    const innerKey = await this.#keyOf(key);
    return await read(await this.#inner.get(innerKey, this.#store.innerOptions(options)));
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    given?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const options = ownOptions(given);
    const unique = readKeys(keys, "get");
    this.#check("getMany", unique, given);
    const readers = new Map(unique.map((key) => {
      return [key, this.#store.beginReading<Value>(key, options)];
    }));
    const names = await this.#store.namesOf(unique);
    const { results: stored, failures } = await partsOf(
      this.#inner.getMany(names.keys(), this.#store.innerOptions(options)),
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
    given?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    this.#check("gets", key, given);
    const options = ownOptions(given);
    const read = this.#store.beginReading<Value>(key, options);
    const innerKey = await this.#keyOf(key);
    const found = await this.#inner.gets(innerKey, this.#store.innerOptions(options));
    const value = await read(found?.value);
    if (found === undefined) return undefined;
    return value === undefined ? undefined : { value, cas: found.cas };
  }

  async getAndTouch<Value = unknown>(
    key: string,
    givenExptime: Exptime,
    given?: OperationOptions,
  ): Promise<Value | undefined> {
    this.#check("getAndTouch", key, givenExptime, given);
    const options = ownOptions(given);
    const exptime = ownDate(givenExptime);
    const read = this.#store.beginReading<Value>(key, options);
    const innerKey = await this.#keyOf(key);
    const inner = this.#store.innerOptions(options);
    return await read(await this.#inner.getAndTouch(innerKey, exptime, inner));
  }

  async set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    this.#check("set", key, value, exptime, options);
    const writing = ownWriting(exptime, options);
    const one = { key, value: this.#own(value), writing, dropped: undefined };
    await write(this.#store, one, (innerKey, stored, options) => {
      return this.#inner.set(innerKey, stored, writing.exptime, options);
    });
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const writing = ownWriting(exptime, options);
    const values = readEntries(entries);
    this.#check("setMany", values, exptime, options);
    for (const [key, value] of values) values.set(key, this.#own(value));
    await writeMany(this.#store, values, writing);
  }

  async add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    this.#check("add", key, value, exptime, options);
    const writing = ownWriting(exptime, options);
    return await addOver(this.#store, key, this.#own(value), writing);
  }

  async replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    this.#check("replace", key, value, exptime, options);
    const writing = ownWriting(exptime, options);
    return await replaceThere(this.#store, key, this.#own(value), writing);
  }

  async append(
    key: string,
    data: string | Uint8Array,
    given?: OperationOptions,
  ): Promise<boolean> {
    this.#check("append", key, data, given);
    const options = ownOptions(given);
    return await extend(this.#store, "append", key, data, options);
  }

  async prepend(
    key: string,
    data: string | Uint8Array,
    given?: OperationOptions,
  ): Promise<boolean> {
    this.#check("prepend", key, data, given);
    const options = ownOptions(given);
    return await extend(this.#store, "prepend", key, data, options);
  }

  async cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    this.#check("cas", key, value, cas, exptime, options);
    const writing = ownWriting(exptime, options);
    return await casThere(this.#store, key, this.#own(value), cas, writing);
  }

  async incr(
    key: string,
    delta?: bigint | number,
    given?: CounterOptions,
  ): Promise<bigint | undefined> {
    this.#check("incr", key, delta, given);
    const options = ownOptions(given);
    return await count(this.#store, "incr", key, delta ?? 1n, options);
  }

  async decr(
    key: string,
    delta?: bigint | number,
    given?: CounterOptions,
  ): Promise<bigint | undefined> {
    this.#check("decr", key, delta, given);
    const options = ownOptions(given);
    return await count(this.#store, "decr", key, delta ?? 1n, options);
  }

  async touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    this.#check("touch", key, exptime, options);
    const own = ownDate(exptime);
    return await ifThere(this.#store, key, ownOptions(options), (innerKey, inner) => {
      return this.#inner.touch(innerKey, own, inner);
    });
  }

  async delete(key: string, given?: OperationOptions): Promise<boolean> {
    this.#check("delete", key, given);
    const options = ownOptions(given);
    const innerKey = await this.#keyOf(key);
    const names = new Map([[innerKey, [key]]]);
    const found = await remove(this.#store, names, options, async (inner) => {
      return new Map([[key, await this.#inner.delete(innerKey, inner)]]);
    });
    return found.get(key) === true;
  }

  async deleteMany(
    keys: Iterable<string>,
    given?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const options = ownOptions(given);
    const unique = readKeys(keys, "delete");
    this.#check("deleteMany", unique, given);
    const names = await this.#store.namesOf(unique);
    return await remove(this.#store, names, options, (inner) => {
      return this.#store.many("delete", names, (keys) => this.#inner.deleteMany(keys, inner));
    });
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    given?: GetOrSetOptions,
  ): Promise<Value> {
    this.#check("getOrSet", key, load, given);
    const options = ownOptions(given);
    return await getOrSet(this.#store, key, load, options);
  }

  async update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    given?: UpdateOptions,
  ): Promise<Value | undefined> {
    this.#check("update", key, change, given);
    const options = ownOptions(given);
    return await update(this.#store, key, change, options);
  }

  async invalidate(key: string, given?: InvalidateOptions): Promise<boolean> {
    this.#check("invalidate", key, given);
    const options = ownOptions(given);
    return await ifThere(this.#store, key, options, (innerKey, inner) => {
      return this.#inner.invalidate(innerKey, inner);
    });
  }

  async inspect(key: string, given?: OperationOptions): Promise<ItemInfo | undefined> {
    this.#check("inspect", key, given);
    const options = ownOptions(given);
    const inner = this.#store.innerOptions(options);
    // Asked before the value is read, which memcached notes.
    const asked = this.#inner.inspect(await this.#keyOf(key), inner);
    // It may be rejected before it is awaited.
    asked.catch(() => {});
    try {
      const isThere = await ifThere(this.#store, key, options, async () => {
        return await asked !== undefined;
      });
      return isThere ? await asked : undefined;
    } catch (error) {
      throw withCallersStack(error);
    }
  }

  withTranscoder(transcoder: Transcoder): KeyCommands {
    return this.#withTranscoder(transcoder);
  }

  async locate(key: string): Promise<KeyLocation> {
    return await this.#inner.locate(await this.#keyOf(key));
  }

  #check(command: CheckedCommand, ...args: readonly unknown[]): void {
    checkCall(command, args, this.#callRules);
  }

  /** A value as it is now, because it is stored later. */
  #own(value: unknown): unknown {
    return this.#store.rules.isLent?.(value) ? value : ownValue(value);
  }

  #keyOf(key: string): string | Promise<string> {
    return this.#store.rules.keyOf(key);
  }
}

function ownWriting(
  exptime: Exptime | undefined,
  options: OperationOptions | undefined,
): Writing {
  return { options: ownOptions(options), exptime: ownDate(exptime) };
}
