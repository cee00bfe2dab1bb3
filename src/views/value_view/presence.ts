/** Which keys count as there, in a view that may treat what is stored as a miss. @module */

import type { OperationOptions, PartialFailure } from "../../../mod.ts";
import { operationOptions } from "../../commands/operation_options.ts";
import type { StoredNames, ValueStore } from "./value_store.ts";

/** Begins to find out whether a key is there. Returns a function that decides this by what is stored. */
export function beginIsThere(
  store: ValueStore,
  key: string,
  options: OperationOptions | undefined,
): (stored: unknown) => Promise<boolean> {
  const isThere = store.rules.isThere?.bind(store.rules);
  if (isThere === undefined) {
    const read = store.beginReadingOrUnknown(key, options);
    return async (stored) => await read(stored) !== undefined;
  }
  return async (stored) => await isThere(stored, key, operationOptions(options));
}

/** As {@linkcode onlyThere}, for one key. */
export async function ifThere<Options extends OperationOptions>(
  store: ValueStore,
  key: string,
  options: Options | undefined,
  operate: (innerKey: string, inner: Options | undefined) => Promise<boolean>,
): Promise<boolean> {
  const innerKey = await store.rules.keyOf(key);
  const found = await onlyThere(store, new Map([[innerKey, [key]]]), options, async (inner) => {
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
export async function onlyThere<Options extends OperationOptions>(
  store: ValueStore,
  names: StoredNames,
  options: Options | undefined,
  operate: (inner: Options | undefined) => Promise<Map<string, boolean>>,
): Promise<Map<string, boolean>> {
  const inner = store.innerOptions(options);
  if (!store.rules.mayHide) return await operate(inner);
  const readers = Array.from(names).flatMap(([innerKey, keys]) => {
    return keys.map((key) => ({
      innerKey,
      key,
      isThere: beginIsThere(store, key, options),
    }));
  });
  const reading = store.inner.getMany(names.keys(), operationOptions(options))
    .catch((error: Partial<PartialFailure>) => error.results ?? new Map<string, unknown>());
  if (!store.keepsOrder) await reading;
  const found = await operate(inner);
  const stored = await reading;
  await Promise.all(readers.map(async ({ innerKey, key, isThere }) => {
    if (!stored.has(innerKey)) return;
    const [outcome] = await Promise.allSettled([isThere(stored.get(innerKey))]);
    if (outcome.status === "fulfilled" && !outcome.value) found.set(key, false);
  }));
  return found;
}
