/** Operations on many keys. @module */

import {
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  quote,
  SocketError,
  ValidationException,
} from "../errors.ts";
import { holdsNames } from "../option_checks.ts";
import { checkKeys } from "../protocol/key.ts";

/** The command of one key. */
interface Keyed {
  readonly key: string;
}

/** Starts the operation of one key. Its command calls one of the two functions when it has ended. */
export type StartOne<Result> = (
  key: string,
  resolve: (result: Result | undefined, command: Keyed) => void,
  reject: (error: unknown, command: Keyed) => void,
) => void;

/** A list of keys, or a set of them. */
interface Keys {
  // An iterator would make an object for each key.
  forEach(use: (key: string) => void): void;
}

/** For keys that are checked elsewhere. */
const ANY_KEY = { checkKey: () => {} };

/**
 * Reads a list of keys that are checked elsewhere, without duplicates.
 *
 * @param action The operation, for the message.
 * @throws {ValidationException} When it is no list.
 */
export function readKeys(keys: Iterable<string>, action: string): string[] {
  return [...checkKeys(keys, action, ANY_KEY)];
}

/**
 * Reads the entries to store, by key.
 *
 * @throws {ValidationException} When they are invalid.
 */
export function readEntries(entries: unknown): Map<string, unknown> {
  const values = readPairs(entries);
  if (values !== undefined) return values;
  throw new ValidationException(
    `Cannot set entries ${
      quote(entries)
    }: they must be a record, a Map or pairs of a key and a value`,
    entries,
  );
}

function readPairs(entries: unknown): Map<string, unknown> | undefined {
  if (typeof entries !== "object" || entries === null) return undefined;
  const values = new Map<string, unknown>();
  if (!(Symbol.iterator in entries)) {
    // A promise or a date would be a record without entries.
    if (!holdsNames(entries)) return undefined;
    const record = entries as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(record)) values.set(key, record[key]);
    return values;
  }
  for (const pair of entries as Iterable<unknown>) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    values.set(pair[0], pair[1]);
  }
  return values;
}

/**
 * Starts an operation for each key and waits for all of them.
 *
 * @param action The operation, for the message.
 * @param done The result of a key whose operation succeeds without one, for the errors.
 * @returns The results that are not `undefined`, by key, in the order in which they arrived.
 * @throws {PartialSocketError} When some failed, and at least one because of the network.
 * @throws {PartialClientException} When some failed for other reasons.
 * @throws The signal's reason, when it was aborted.
 */
export async function runMany<Result>(
  action: string,
  keys: Keys,
  start: StartOne<Result>,
  signal: AbortSignal | undefined,
  done?: Result,
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const failures = new Map<string, unknown>();
  let count = 0;
  let ended = 0;
  await new Promise<void>((resolve) => {
    // One end more than keys, that of the loop: so all keys have begun before the last can end.
    const end = () => {
      if (ended++ === count) resolve();
    };
    const succeed = (result: Result | undefined, { key }: Keyed) => {
      if (result !== undefined) results.set(key, result);
      end();
    };
    const fail = (error: unknown, { key }: Keyed) => {
      failures.set(key, error);
      end();
    };
    keys.forEach((key) => {
      count++;
      try {
        start(key, succeed, fail);
      } catch (error) {
        fail(error, { key });
      }
    });
    end();
  });
  if (failures.size === 0) return results;
  signal?.throwIfAborted();
  if (done !== undefined) {
    keys.forEach((key) => {
      if (!failures.has(key)) results.set(key, done);
    });
  }
  // The error is made here, so that its stack includes the code that awaits the result.
  throw partialFailure(action, { failures, results, count });
}

/** Makes the error of an operation that failed for some keys or servers. */
export function partialFailure(
  action: string,
  partial: PartialFailure,
  unit?: "keys" | "servers",
): Error {
  const errors = Array.from(partial.failures.values());
  return errors.some((error) => error instanceof SocketError)
    ? new PartialSocketError(action, partial, unit)
    : new PartialClientException(action, partial, unit);
}
