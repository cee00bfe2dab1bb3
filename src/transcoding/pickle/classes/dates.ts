/** Dates that Python keeps apart and JavaScript does not. @module */

import { ValidationException } from "../../../errors.ts";
import { datetimeBytes } from "../datetime.ts";
import { dateOf } from "../python_types.ts";

const DATE_SIZE = 4;

/**
 * Makes a copy of a `Date` that is stored as Python's `datetime.date`, its day in UTC. A value that was read from one
 * is already marked.
 *
 * @param date The day, in the years 1 to 9999.
 * @returns A `Date` of midnight UTC that is marked.
 * @throws {ValidationException} When Python has no such day.
 *
 * @example A day
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { calendarDate } from "@moecache/moecache/python";
 * import { assertEquals } from "@std/assert";
 *
 * const item = await moecacheTranscoder.encode(calendarDate(new Date("2020-02-29"))); // date(2020, 2, 29)
 * assertEquals(await moecacheTranscoder.decode(item), new Date("2020-02-29"));
 * ```
 */
export function calendarDate(date: Date): Date {
  const bytes = checkedBytes(date).subarray(0, DATE_SIZE);
  const midnight = new Date(Math.floor(date.getTime() / 86_400_000) * 86_400_000);
  return dateOf(midnight, { bytes, zone: undefined });
}

/**
 * Makes a copy of a `Date` that is stored as a naive `datetime.datetime`, one without a time zone, whose clock shows
 * what the `Date` shows in UTC. A value that was read from one is already marked. Any other `Date` is stored as an
 * aware one, in UTC.
 *
 * @param date The time, in the years 1 to 9999.
 * @returns The same `Date`, marked.
 * @throws {ValidationException} When Python has no such year.
 *
 * @example A time without a time zone
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { naiveDatetime } from "@moecache/moecache/python";
 * import { assertEquals } from "@std/assert";
 *
 * const noon = new Date("2020-02-29T12:00:00Z");
 * const item = await moecacheTranscoder.encode(naiveDatetime(noon)); // datetime(2020, 2, 29, 12, 0)
 * assertEquals(await moecacheTranscoder.decode(item), noon);
 * ```
 */
export function naiveDatetime(date: Date): Date {
  const bytes = checkedBytes(date);
  return dateOf(new Date(date), { bytes, zone: undefined });
}

function checkedBytes(date: Date): Uint8Array {
  const bytes = date instanceof Date ? datetimeBytes(date) : undefined;
  if (bytes !== undefined) return bytes;
  const why = "it needs a Date that is valid and in the years 1 to 9999";
  throw new ValidationException(`Cannot make a date: ${why}`, date);
}
