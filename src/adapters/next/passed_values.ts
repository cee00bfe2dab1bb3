/**
 * Checks of what Next passes. Nothing would revalidate an entry with a wrong tag, and one with a wrong time would never
 * expire.
 *
 * @module
 */

import { invalidOption } from "../../option_checks.ts";

/**
 * Checks a list of tags.
 *
 * @throws {ValidationException} When it is not a list of strings.
 */
export function checkTags(tags: unknown): readonly string[] {
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string")) return tags;
  throw invalidOption("tags", tags, "a list of strings");
}

/**
 * Checks a time in seconds, which may be infinite.
 *
 * @throws {ValidationException} When it is not a number.
 */
export function checkSeconds(name: string, seconds: unknown): number {
  if (typeof seconds === "number" && !Number.isNaN(seconds)) return seconds;
  throw invalidOption(name, seconds, "a number of seconds");
}

/**
 * Reads for how many seconds entries are served after a revalidation.
 *
 * @param durations What Next passes with the tags: nothing when entries must not be served at all.
 * @throws {ValidationException} When it is not an object, or `expire` not a number.
 */
export function secondsOf(durations: { readonly expire?: number } | null | undefined): number {
  if (durations === undefined || durations === null) return 0;
  if (typeof durations !== "object" || Array.isArray(durations)) {
    throw invalidOption("durations", durations, "a plain object such as { expire }");
  }
  return checkSeconds("expire", durations.expire ?? Infinity);
}
