/** Errors of operations on many keys, by the keys that the caller knows. @module */

import {
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  SocketError,
} from "../../mod.ts";

/** The caller's keys by those under which they are stored. */
export type KeyNames = ReadonlyMap<string, readonly string[]>;

/**
 * Names keys in an error as the caller does.
 *
 * @param error Any error; only those about many keys are made again.
 * @param action What was asked, for the message.
 * @param names The caller's keys by those of the error.
 */
export function renamed(
  error: unknown,
  action: string,
  names: KeyNames,
): unknown {
  if (!isPartial(error)) return error;
  return partialError(action, {
    failures: renameKeys(error.failures, names),
    results: renameKeys(error.results, names),
  });
}

/** Whether an error tells what failed for each key. */
export function isPartial(error: unknown): error is PartialClientException | PartialSocketError {
  return error instanceof PartialClientException || error instanceof PartialSocketError;
}

/** Gives a map the caller's keys. Several of them may be stored under one. */
export function renameKeys<Value>(
  map: ReadonlyMap<string, Value>,
  names: KeyNames,
): Map<string, Value> {
  return new Map(
    Array.from(map).flatMap(([key, value]) => {
      return (names.get(key) ?? [key]).map((name) => [name, value] as const);
    }),
  );
}

/** Makes the error of an operation on many keys: a {@linkcode PartialSocketError} if the network failed for one. */
export function partialError(
  action: string,
  partial: PartialFailure,
): PartialClientException | PartialSocketError {
  // As of one operation: a refusal is a ClientException, what the network did is not.
  const isNetwork = Array.from(partial.failures.values()).some(isSocketError);
  const Class = isNetwork ? PartialSocketError : PartialClientException;
  return new Class(action, partial);
}

function isSocketError(error: unknown): boolean {
  return error instanceof SocketError;
}
