/** How a view writes values: as its rules store them. What was replaced is cleaned up afterwards. @module */

import {
  type CasOutcome,
  ClientException,
  type OperationOptions,
  ValidationException,
} from "../../../mod.ts";
import { operationOptions } from "../../commands/operation_options.ts";
import { isBackendFailure, isUnreachable } from "../../protocol/backend_failure.ts";
import { checkExptime } from "../../protocol/exptime.ts";
import { isFault, isPartial, partialError, partsOf, renameKeys } from "../partial_errors.ts";
import { untilAborted } from "../../waiting.ts";
import { strictly, withoutSignal } from "../wrapped_commands.ts";
import { beginIsThere, onlyThere } from "./presence.ts";
import { UNKNOWN } from "./value_rules.ts";
import {
  changedTooOften,
  MOST_ATTEMPTS,
  type StoredNames,
  type ValueStore,
  type Writing,
} from "./value_store.ts";

/**
 * Sends what is stored for a value.
 *
 * @param replaced Gets what it has replaced, by the key under which it is stored, where it knows that for certain.
 */
export type SendStored<Result> = (
  innerKey: string,
  stored: unknown,
  inner: OperationOptions | undefined,
  replaced: Map<string, unknown>,
) => Promise<Result>;

/** The write of one value. */
interface OneValue<Result> {
  readonly key: string;
  readonly value: unknown;
  readonly writing: Writing;
  /** The result if the write is dropped. */
  readonly dropped: Result;
}

/** Writes one value, as the rules store it. */
export async function write<Result>(
  store: ValueStore,
  { key, value, writing, dropped }: OneValue<Result>,
  send: SendStored<Result>,
): Promise<Result> {
  const { options } = writing;
  const inner = store.innerOptions(options);
  const innerKey = await store.rules.keyOf(key);
  const stored = await store.toStored(value, key, writing);
  if (stored === UNKNOWN) return dropped;
  const all = { names: new Map([[innerKey, [key]]]), stored: new Map([[innerKey, stored]]) };
  return await cleaningUp(store, { ...all, options }, (replaced) => {
    return send(innerKey, stored, inner, replaced);
  });
}

/** What a write changes. */
interface Written {
  readonly names: StoredNames;
  /** What is stored, by the key under which it is stored; nothing for a deletion. */
  readonly stored: ReadonlyMap<string, unknown>;
  readonly options: OperationOptions | undefined;
  /** Gets the keys that turned out to be absent. */
  readonly absent?: Set<string>;
}

/** Carries out a write; then lets the rules clean up what it has replaced, or what was refused. */
async function cleaningUp<Result>(
  store: ValueStore,
  { names, stored, options, absent }: Written,
  send: (replaced: Map<string, unknown>) => Promise<Result>,
): Promise<Result> {
  const cleanUp = store.rules.cleanUp?.bind(store.rules);
  const known = new Map<string, unknown>();
  if (cleanUp === undefined) return await send(known);
  const lasting = withoutSignal(operationOptions(options));
  const reading = store.inner.getMany(names.keys(), lasting).catch(() => new Map());
  if (!store.keepsOrder) await reading;
  const [outcome] = await Promise.allSettled([send(known)]);
  const fault: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
  // A failure is ignored: what is left over only takes memory, until it expires.
  await unlessAborted(
    Array.from(names, async ([innerKey, keys]) => {
      const key = lastOf(keys);
      const faultOfKey = isPartial(fault) ? fault.failures.get(key) : fault;
      const isRefused = isRefusal(faultOfKey);
      if (faultOfKey !== undefined && !isRefused && !options?.signal?.aborted) return;
      // It may have been read before another client replaced it.
      const before = known.has(innerKey) ? known.get(innerKey) : (await reading).get(innerKey);
      const change = { before: isRefused ? undefined : before, offered: stored.get(innerKey) };
      if (await cleanUp(key, change, lasting) === false) absent?.add(key);
    }),
    options,
  );
  if (outcome.status === "rejected") throw fault;
  return outcome.value;
}

/** Waits for what comes after an operation, whatever becomes of it; a caller that gives up does not. */
export async function unlessAborted(
  work: readonly unknown[],
  options: OperationOptions | undefined,
): Promise<void> {
  await Promise.allSettled([untilAborted(Promise.allSettled(work), options?.signal)]);
}

/** Whether memcached has refused a write. Another fault leaves open what is stored. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ClientException && !isBackendFailure(error);
}

/**
 * Ignores the error of an item that has come and cannot be read.
 *
 * @throws Any other error: of the network, or of the caller's input.
 */
export function ignoreUnreadable(error: unknown): undefined {
  if (!isRefusal(error) || error instanceof ValidationException) throw error;
}

