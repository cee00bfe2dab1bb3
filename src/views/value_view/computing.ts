/** Values of a view that the caller's functions compute: `getOrSet` and `update`. @module */

import type { GetOrSetOptions, OperationOptions, UpdateOptions } from "../../../mod.ts";
import { checkFunction } from "../../option_checks.ts";
import { useAtOnce } from "../../features/load_callers.ts";
import { deferExptime } from "../exptimes.ts";
import { ownValue } from "../own_value.ts";
import { copyPassedOptions, strictly, withoutSignal } from "../wrapped_commands.ts";
import { type Change, UNKNOWN } from "./value_rules.ts";
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
  const { exptime = 0, staleFor = 0, negativeFor = 0 } = options ?? {};
  const shared = options && withoutSignal(options);
  let change: Change | undefined;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    // Before the value is computed: what changes meanwhile concerns it.
    const prepare = async () => await rules.prepareWrite?.(key, shared);
    // Within `load`, its failure would be stored as one of `load`.
    const early = negativeFor > 0 ? { prepared: await prepare() } : undefined;
    let loaded: { readonly value: Value } | undefined;
    if (early?.prepared === UNKNOWN) return await store.compute(key, load, options);
    const loadStored = async () => {
      const prepared = early === undefined ? await prepare() : early.prepared;
      if (prepared === UNKNOWN) throw new CannotStore();
      const value = await useAtOnce(load(), ownValue);
      if (value === undefined) return undefined;
      loaded = { value };
      const context = { options: shared, exptime: deferExptime(exptime, staleFor), prepared };
      const offered = await store.convert(value, key, context);
      change = { before: undefined, offered };
      return offered;
    };
    const read = store.beginReadingOrUnknown<Value>(key, options);
    let stored: unknown;
    try {
      stored = await store.inner.getOrSet(innerKey, loadStored, inner);
    } catch (error) {
      // Other callers that wait for the same value get this error too: each view computes it once.
      if (error instanceof CannotStore) return await store.compute(key, load, options);
      throw error;
    }
    if (change !== undefined) {
      await unlessAborted([rules.cleanUp?.(key, change, options)], options);
    }
    if (stored === undefined) return undefined as Value;
    const value = await read(stored);
    if (value === UNKNOWN) return await store.compute(key, load, options);
    if (value !== undefined) return value;
    if (rules.mayLose && (loaded !== undefined || attempt > 0)) {
      const { value } = loaded ?? {};
      const give = loaded === undefined ? load : () => value as Value;
      return await store.compute(key, give, options);
    }
    await discard(store, key, innerKey, options);
  }
  throw changedTooOften("get or set", key);
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
