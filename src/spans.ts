/** Spans of time, in seconds. @module */

import { checkInteger, invalidOption } from "./option_checks.ts";

/** What memcached takes for a span, and not for a time: 30 days. */
const LONGEST_SPAN = 60 * 60 * 24 * 30;

/** Checks a number of whole seconds that memcached takes for a span of time. */
export function checkSpan(name: string, value: unknown, least: 0 | 1): number {
  return checkInteger(name, value, least, LONGEST_SPAN);
}

/** Checks a number of seconds that the client itself waits. */
export function checkWaitFor(value: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= LONGEST_SPAN) return value;
  throw invalidOption("waitFor", value, `a number from 0 to ${LONGEST_SPAN}`);
}
