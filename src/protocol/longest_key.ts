/** How long keys may be in a format. @module */

import { ValidationException } from "../errors.ts";
import { MAX_KEY_LENGTH } from "./key.ts";
import { checkFormattedKey, type KeyFormat } from "./key_format.ts";

/** Whether a format takes a key. */
export function takesKey(format: KeyFormat, key: string): boolean {
  try {
    checkFormattedKey(key, "use", format);
    return true;
  } catch (error) {
    if (error instanceof ValidationException) return false;
    throw error;
  }
}

/**
 * The longest key of a format: less than others where it puts something around each.
 *
 * @param takes Whether a key will do; by default, whether the format takes it.
 */
export function longestKeyIn(
  format: KeyFormat,
  takes: (key: string) => boolean = (key) => takesKey(format, key),
): number {
  if (!takes("x")) return MAX_KEY_LENGTH;
  let longest = MAX_KEY_LENGTH;
  while (!takes("x".repeat(longest))) longest--;
  return longest;
}
