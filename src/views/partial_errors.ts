/** Errors of operations on many keys, by the keys that the caller knows. @module */

import {
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  SocketError,
} from "../../mod.ts";

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
  names: ReadonlyMap<string, string>,
): unknown {
  const isPartial = error instanceof PartialClientException || error instanceof PartialSocketError;
  if (!isPartial) return error;
  return partialError(action, {
    failures: renameKeys(error.failures, names),
    results: renameKeys(error.results, names),
    count: names.size,
  });
}

/**
 * Adds the results that did not come from memcached to an error about many keys.
 *
 * @param error Any error; only those about many keys are made again.
 * @param action What was asked, for the message.
 * @param known The results that are known, and how many keys were asked for.
 */
export function withResults(
  error: unknown,
  action: string,
  { results, count }: Pick<Required<PartialFailure>, "results" | "count">,
): unknown {
  const isPartial = error instanceof PartialClientException || error instanceof PartialSocketError;
  if (!isPartial) return error;
  const { failures } = error;
  return partialError(action, {
    failures,
    results: new Map([...results, ...error.results]),
    count,
  });
}

/** Gives a map the caller's keys. */
export function renameKeys<Value>(
  map: ReadonlyMap<string, Value>,
  names: ReadonlyMap<string, string>,
): Map<string, Value> {
  return new Map(Array.from(map, ([key, value]) => [names.get(key) ?? key, value]));
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
