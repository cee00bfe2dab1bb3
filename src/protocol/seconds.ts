/** Other times in seconds than exptimes. @module */

import { checkInteger, invalidOption } from "../option_checks.ts";
import { LARGEST_EXPTIME, LONGEST_RELATIVE } from "./exptime.ts";

/** Checks an option in whole seconds, up to 30 days. */
export function checkSeconds(name: string, value: unknown, least: 0 | 1): number {
  return checkInteger(name, value, least, LONGEST_RELATIVE);
}

/** Checks the option `waitFor`: seconds, possibly with a fraction. */
export function checkWaitFor(value: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= LONGEST_RELATIVE) return value;
  throw invalidOption("waitFor", value, `a number from 0 to ${LONGEST_RELATIVE}`);
}

/**
 * Adds seconds to a checked exptime.
 *
 * @param exptime Seconds, or an absolute Unix time; 0 (never) does not change.
 * @param seconds The seconds to add.
 * @param now The Unix time in milliseconds: a result above 30 days must be absolute.
 * @returns Seconds, up to 2,147,483,647.
 */
export function extendExptime(exptime: number, seconds: number, now: number): number {
  if (exptime === 0) return 0;
  const extended = exptime + seconds;
  const becomesAbsolute = exptime <= LONGEST_RELATIVE && extended > LONGEST_RELATIVE;
  return Math.min(becomesAbsolute ? Math.ceil(now / 1000) + extended : extended, LARGEST_EXPTIME);
}
