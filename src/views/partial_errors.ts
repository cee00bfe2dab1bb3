/** Errors of operations on many keys, by the keys that the caller knows. @module */

import {
  ClientException,
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  SocketError,
  TimeoutError,
  ValidationException,
} from "../../mod.ts";

/** The caller's keys by those under which they are stored, one or several. */
export type KeyNames = ReadonlyMap<string, string | readonly string[]>;

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
  return isPartial(error)
    ? partialError(action, {
      ...renameParts(error, names),
      count: [...names.values()].flat().length,
    })
    : error;
}

/** What an operation on many keys has for some of them, and the errors of the others. */
export interface Parts<Result> {
  readonly results: Map<string, Result>;
  readonly failures: Map<string, unknown>;
}

/**
 * The outcome of an operation on many keys, for a caller that has to read the results also when some keys have failed.
 *
 * @param names The caller's keys by those of the operation.
 * @throws The error of an operation that has failed as a whole.
 */
export async function partsOf<Result>(
  outcome: Promise<ReadonlyMap<string, Result>>,
  names: KeyNames,
): Promise<Parts<Result>> {
  try {
    return { results: renameKeys(await outcome, names), failures: new Map() };
  } catch (error) {
    if (isPartial(error)) return renameParts(error, names) as Parts<Result>;
    throw error;
  }
}

function renameParts(
  { results, failures }: PartialFailure,
  names: KeyNames,
): Parts<unknown> {
  return { results: renameKeys(results, names), failures: renameKeys(failures, names) };
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
  if (!isPartial(error)) return error;
  const { failures } = error;
  return partialError(action, {
    failures,
    results: new Map([...results, ...error.results]),
    count,
  });
}

/**
 * Makes the error about the parts of a value one about its key.
 *
 * @param error Any error; only a refusal and what the network did are made again.
 * @param action What was done with the parts, and the key, for the message.
 */
export function ofWhole(error: unknown, action: string): unknown {
  const all = isPartial(error) ? [...error.failures.values()] : [error];
  const cause = all.find(isSocketError) ?? all[0];
  if (!isFault(cause)) return error;
  const message = `Cannot ${action}: a part of its value failed: ${cause.message}`;
  if (cause instanceof ClientException) return new ClientException(message, cause.item, { cause });
  const Class = cause instanceof TimeoutError ? TimeoutError : SocketError;
  return new Class(message, { ...cause.server !== undefined && { server: cause.server }, cause });
}

/** Whether memcached or the network failed, and not what the caller passed or did. */
export function isFault(error: unknown): error is ClientException | SocketError {
  if (error instanceof ValidationException) return false;
  return error instanceof ClientException || error instanceof SocketError;
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
      return [names.get(key) ?? key].flat().map((name) => [name, value] as const);
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

function isSocketError(error: unknown): error is SocketError {
  return error instanceof SocketError;
}
