/**
 * The part of Python's `datetime` module that its pickles need. Each function takes the arguments of a Python call, and
 * returns `undefined` when Python would refuse them.
 *
 * @module
 */

import { dateOf, originOf, Python2Bytes, type PythonObject } from "./python_types.ts";
import { encodeLatin1 } from "./strings.ts";
import { isOffset, TimeDelta, TimeZone } from "./time_types.ts";

const DATE_SIZE = 4;
const DATETIME_SIZE = 10;

/** A bit in the month that marks the second of two equal local times, when the clock was put back (`fold`). */
const FOLD = 0x80;

/** `datetime.timedelta(days, seconds, microseconds)`. */
export function timeDelta(args: readonly unknown[]): TimeDelta | undefined {
  const [days = 0, seconds, microseconds] = args as number[];
  try {
    return args.length > 3 ? undefined : new TimeDelta(days, seconds, microseconds);
  } catch {
    return undefined; // which the caller reports
  }
}

/** `datetime.timezone(offset, name)`: the offset is less than a day, and the name is optional. */
export function timeZone(args: readonly unknown[]): TimeZone | undefined {
  const [offset, name] = args;
  if (!(offset instanceof TimeDelta) || !isOffset(offset) || args.length > 2) return undefined;
  if (name === undefined || typeof name === "string") return new TimeZone(offset, name);
  return undefined;
}

/** `datetime.datetime(bytes, timezone)`: ten bytes; a naive one has no timezone. */
export function dateFromDatetime(args: readonly unknown[]): Date | undefined {
  const [value, zone = null] = args;
  const bytes = bytesOf(value, DATETIME_SIZE);
  if (bytes === undefined || args.length > 2) return undefined;
  if (zone !== null && !(zone instanceof TimeZone)) return undefined;
  const [hour = 0, minute = 0, second = 0, high = 0, middle = 0, low = 0] = bytes.subarray(4);
  const midnight = midnightOf(bytes);
  const microsecond = high << 16 | middle << 8 | low;
  if (midnight === undefined || hour > 23 || minute > 59 || second > 59 || microsecond >= 1e6) {
    return undefined;
  }
  const wallTime = midnight.getTime() + (hour * 3600 + minute * 60 + second) * 1000;
  const isSecond = bytes[2]! >= FOLD;
  const offset = zone?.offsetAt(wallTime, isSecond) ?? 0;
  const date = new Date(wallTime + Math.floor((microsecond - offset) / 1000));
  // What is written of an unmarked Date is the same.
  if (zone !== null && isUtc(zone) && microsecond % 1000 === 0 && !isSecond) return date;
  return dateOf(date, { bytes, zone: zone ?? undefined });
}

/** `datetime.date(bytes)`: four of them. */
export function dateFromDate(args: readonly unknown[]): Date | undefined {
  const bytes = args.length === 1 ? bytesOf(args[0], DATE_SIZE) : undefined;
  const midnight = bytes && midnightOf(bytes);
  return midnight && bytes && dateOf(midnight, { bytes, zone: undefined });
}

/** What a Date is written as: the bytes of a `date`, of a `datetime`, and the time zone of an aware one. */
export interface WrittenDate {
  readonly bytes: Uint8Array;
  /** `"UTC"` for that of `datetime.timezone`. */
  readonly zone: PythonObject | "UTC" | undefined;
}

/**
 * What a Date is written as: what it was read from, if it still is that instant; else the same type, in UTC if
 * it is aware.
 *
 * @returns `undefined` when Python has no such year.
 */
export function writtenDate(date: Date): WrittenDate | undefined {
  const origin = originOf(date);
  if (origin?.time === date.getTime()) return origin;
  const bytes = datetimeBytes(date);
  if (bytes === undefined) return undefined;
  if (origin?.bytes.length === DATE_SIZE) {
    return { bytes: bytes.subarray(0, DATE_SIZE), zone: undefined };
  }
  return { bytes, zone: origin === undefined || origin.zone !== undefined ? "UTC" : undefined };
}

/** What is the same of Dates that Python takes for equal, and only of these. */
export function signatureOf(date: Date): string {
  const origin = originOf(date);
  if (origin?.time !== date.getTime()) return `aware ${date.getTime()} 0`;
  const { bytes, zone } = origin;
  if (zone === undefined) return `naive ${bytes}`;
  const [high = 0, middle = 0, low = 0] = bytes.subarray(7);
  return `aware ${date.getTime()} ${(high << 16 | middle << 8 | low) % 1000}`;
}

/** The ten bytes of the datetime in UTC, or `undefined` when Python does not support the year. */
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

/** Python 3 writes bytes; Python 2 wrote a `str`, which reads as a string or as {@linkcode Python2Bytes}. */
export function bytesOf(value: unknown, size: number): Uint8Array | undefined {
  const bytes = typeof value === "string"
    ? encodeLatin1(value)
    : value instanceof Python2Bytes
    ? value.bytes
    : value;
  return bytes instanceof Uint8Array && bytes.length === size ? bytes : undefined;
}

/** Midnight of the day in the first four bytes, or `undefined` when the day does not exist. */
function midnightOf(bytes: Uint8Array): Date | undefined {
  const [century = 0, rest = 0, monthAndFold = 0, day = 0] = bytes;
  const year = century << 8 | rest;
  const month = monthAndFold & ~FOLD;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists && year >= 1 && year <= 9999 ? date : undefined;
}

/** Whether Python writes the zone of an unmarked Date so. */
function isUtc({ constructor, offset, name }: TimeZone): boolean {
  return constructor === TimeZone && offset?.milliseconds === 0 && name === undefined;
}
