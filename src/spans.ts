/** Spans of time, in seconds. @module */

import { checkInteger, invalidOption } from "./option_checks.ts";
import { LONGEST_RELATIVE } from "./protocol/exptime.ts";

/** Checks a number of whole seconds that memcached takes for a span of time. */
export function checkSpan(name: string, value: unknown, least: 0 | 1): number {
  return checkInteger(name, value, least, LONGEST_RELATIVE);
}

/** Checks a number of seconds that the client itself waits. */
export function checkWaitFor(value: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= LONGEST_RELATIVE) return value;
  throw invalidOption("waitFor", value, `a number from 0 to ${LONGEST_RELATIVE}`);
}
