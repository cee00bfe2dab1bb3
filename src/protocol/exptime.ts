/** When an item expires. @module */

import { ValidationException } from "../errors.ts";
import { show } from "../option_checks.ts";

/**
 * When an item expires: seconds from now as a non-negative integer, or 0 for never. A number from 1,000,000,000 on is
 * an absolute Unix time. memcached reads all numbers above 30 days as absolute times. So a number between 30 days and
 * 1,000,000,000 is converted to the absolute time that many seconds from now (as dalli does). A `Date` is an absolute
 * time. With a time in the past, the item expires at once.
 */
export type Exptime = number | Date;

/** 30 days in seconds: memcached reads larger numbers as absolute times. */
export const LONGEST_RELATIVE = 2_592_000;
/** memcached stores a signed 32-bit number: a larger one wraps around, and the item expires at once. */
export const LARGEST_EXPTIME = 0x7fffffff;

/** From here on a number is a Unix time: September 2001, before memcached existed. */
export const FIRST_UNIX_TIME = 1_000_000_000;

/**
 * Checks an exptime, and converts it to the number that is sent.
 *
 * @param exptime The caller's exptime; `undefined` means 0.
 * @param now Returns the Unix time in milliseconds.
 * @param need `"needed"` where `undefined` is refused: without one, an item that is touched would live for ever.
 * @returns Seconds, from 0 to 2,147,483,647.
 * @throws {ValidationException} When it is not an {@linkcode Exptime} in that range.
 */
export function checkExptime(
  exptime: unknown,
  now: () => number,
  need?: "needed",
): number {
  if (exptime === undefined && need === undefined) return 0;
  const seconds = exptime instanceof Date ? absoluteSeconds(exptime) : exptime as number;
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= LARGEST_EXPTIME) {
    const isLong = seconds > LONGEST_RELATIVE && seconds < FIRST_UNIX_TIME;
    if (!isLong) return seconds;
    return Math.min(Math.ceil(now() / 1000) + seconds, LARGEST_EXPTIME);
  }
  const what = exptime instanceof Date ? "of an invalid or too late Date" : show(exptime);
  throw new ValidationException(
    `Cannot use exptime ${what}: it must be a Date or an integer from 0 to ${LARGEST_EXPTIME}`,
    exptime,
  );
}

/**
 * Whether an item with this exptime has expired when it is stored.
 *
 * @param now The Unix time in milliseconds.
 */
export function isPast(exptime: Exptime | undefined, now: number): boolean {
  if (exptime instanceof Date) return exptime.getTime() <= now;
  return exptime !== undefined && exptime >= FIRST_UNIX_TIME && exptime * 1000 <= now;
}

/** Rounds up, so that items do not expire early, and avoids numbers that would be read as relative, here or by memcached. */
function absoluteSeconds(date: Date): number {
  return Math.max(Math.ceil(date.getTime() / 1000), FIRST_UNIX_TIME);
}
