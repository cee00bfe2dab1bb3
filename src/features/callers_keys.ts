/** Errors that name keys as the caller does, and not as memcached has them. @module */

import {
  ClientException,
  copyError,
  quote,
  SocketError,
  TimeoutError,
  ValidationException,
} from "../errors.ts";

/** The caller's keys by those under which they are stored, one or several. */
export type KeyNames = ReadonlyMap<string, string | readonly string[]>;

/** What else of a text is rewritten. */
type Rewrite = (text: string) => string;

/** A quoted text in a message. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

/**
 * Names keys in an error as the caller does: in its message, its stack and its `item`, and in the errors that it
 * carries. Errors that are not of this module are not changed.
 *
 * The error itself is changed: callers compare it, and its stack shows the caller.
 *
 * @param names The caller's keys by those of the error.
 * @param rewrite What else of the texts is rewritten.
 * @returns The error.
 */
export function withCallersKeys<Thrown>(error: Thrown, names: KeyNames, rewrite?: Rewrite): Thrown {
  nameKeys([error], names, rewrite);
  return error;
}

/** As {@linkcode withCallersKeys}, for the errors of many keys. */
export function nameKeys(
  errors: Iterable<unknown>,
  names: KeyNames,
  rewrite: Rewrite = (text) => text,
): void {
  const forms = new Map<string, string>();
  for (const [stored, keys] of names) {
    const key = [keys].flat().at(-1);
    if (key === undefined || key === stored) continue;
    for (const form of [`"${stored}"`, JSON.stringify(stored), quote(stored)]) {
      forms.set(form, quote(key));
    }
  }
  const seen = new Set<unknown>();
  for (const error of errors) rename(error, names, (text) => rewrite(renamed(text, forms)), seen);
}

/** Replaces quoted keys in a text. */
function renamed(text: string, forms: ReadonlyMap<string, string>): string {
  // A key may hold a quotation mark itself. Many keys are looked up all at once.
  if (forms.size > 3) return text.replace(QUOTED, (quoted) => forms.get(quoted) ?? quoted);
  let named = text;
  for (const [form, key] of forms) named = named.replaceAll(form, () => key);
  return named;
}

function rename(error: unknown, names: KeyNames, rewrite: Rewrite, seen: Set<unknown>): void {
  if (!isOwn(error) || seen.has(error)) return;
  seen.add(error);
  const { message, stack, item, failures } = error;
  const named = rewrite(message);
  if (named !== message) {
    error.message = named;
    if (stack !== undefined) error.stack = stack.replace(message, () => named);
  }
  const key = typeof item === "string" ? [names.get(item)].flat().at(-1) : undefined;
  if (key !== undefined) Object.assign(error, { item: key });
  for (const failure of failures?.values() ?? []) rename(failure, names, rewrite, seen);
  rename(error.cause, names, rewrite, seen);
}

/** What errors of this module may have. */
interface OwnError extends Error {
  readonly item?: unknown;
  readonly failures?: ReadonlyMap<string, unknown>;
}

function isOwn(error: unknown): error is OwnError {
  return error instanceof ClientException || error instanceof SocketError;
}

/**
 * Makes the error of an operation that has failed because of something that it needs. Other errors than those of this
 * module are returned unchanged.
 *
 * @param action The operation: `get key "a"`.
 */
export function failureOf(error: unknown, action: string): unknown {
  return isOwn(error) ? withCallersStack(failure(error, action)) : error;
}

function failure(error: OwnError, action: string): OwnError {
  const message = `Cannot ${action}: ${error.message}`;
  if (error instanceof ValidationException) {
    return new ValidationException(message, error.item, { cause: error });
  }
  if (error instanceof ClientException) {
    return new ClientException(message, error.item, { cause: error });
  }
  const { server, client } = error as SocketError;
  const options = {
    ...server !== undefined && { server },
    ...client !== undefined && { client },
    cause: error,
  };
  return error instanceof TimeoutError
    ? new TimeoutError(message, options)
    : new SocketError(message, options);
}

/** A line of a stack that leads from an error to who awaits it. */
const AWAITING = /^ +at async /;

/**
 * Adds the functions that await the operation to the stack of an error that was made elsewhere. Call it in an async
 * function, after an `await`: only then does the runtime know them.
 */
export function withCallersStack<Thrown>(error: Thrown): Thrown {
  if (!isOwn(error) || error.stack === undefined) return error;
  const { stack = "" } = copyError(new ClientException("")) as Error;
  const known = new Set(error.stack.split("\n"));
  const awaiting = stack.split("\n").filter((line) => AWAITING.test(line) && !known.has(line));
  error.stack = [error.stack, ...awaiting].join("\n");
  return error;
}
