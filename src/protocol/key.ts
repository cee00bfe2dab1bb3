/** Checks of keys. @module */

import { quote, ValidationException } from "../errors.ts";

/** The maximum length of a key, in characters. */
export const MAX_KEY_LENGTH = 250;

/**
 * Checks that a key is a string of 1 to 250 characters from `!` to `~`. These are the keys of memcached's
 * `protocol.txt`, restricted to ASCII as in Python moecache.
 *
 * @param key The caller's key.
 * @param action The operation, for the message: `get`, `set`, …
 * @throws {ValidationException} When the key is invalid.
 */
export function checkKey(key: unknown, action: string): asserts key is string {
  if (typeof key === "string") {
    const { length } = key;
    let at = 0;
    // A single comparison of a range, because this loop runs for every character of every key.
    while (at < length && ((key.charCodeAt(at) - 0x21) >>> 0) < 0x5e) at++;
    if (at === length && length > 0 && length <= MAX_KEY_LENGTH) return;
  }
  throw new ValidationException(`Cannot ${action} key ${quote(key)}: ${objection(key)}`, key);
}

/** What checks the keys of a client. */
export interface KeyChecks {
  checkKey(key: unknown, action: string): void;
}

const PLAIN: KeyChecks = { checkKey };

/** Checks many keys, as {@linkcode checkKey} does, and removes duplicates. */
export function checkKeys(
  keys: Iterable<unknown>,
  action: string,
  checks: KeyChecks = PLAIN,
): Set<string> {
  if (typeof keys !== "object" || keys === null || !(Symbol.iterator in keys)) {
    throw new ValidationException(
      `Cannot ${action} keys ${quote(keys)}: they must be a list of strings`,
      keys,
    );
  }
  const unique = new Set<string>();
  for (const key of keys) {
    checks.checkKey(key, action);
    unique.add(key as string);
  }
  return unique;
}

function objection(key: unknown): string {
  if (typeof key !== "string") return "keys must be strings";
  if (key === "") return "keys must not be empty";
  if (key.length > MAX_KEY_LENGTH) {
    return `keys must not be longer than ${MAX_KEY_LENGTH} characters`;
  }
  if (/\s/.test(key)) return "keys must not contain whitespace";
  // deno-lint-ignore no-control-regex -- this searches for control characters
  if (/[\0-\x1f\x7f]/.test(key)) return "keys must not contain control characters";
  return "keys must be ASCII";
}
