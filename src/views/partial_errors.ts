/** Errors of operations on many keys, by the keys that the caller knows. @module */

import {
  ClientException,
  type KeyCommands,
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  SocketError,
  TimeoutError,
  ValidationException,
} from "../../mod.ts";
import {
  type KeyNames,
  nameKeys,
  withCallersKeys,
  withCallersStack,
} from "../features/callers_keys.ts";

export { type KeyNames, withCallersStack };

/**
 * Names keys in an error of an operation on many keys as the caller does.
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
    : withCallersKeys(error, names);
}

/** A command that begins with a key, or with several. */
type Operate = (first: unknown, ...others: unknown[]) => Promise<unknown>;

const KEYED_COMMANDS = [
  "get",
  "getMany",
  "gets",
  "getAndTouch",
  "set",
  "setMany",
  "add",
  "replace",
  "append",
  "prepend",
  "cas",
  "incr",
  "decr",
  "touch",
  "delete",
  "deleteMany",
  "getOrSet",
  "update",
  "invalidate",
  "inspect",
] as const satisfies readonly (keyof KeyCommands)[];

/**
 * Names keys in the errors of a view as its caller does, and not as they are stored.
 *
 * @param view The view, whose commands are replaced.
 * @param storedKeysOf The keys that the view uses for a key of the caller's.
 * @param rewrite What else of the texts is rewritten.
 */
export function namingKeys<View extends KeyCommands>(
  view: View,
  storedKeysOf: (key: string) => Promise<readonly string[]> | readonly string[],
  rewrite?: (text: string) => string,
): View {
  const named = async (error: unknown, first: unknown): Promise<unknown> => {
    const names = new Map<string, string>();
    for (const key of keysIn(first)) {
      if (typeof key !== "string") continue;
      for (const stored of await storedKeysOf(key)) names.set(stored, key);
    }
    return withCallersKeys(error, names, rewrite);
  };
  const naming = (operate: Operate): Operate => async (first, ...others) => {
    // What can be read only once is read here.
    const keys = isIterator(first) ? [...first] : first;
    try {
      return await operate.call(view, keys, ...others);
    } catch (error) {
      throw await named(error, keys);
    }
  };
  const commands = KEYED_COMMANDS.map((name) => [name, naming(view[name] as Operate)]);
  return Object.assign(view, Object.fromEntries(commands));
}

function isIterator(keys: unknown): keys is Iterable<unknown> {
  return keys instanceof Object && Symbol.iterator in keys && "next" in keys;
}

/** The keys in the first argument of a command: a key, several, or entries. */
function keysIn(first: unknown): Iterable<unknown> {
  if (!(first instanceof Object)) return [first];
  if (!(Symbol.iterator in first)) return Object.keys(first);
  return Array.from(first as Iterable<unknown>, (key) => Array.isArray(key) ? key[0] : key);
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
    throw withCallersKeys(error, names);
  }
}

function renameParts(
  { results, failures }: PartialFailure,
  names: KeyNames,
): Parts<unknown> {
  const named = renameKeys(failures, names);
  nameKeys(named.values(), names);
  return { results: renameKeys(results, names), failures: named };
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

/** How the parts of a large value are named in messages. */
const PART = /key "~moecache-(\d+):[\da-f]{32}"/g;

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
  withCallersKeys(cause, new Map(), (text) => text.replaceAll(PART, "part $1"));
  const message = `Cannot ${action}: a part of its value failed: ${cause.message}`;
  if (cause instanceof ClientException) {
    return withCallersStack(new ClientException(message, cause.item, { cause }));
  }
  const Class = cause instanceof TimeoutError ? TimeoutError : SocketError;
  const server = cause.server !== undefined && { server: cause.server };
  return withCallersStack(new Class(message, { ...server, cause }));
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
  return withCallersStack(new Class(action, partial));
}

function isSocketError(error: unknown): error is SocketError {
  return error instanceof SocketError;
}
