import { unreadable } from "./faults.ts";
import { Intermediate } from "./intermediate.ts";
import { encodeLatin1 } from "./text.ts";

/**
 * Python's `datetime` module as far as pickles of its points in time need it.
 *
 * @module
 */

const MILLISECONDS_PER_DAY = 86_400_000;
const MICROSECONDS_PER_DAY = MILLISECONDS_PER_DAY * 1000;
const DATE_SIZE = 4;
const DATETIME_SIZE = 10;

/** Set in the month for the second of two times that a clock put back shows. */
const FOLD = 0x80;

/** `datetime.timedelta`, in microseconds. */
export class TimeDelta extends Intermediate {
  readonly name = "datetime.timedelta";
  readonly microseconds: number;

  constructor(microseconds: number) {
    super();
    this.microseconds = microseconds;
  }
}

/** `datetime.timezone`, by its offset from UTC in microseconds. */
export class TimeZone extends Intermediate {
  readonly name = "datetime.timezone";
  readonly offset: number;

  constructor(offset: number) {
    super();
    this.offset = offset;
  }
}

/** Reads the arguments of `datetime.timedelta`: days, seconds, microseconds. */
export function timeDelta(args: readonly unknown[]): TimeDelta {
  const [days = 0, seconds = 0, microseconds = 0] = args;
  if (!isInteger(days) || !isInteger(seconds) || !isInteger(microseconds) || args.length > 3) {
    throw badArguments("datetime.timedelta");
  }
  return new TimeDelta(days * MICROSECONDS_PER_DAY + seconds * 1e6 + microseconds);
}

/** Reads the arguments of `datetime.timezone`: an offset of less than a day, and maybe a name. */
export function timeZone(args: readonly unknown[]): TimeZone {
  const [delta, name = ""] = args;
  if (!(delta instanceof TimeDelta) || typeof name !== "string" || args.length > 2) {
    throw badArguments("datetime.timezone");
  }
  if (!(Math.abs(delta.microseconds) < MICROSECONDS_PER_DAY)) {
    throw badArguments("datetime.timezone");
  }
  return new TimeZone(delta.microseconds);
}

/** Reads the arguments of `datetime.datetime`: ten bytes, and a timezone unless it is naive. */
export function dateFromDatetime(args: readonly unknown[]): Date {
  const bytes = payload(args[0], DATETIME_SIZE);
  if (bytes === undefined || args.length > 2) throw badArguments("datetime.datetime");
  const date = dateFromFields(bytes);
  const [hour, minute, second] = bytes.subarray(4) as unknown as [number, number, number];
  const microsecond = bytes[7]! << 16 | bytes[8]! << 8 | bytes[9]!;
  if (date === undefined || hour > 23 || minute > 59 || second > 59 || microsecond >= 1e6) {
    throw badArguments("datetime.datetime");
  }
  const seconds = hour * 3600 + minute * 60 + second;
  const microseconds = seconds * 1e6 + microsecond - offsetOf(args[1]);
  return new Date(date.getTime() + Math.floor(microseconds / 1000));
}

/** Reads the argument of `datetime.date`: four bytes. */
export function dateFromDate(args: readonly unknown[]): Date {
  const bytes = payload(args[0], DATE_SIZE);
  const date = bytes && dateFromFields(bytes);
  if (date === undefined || args.length > 1) throw badArguments("datetime.date");
  return date;
}

/** The ten bytes of the datetime in UTC, or `undefined` when Python has no such year. */
export function datetimePayload(date: Date): Uint8Array | undefined {
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
function payload(value: unknown, size: number): Uint8Array | undefined {
  const bytes = typeof value === "string" ? encodeLatin1(value) : value;
  return bytes instanceof Uint8Array && bytes.length === size ? bytes : undefined;
}

/** Midnight of the day that the first four bytes tell, or `undefined` when there is no such day. */
function dateFromFields(bytes: Uint8Array): Date | undefined {
  const year = bytes[0]! << 8 | bytes[1]!;
  const month = bytes[2]! & ~FOLD;
  const day = bytes[3]!;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists && year >= 1 && year <= 9999 ? date : undefined;
}

function offsetOf(zone: unknown): number {
  if (zone === undefined || zone === null) return 0;
  if (!(zone instanceof TimeZone)) throw badArguments("datetime.datetime");
  return zone.offset;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function badArguments(name: string): Error {
  return unreadable(`${name} is called with arguments that it does not take`);
}