/** Stores many values. */
export async function writeMany(
  store: ValueStore,
  values: ReadonlyMap<string, unknown>,
  writing: Writing,
): Promise<void> {
  const { options, exptime } = writing;
  const names = await store.namesOf(values.keys());
  const inner = store.innerOptions(options);
  const early = new Map<string, unknown>();
  const stored = new Map<string, unknown>();
  await Promise.all(Array.from(names, async ([innerKey, keys]) => {
    const key = lastOf(keys);
    try {
      const value = await store.toStored(values.get(key), key, writing);
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
      cleaningUp(store, { names, stored, options }, async () => {
        await store.inner.setMany(stored, exptime, inner);
        return new Map(Array.from(stored.keys(), (key) => [key, true]));
      }),
      names,
    );
  for (const [key, error] of renameKeys(early, names)) failures.set(key, error);
  if (failures.size > 0) throw partialError("set", { failures, results, count: values.size });
}

/** As `add` of the client; what counts as a miss is stored over. */
export async function addOver(
  store: ValueStore,
  key: string,
  value: unknown,
  writing: Writing,
): Promise<boolean> {
  const { options, exptime } = writing;
  const one = { key, value, writing: { ...writing, mustBeWhole: true }, dropped: false };
  const send: SendStored<boolean> = (innerKey, stored, inner) => {
    return store.inner.add(innerKey, stored, exptime, inner);
  };
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    if (await write(store, one, send)) return true;
    // What is stored as it is never counts as a miss.
    if (store.rules.isPlain(key) === true && !store.rules.mayHide) return false;
    if (!await discard(store, key, await store.rules.keyOf(key), options)) return false;
  }
  throw changedTooOften("add", key);
}

/** As `replace` of the client; what counts as a miss is not replaced. */
export async function replaceThere(
  store: ValueStore,
  key: string,
  value: unknown,
  writing: Writing,
): Promise<boolean> {
  const one = { key, value, writing: { ...writing, mustBeWhole: true }, dropped: false };
  return await write(store, one, (innerKey, stored, inner, replaced) => {
    return store.rules.mayHide
      ? replaceVisible(store, key, stored, writing, replaced)
      : store.inner.replace(innerKey, stored, writing.exptime, inner);
  });
}

async function replaceVisible(
  store: ValueStore,
  key: string,
  stored: unknown,
  { options, exptime }: Writing,
  replaced: Map<string, unknown>,
): Promise<boolean> {
  checkExptime(exptime, Date.now);
  const innerKey = await store.rules.keyOf(key);
  const inner = store.innerOptions(options);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const isThere = beginIsThere(store, key, options);
    // What cannot be read is there: nothing is known that would hide it.
    const found = await store.inner.gets(innerKey, inner).catch(ignoreUnreadable);
    // It also refuses a value that cannot be stored.
    if (found === undefined) return await store.inner.replace(innerKey, stored, exptime, inner);
    if (!await isThere(found.value)) return false;
    const outcome = await store.inner.cas(innerKey, stored, found.cas, exptime, inner);
    if (outcome === "stored") replaced.set(innerKey, found.value);
    if (outcome !== "exists") return outcome === "stored";
  }
  throw changedTooOften("replace", key);
}

/** As `cas` of the client; what counts as a miss is not found. */
export async function casThere(
  store: ValueStore,
  key: string,
  value: unknown,
  cas: bigint,
  writing: Writing,
): Promise<CasOutcome> {
  const { options, exptime } = writing;
  const one = {
    key,
    value,
    writing: { ...writing, mustBeWhole: true },
    dropped: "not_found",
  } as const;
  return await write<CasOutcome>(store, one, async (innerKey, stored, inner) => {
    if (store.rules.mayHide) {
      const isThere = beginIsThere(store, key, options);
      // What cannot be read is there: nothing is known that would hide it.
      const found = await store.inner.gets(innerKey, inner).catch(ignoreUnreadable);
      if (found !== undefined && !await isThere(found.value)) return "not_found";
    }
    return await store.inner.cas(innerKey, stored, cas, exptime, inner);
  });
}

/**
 * Deletes keys; what counts as a miss was not there.
 *
 * @param operate Deletes what is stored; tells which of the caller's keys there were.
 */
export async function remove(
  store: ValueStore,
  names: StoredNames,
  options: OperationOptions | undefined,
  operate: (inner: OperationOptions | undefined) => Promise<Map<string, boolean>>,
): Promise<Map<string, boolean>> {
  const absent = new Set<string>();
  const operateAndCleanUp = async (inner: OperationOptions | undefined) => {
    const all = { names, stored: new Map(), options, absent };
    return await cleaningUp(store, all, () => operate(inner));
  };
  // What has parts shows with them whether it was there.
  const found =
    await (store.rules.isThere === undefined
      ? onlyThere(store, names, options, operateAndCleanUp)
      : operateAndCleanUp(store.innerOptions(options)));
  for (const key of absent) found.set(key, false);
  return found;
}

/**
 * Removes what is stored and counts as a miss, so that it can be stored again; what others put there stays.
 *
 * @returns Whether there was anything like that.
 */
export async function discard(
  store: ValueStore,
  key: string,
  innerKey: string,
  options: OperationOptions | undefined,
): Promise<boolean> {
  const { inner, rules } = store;
  const operation = operationOptions(options);
  const read = store.beginReadingOrUnknown(key, options);
  const found = await inner.gets(innerKey, operation);
  if (found === undefined || await read(found.value) !== undefined) return false;
  if (rules.mayLose && !await isLost(store, key, found.value, operation)) return false;
  // An item that has expired: memcached can delete by its cas unique in no other way that every version knows.
  const past = new Date(Date.now() - 86_400_000);
  await inner.cas(innerKey, found.value, found.cas, past, operation);
  const change = { before: found.value, offered: undefined };
  await unlessAborted([rules.cleanUp?.(key, change, options)], options);
  return true;
}

/** Whether a part of a value is missing, and not only on a server that cannot be reached. */
async function isLost(
  store: ValueStore,
  key: string,
  stored: unknown,
  options: OperationOptions,
): Promise<boolean> {
  try {
    return await store.beginReading(key, strictly(options))(stored) === undefined;
  } catch (error) {
    if (isUnreachable(error)) return false;
    throw error;
  }
}

/** The key that is stored of those that have become one: the last one. */
function lastOf(keys: readonly string[]): string {
  return keys.at(-1) ?? "";
}
