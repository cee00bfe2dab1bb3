/** When an item expires. @module */

import { quote, ValidationException } from "../errors.ts";
import { checkInteger, invalidOption } from "../option_checks.ts";

/**
 * When an item expires: a non-negative integer of seconds from now, or 0 for never. A number from 1,000,000,000
 * on is an absolute Unix time, as in memcached's `protocol.txt`, which has no times from 30 days to there that
 * anybody means: such a number is taken for seconds too, and sent as the time that they lead to (as dalli does).
 * A `Date` is always an absolute time. A time in the past makes an item that expires at once.
 */
export type Exptime = number | Date;

/** 30 days in seconds: memcached takes more for an absolute time. */
export const LONGEST_RELATIVE: number = 60 * 60 * 24 * 30;
/** memcached keeps a signed 32-bit number: anything larger wraps and makes an item that is gone at once. */
const LARGEST = 0x7fffffff;

/** From here on a number is a Unix time: September 2001, before there was memcached. */
const FIRST_UNIX_TIME = 1_000_000_000;

/**
 * Checks an exptime and gives the number that goes on the wire.
 *
 * @param exptime What the caller passed; 0 where that is nothing.
 * @param now Tells the Unix time in milliseconds.
 * @returns Seconds, from 0 to 2,147,483,647.
 * @throws {ValidationException} When it is anything but an {@linkcode Exptime} in that range.
 */
export function checkExptime(exptime: unknown, now: () => number): number {
  if (exptime === undefined) return 0;
  const seconds = exptime instanceof Date ? absoluteSeconds(exptime) : exptime as number;
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= LARGEST) {
    const isLong = seconds > LONGEST_RELATIVE && seconds < FIRST_UNIX_TIME;
    if (!isLong || exptime instanceof Date) return seconds;
    return Math.min(Math.ceil(now() / 1000) + seconds, LARGEST);
  }
  throw new ValidationException(
    `Cannot use exptime ${show(exptime)}: it must be a Date or an integer from 0 to ${LARGEST}`,
    exptime,
  );
}

/** Checks an option that is a number of whole seconds, up to 30 days. */
export function checkSeconds(name: string, value: unknown, least: 0 | 1): number {
  return checkInteger(name, value, least, LONGEST_RELATIVE);
}

/** Checks an option that is a number of seconds, with fractions, which the client itself waits. */
export function checkWaitFor(value: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= LONGEST_RELATIVE) return value;
  throw invalidOption("waitFor", value, `a number from 0 to ${LONGEST_RELATIVE}`);
}

/**
 * Puts off an exptime that has been checked.
 *
 * @param exptime Seconds, or an absolute Unix time; 0, for never, stays.
 * @param seconds By how much.
 * @param now The Unix time in milliseconds: what becomes longer than 30 days must be absolute.
 * @returns Seconds, up to 2,147,483,647.
 */
export function extendExptime(exptime: number, seconds: number, now: number): number {
  if (exptime === 0) return 0;
  const extended = exptime + seconds;
  const becomesAbsolute = exptime <= LONGEST_RELATIVE && extended > LONGEST_RELATIVE;
  return Math.min(becomesAbsolute ? Math.ceil(now / 1000) + extended : extended, LARGEST);
}

/** Rounds up, so that nothing expires early, and never to a number that memcached calls relative. */
function absoluteSeconds(date: Date): number {
  return Math.max(Math.ceil(date.getTime() / 1000), LONGEST_RELATIVE + 1);
}

function show(exptime: unknown): string {
  if (exptime instanceof Date) return "of an invalid or too late Date";
  return typeof exptime === "number" ? `${exptime}` : quote(exptime);
}
