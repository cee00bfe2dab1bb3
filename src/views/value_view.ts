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
import { checkExptime } from "../protocol/exptime.ts";
import { partialError, partsOf } from "./partial_errors.ts";
import { getOrSet, update } from "./value_view/computing.ts";
import { count } from "./value_view/counting.ts";
import { ifThere } from "./value_view/presence.ts";
import { extend } from "./value_view/rewriting.ts";
import type { ValueRules } from "./value_view/value_rules.ts";
import { ValueStore } from "./value_view/value_store.ts";
import { addOver, casThere, remove, replaceThere, write, writeMany } from "./value_view/writing.ts";
import { longestKeyOf } from "./wrapped_commands.ts";

/** Commands on keys whose values are stored in another form. */
export class ValueView implements KeyCommands {
  readonly #inner: KeyCommands;
  /** What stores the values of the views that this one stands on. */
  readonly #innermost: KeyCommands;
  readonly #store: ValueStore;
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
    const { values = inner } = rules;
    this.#innermost = values instanceof ValueView ? values.#innermost : values;
    this.#store = new ValueStore(inner, rules, this.#innermost);
    this.#withTranscoder = withTranscoder;
  }

  /** The longest key that it takes. The adapters read it of views. */
  get longestKey(): number {
    return longestKeyOf(this.#inner);
  }

  async get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    const read = this.#store.beginReading<Value>(key, options);
    const innerKey = await this.#keyOf(key);
    return await read(await this.#inner.get(innerKey, this.#store.innerOptions(options)));
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const unique = readKeys(keys, "get");
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
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    const read = this.#store.beginReading<Value>(key, options);
    const innerKey = await this.#keyOf(key);
    const found = await this.#inner.gets(innerKey, this.#store.innerOptions(options));
    const value = await read(found?.value);
    if (found === undefined) return undefined;
    return value === undefined ? undefined : { value, cas: found.cas };
  }

  async getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
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
    await write(this.#store, key, value, { options, exptime }, (innerKey, stored, options) => {
      return this.#inner.set(innerKey, stored, exptime, options);
    }, undefined);
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    await writeMany(this.#store, readEntries(entries), { options, exptime });
  }

  async add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await addOver(this.#store, key, value, { options, exptime });
  }

  async replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await replaceThere(this.#store, key, value, { options, exptime });
  }

  async append(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await extend(this.#store, "append", key, data, options);
  }

  async prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await extend(this.#store, "prepend", key, data, options);
  }

  async cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return await casThere(this.#store, key, value, cas, { options, exptime });
  }

  async incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await count(this.#store, "incr", key, delta ?? 1n, options);
  }

  async decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await count(this.#store, "decr", key, delta ?? 1n, options);
  }

  async touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    checkExptime(exptime, Date.now);
    return await ifThere(this.#store, key, options, (innerKey, inner) => {
      return this.#inner.touch(innerKey, exptime, inner);
    });
  }

  async delete(key: string, options?: OperationOptions): Promise<boolean> {
    const innerKey = await this.#keyOf(key);
    const names = new Map([[innerKey, [key]]]);
    const found = await remove(this.#store, names, options, async (inner) => {
      return new Map([[key, await this.#inner.delete(innerKey, inner)]]);
    });
    return found.get(key) === true;
  }

  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const names = await this.#store.namesOf(readKeys(keys, "delete"));
    return await remove(this.#store, names, options, (inner) => {
      return this.#store.many("delete", names, (keys) => this.#inner.deleteMany(keys, inner));
    });
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    return await getOrSet(this.#store, key, load, options);
  }

  async update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    return await update(this.#store, key, change, options);
  }

  async invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return await ifThere(this.#store, key, options, (innerKey, inner) => {
      return this.#inner.invalidate(innerKey, inner);
    });
  }

  async inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    const inner = this.#store.innerOptions(options);
    // Asked before the value is read, which memcached notes.
    const asked = this.#inner.inspect(await this.#keyOf(key), inner);
    // It may be rejected before it is awaited.
    asked.catch(() => {});
    const isThere = await ifThere(this.#store, key, options, async () => {
      return await asked !== undefined;
    });
    return isThere ? await asked : undefined;
  }

  withTranscoder(transcoder: Transcoder): KeyCommands {
    return this.#withTranscoder(transcoder);
  }

  async locate(key: string): Promise<KeyLocation> {
    return await this.#inner.locate(await this.#keyOf(key));
  }

  #keyOf(key: string): string | Promise<string> {
    return this.#store.rules.keyOf(key);
  }
}
