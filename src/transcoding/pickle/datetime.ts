/**
 * Python's `datetime` module, as far as pickles of its points in time need it. Each function here takes the
 * arguments of a call, and returns `undefined` when Python has no such thing.
 *
 * @module
 */

import { Intermediate } from "./python_types.ts";
import { encodeLatin1 } from "./strings.ts";

const MICROSECONDS_PER_DAY = 86_400_000_000;
const DATE_SIZE = 4;
const DATETIME_SIZE = 10;

/** Set in the month for the second of two equal times, when a clock was put back. */
const FOLD = 0x80;

const TIMEDELTA = "datetime.timedelta";
const TIMEZONE = "datetime.timezone";

/** A `timedelta`, or a `timezone` by its offset from UTC. */
class TimeSpan extends Intermediate {
  readonly microseconds: number;

  constructor(name: string, microseconds: number) {
    super(name);
    this.microseconds = microseconds;
  }
}

/** `datetime.timedelta(days, seconds, microseconds)`. */
export function timeDelta(args: readonly unknown[]): Intermediate | undefined {
  const [days = 0, seconds = 0, microseconds = 0] = args;
  if (!isInteger(days) || !isInteger(seconds) || !isInteger(microseconds) || args.length > 3) {
    return undefined;
  }
  return new TimeSpan(TIMEDELTA, days * MICROSECONDS_PER_DAY + seconds * 1e6 + microseconds);
}

/** `datetime.timezone(offset, name)`: the offset is less than a day, and the name may be left out. */
export function timeZone(args: readonly unknown[]): Intermediate | undefined {
  const [delta, name = ""] = args;
  const offset = microsecondsOf(delta, TIMEDELTA);
  if (offset === undefined || !(Math.abs(offset) < MICROSECONDS_PER_DAY)) return undefined;
  if (typeof name !== "string" || args.length > 2) return undefined;
  return new TimeSpan(TIMEZONE, offset);
}

/** `datetime.datetime(bytes, timezone)`: the bytes are ten, and a naive one has no timezone. */
export function dateFromDatetime(args: readonly unknown[]): Date | undefined {
  const [value, zone = null] = args;
  const bytes = bytesOf(value, DATETIME_SIZE);
  const offset = zone === null ? 0 : microsecondsOf(zone, TIMEZONE);
  if (bytes === undefined || offset === undefined || args.length > 2) return undefined;
  const [hour = 0, minute = 0, second = 0, high = 0, middle = 0, low = 0] = bytes.subarray(4);
  const midnight = midnightOf(bytes);
  const microsecond = high << 16 | middle << 8 | low;
  if (midnight === undefined || hour > 23 || minute > 59 || second > 59 || microsecond >= 1e6) {
    return undefined;
  }
  const microseconds = (hour * 3600 + minute * 60 + second) * 1e6 + microsecond - offset;
  return new Date(midnight.getTime() + Math.floor(microseconds / 1000));
}

/** `datetime.date(bytes)`: four of them. */
export function dateFromDate(args: readonly unknown[]): Date | undefined {
  const bytes = args.length === 1 ? bytesOf(args[0], DATE_SIZE) : undefined;
  return bytes && midnightOf(bytes);
}

/** The ten bytes of the datetime in UTC, or `undefined` when Python has no such year. */
export function datetimeBytes(date: Date): Uint8Array | undefined {
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) return undefined;
  const microsecond = date.getUTCMilliseconds() * 1000;
  return Uint8Array.of(
    year >> 8,
    year,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    microsecond >> 16,
    microsecond >> 8,
    microsecond,
  );
}

/** Python 3 writes bytes; Python 2 wrote a `str`, which reads as a string. */
function bytesOf(value: unknown, size: number): Uint8Array | undefined {
  const bytes = typeof value === "string" ? encodeLatin1(value) : value;
  return bytes instanceof Uint8Array && bytes.length === size ? bytes : undefined;
}

/** Midnight of the day in the first four bytes, or `undefined` when there is no such day. */
function midnightOf(bytes: Uint8Array): Date | undefined {
  const [century = 0, rest = 0, monthAndFold = 0, day = 0] = bytes;
  const year = century << 8 | rest;
  const month = monthAndFold & ~FOLD;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists && year >= 1 && year <= 9999 ? date : undefined;
}

function microsecondsOf(value: unknown, name: string): number | undefined {
  return value instanceof TimeSpan && value.name === name ? value.microseconds : undefined;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
