/** Durations, sizes and numbers, as they are written on a command line and shown in a table. @module */

import { UsageFault } from "./usage.ts";

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const BYTES = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** The longest duration: longer than any lifetime that memcached can count, and no number with an exponent. */
const MOST_WEEKS = 10_000;

/** Reads `90`, `90s`, `5m`, `2h`, `1d` or `500ms`; the result is in seconds. */
export function readDuration(text: string): number {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)?$/.exec(text) ?? [];
  if (number === undefined) {
    throw new UsageFault(`"${text}" is not a duration: write 90, 500ms, 90s, 5m, 2h, 1d or 1w`);
  }
  const seconds = Number(number) * SECONDS[unit as keyof typeof SECONDS];
  if (seconds <= MOST_WEEKS * SECONDS.w) return seconds;
  throw new UsageFault(`"${text}" is too long a duration: the longest is ${MOST_WEEKS}w`);
}

/**
 * Reads how long something takes, or how often it is done; the result is in milliseconds.
 *
 * @param option The name of the option, for the message.
 * @param least The fewest milliseconds.
 */
export function readInterval(option: string, text: string, least = 1): number {
  const milliseconds = readDuration(text) * 1000;
  if (milliseconds >= least) return milliseconds;
  throw new UsageFault(`the option ${option} must be at least ${least}ms, not "${text}"`);
}

/** Reads the lifetime of an item: a duration in whole seconds; 0 is for ever. */
export function readTtl(text: string): number {
  const seconds = readDuration(text);
  if (Number.isInteger(seconds)) return seconds;
  throw new UsageFault(`"${text}" is not a lifetime: memcached counts whole seconds`);
}

/** 30 days. */
const LONGEST_RELATIVE = 2_592_000;
/** The last second of 2038 that memcached can count to. */
export const LAST_SECOND = 0x7fffffff;

/**
 * Reads the lifetime of an item that is to be stored, as memcached takes it: a number above 30 days would be a time since
 * 1970, long past for every lifetime.
 */
export function readExptime(text: string): number {
  const seconds = readTtl(text);
  if (seconds <= LONGEST_RELATIVE) return seconds;
  return Math.min(Math.ceil(Date.now() / 1000) + seconds, LAST_SECOND);
}

/** Reads `512`, `10k`, `1.5m` or `1g`; the result is in bytes. */
export function readSize(text: string): number {
  const [, number, unit = "b"] = /^(\d+(?:\.\d+)?)(b|k|m|g)?(?:i?b)?$/i.exec(text) ?? [];
  if (number === undefined) {
    throw new UsageFault(`"${text}" is not a size: write 512, 10k, 1.5m or 1g`);
  }
  return Math.round(Number(number) * BYTES[unit.toLowerCase() as keyof typeof BYTES]);
}

/**
 * Reads a number of things: an integer from 1.
 *
 * @param option The name of the option, for the message.
 */
export function readCount(
  option: string,
  text: string,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  const to = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
  throw new UsageFault(`the option ${option} "${text}" is not an integer from 1${to}`);
}

/** Reads a number of 64 bits. */
export function readBigInt(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 1n << 64n) return BigInt(text);
  throw new UsageFault(`"${text}" is not an integer of 64 bits`);
}

/** Shows how many there are of something: `1 key`, `2 keys`. */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Shows bytes: `912 B`, `1.5 KiB`. */
export function showSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** Shows a number in five places or less: `118`, `41.2k`, `8.1M`. */
export function showNumber(number: number): string {
  const units = ["", "k", "M", "G", "T"];
  let rest = number;
  let unit = 0;
  // What would be rounded to 1000.0 is one of the next unit.
  for (; rest >= (unit === 0 ? 999.5 : 999.95) && unit < units.length - 1; unit++) rest /= 1000;
  return unit === 0 ? String(Math.round(rest)) : `${rest.toFixed(1)}${units[unit]}`;
}

/** Shows seconds: `45s`, `5m`, `3h12m`, `12d4h`. */
export function showDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return parts(whole, [60, "m"], [1, "s"]);
  if (whole < 86_400) return parts(whole, [3600, "h"], [60, "m"]);
  return parts(whole, [86_400, "d"], [3600, "h"]);
}

type Part = readonly [size: number, name: string];

function parts(whole: number, [large, first]: Part, [small, second]: Part): string {
  const rest = Math.floor((whole % large) / small);
  return `${Math.floor(whole / large)}${first}${rest === 0 ? "" : `${rest}${second}`}`;
}

/** Shows a share: `12.5%`. */
export function showShare(part: number, of: number): string {
  return of === 0 ? "0.0%" : `${(part / of * 100).toFixed(1)}%`;
}
