/** Values of a view that the caller's functions compute: `getOrSet` and `update`. @module */

import type { GetOrSetOptions, OperationOptions, UpdateOptions } from "../../../mod.ts";
import { checkFunction } from "../../option_checks.ts";
import { forgetRefusal, recordRefusal, useAtOnce } from "../../features/load_callers.ts";
import { deferExptime } from "../exptimes.ts";
import { ownValue } from "../own_value.ts";
import { copyPassedOptions, strictly, withoutSignal } from "../wrapped_commands.ts";
import { type Change, UNKNOWN, type WriteContext } from "./value_rules.ts";
import { changedTooOften, MOST_ATTEMPTS, type ValueStore } from "./value_store.ts";
import { discard, isRefusal, unlessAborted } from "./writing.ts";

/** Ends a computation whose value could not be stored, before the value is computed. */
class CannotStore extends Error {}

/** As `getOrSet` of the client; what counts as a miss is computed again. */
export async function getOrSet<Value>(
  store: ValueStore,
  key: string,
  load: () => Value | Promise<Value>,
  options: GetOrSetOptions | undefined,
): Promise<Value> {
  const { rules } = store;
  checkFunction("load", load);
  const innerKey = await rules.keyOf(key);
  const inner = store.innerOptions(options);
  const loading = new Loading(store, key, load, options);
  const isFaultKept = (options?.negativeFor ?? 0) > 0;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    // Within `load`, its failure would be stored as one of `load`.
    const early = isFaultKept ? { prepared: await loading.prepare() } : undefined;
    if (early?.prepared === UNKNOWN) return await store.compute(key, load, options);
    loading.beginAttempt();
    const read = store.beginReadingOrUnknown<Value>(key, options);
    let stored: unknown;
    try {
      stored = await store.inner.getOrSet(innerKey, () => loading.toStored(early), inner);
    } catch (error) {
      // Other callers that wait for the same value get this error too: each view computes it once.
      if (error instanceof CannotStore) return await store.compute(key, load, options);
      forgetRefusal(error, loading);
      throw error;
    }
    if (loading.change !== undefined) {
      await unlessAborted([rules.cleanUp?.(key, loading.change, options)], options);
    }
    if (stored === undefined) return undefined as Value;
    const value = await read(stored);
    if (value === UNKNOWN) return await store.compute(key, load, options);
    if (value !== undefined) return value;
    const { loaded } = loading;
    if (rules.mayLose && (loaded !== undefined || attempt > 0)) {
      return await store.compute(key, loaded === undefined ? load : () => loaded.value, options);
    }
    await discard(store, key, innerKey, options);
  }
  throw changedTooOften("get or set", key);
}

/** The caller's `load` in a `getOrSet`, and what has come of it. */
class Loading<Value> {
  readonly #store: ValueStore;
  readonly #key: string;
  readonly #load: () => Value | Promise<Value>;
  readonly #options: GetOrSetOptions | undefined;
  /** The value of the present attempt, if it was this caller that loaded it. */
  loaded: { readonly value: Value } | undefined;
  /** What was stored last for a value that was loaded, in whichever attempt. */
  change: Change | undefined;

  constructor(
    store: ValueStore,
    key: string,
    load: () => Value | Promise<Value>,
    options: GetOrSetOptions | undefined,
  ) {
    this.#store = store;
    this.#key = key;
    this.#load = load;
    // Other callers may wait for the value when this one has given up.
    this.#options = options && withoutSignal(options);
  }

  beginAttempt(): void {
    this.loaded = undefined;
  }

  /** Begins to store the value before it is computed: what changes meanwhile concerns it. */
  async prepare(): Promise<unknown> {
    return await this.#store.rules.prepareWrite?.(this.#key, this.#options);
  }

  /**
   * Loads the value.
   *
   * @param early What {@linkcode prepare} has returned, if it was called already.
   * @returns What is stored for it.
   */
  async toStored(early: { readonly prepared: unknown } | undefined): Promise<unknown> {
    const prepared = early === undefined ? await this.prepare() : early.prepared;
    if (prepared === UNKNOWN) throw new CannotStore();
    const load = this.#load;
    const value = await useAtOnce(load(), ownValue);
    if (value === undefined) return undefined;
    this.loaded = { value };
    const { exptime = 0, staleFor = 0 } = this.#options ?? {};
    const context = {
      options: this.#options,
      exptime: deferExptime(exptime, staleFor),
      prepared,
    };
    const offered = await this.#convert(value, context);
    this.change = { before: undefined, offered };
    return offered;
  }

  async #convert(value: Value, context: WriteContext): Promise<unknown> {
    try {
      return await this.#store.convert(value, this.#key, context);
    } catch (error) {
      // It is not kept for `negativeFor`.
      recordRefusal(error, this);
      throw error;
    }
  }
}

/** As `update` of the client; what counts as a miss is given to `change` as `undefined`. */
export async function update<Value>(
  store: ValueStore,
  key: string,
  change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
  options: UpdateOptions | undefined,
): Promise<Value | undefined> {
  const { rules } = store;
  checkFunction("change", change);
  let next: Value | undefined;
  let before: unknown;
  let sent: unknown;
  // Each attempt makes something that is stored, or not if another client was faster.
  const changes: Change[] = [];
  const inner = store.innerOptions(options);
  // As in every `update`: a value that cannot be read must not be treated as a miss, and be overwritten.
  const strict = strictly<OperationOptions>(copyPassedOptions(options ?? {}));
  const exptime = inner?.exptime;
  const changeStored = async (stored: unknown) => {
    if (sent !== undefined) changes.push({ before: undefined, offered: sent });
    sent = undefined;
    before = stored;
    const prepared = rules.prepareWrite?.(key, strict);
    // It may fail while the value is read and changed, when nothing waits for it yet.
    void Promise.allSettled([prepared]);
    const present = await store.beginReading<Value>(key, strict)(stored);
    next = await useAtOnce(change(present), ownValue);
    if (next === undefined) return undefined;
    const given = typeof exptime === "function" ? exptime(next) : exptime;
    const context = { options: strict, exptime: given ?? 0, prepared: await prepared };
    const kept = present === undefined ? undefined : before;
    return sent = await store.convert(next, key, { ...context, before: kept });
  };
  try {
    const stored = await store.inner.update(await rules.keyOf(key), changeStored, {
      ...inner,
      ...(typeof exptime === "function" ? { exptime: () => exptime(next) } : {}),
    });
    changes.push({ before, offered: stored });
    return await store.beginReading<Value>(key, options)(stored);
  } catch (error) {
    if (isRefusal(error) || options?.signal?.aborted) changes.push({ before, offered: sent });
    throw error;
  } finally {
    await unlessAborted(changes.map((change) => rules.cleanUp?.(key, change, options)), options);
  }
}
