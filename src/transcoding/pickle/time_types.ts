/** Durations and time zones. @module */

import { ValidationException } from "../../errors.ts";
import { type PythonCall, PythonName, PythonObject } from "./python_types.ts";

const MICROSECONDS_PER_SECOND = 1e6;
const SECONDS_PER_DAY = 86_400;
const MAX_DAYS = 999_999_999;

const TIMEDELTA: PythonName = /* @__PURE__ */ new PythonName("datetime", "timedelta");
const TIMEZONE: PythonName = /* @__PURE__ */ new PythonName("datetime", "timezone");

/**
 * A duration, read from and stored as Python's `datetime.timedelta`. As in Python, `days` has the sign, and `seconds`
 * and `microseconds` are from 0 on.
 *
 * @example Storing and reading a duration
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { TimeDelta } from "@moecache/moecache/python";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("lifetime", new TimeDelta(0, 90)); // timedelta(seconds=90)
 * assertEquals((await client.get<TimeDelta>("lifetime"))?.milliseconds, 90_000);
 * ```
 */
export class TimeDelta extends PythonObject {
  /** Days, -999,999,999 to 999,999,999. */
  readonly days: number;
  /** Seconds in addition to the days, 0 to 86,399. */
  readonly seconds: number;
  /** Microseconds in addition to the seconds, 0 to 999,999. */
  readonly microseconds: number;

  /**
   * Makes a duration of parts that are added; each is an integer, and may be negative or beyond its range.
   *
   * @param days Days.
   * @param seconds Seconds; 0 by default.
   * @param microseconds Microseconds; 0 by default.
   * @throws {ValidationException} When one is not a safe integer, or there are more days than Python has.
   */
  constructor(days: number, seconds = 0, microseconds = 0) {
    super();
    const parts = [days, seconds, microseconds];
    // Before they are added, since bigints and symbols cannot be.
    if (!parts.every(Number.isSafeInteger)) throw noTimeDelta(parts);
    const allSeconds = seconds + Math.floor(microseconds / MICROSECONDS_PER_SECOND);
    this.days = days + Math.floor(allSeconds / SECONDS_PER_DAY);
    this.seconds = remainder(allSeconds, SECONDS_PER_DAY);
    this.microseconds = remainder(microseconds, MICROSECONDS_PER_SECOND);
    if (Math.abs(this.days) > MAX_DAYS) throw noTimeDelta(parts);
  }

  /** The duration in milliseconds, as JavaScript's own durations are. */
  get milliseconds(): number {
    return (this.days * SECONDS_PER_DAY + this.seconds) * 1000 + this.microseconds / 1000;
  }

  /** Its seconds and an `s`, such as `-0.5s`. */
  override toString(): string {
    return `${this.milliseconds / 1000}s`;
  }

  /** @internal */
  override toCall(): PythonCall {
    return { callee: TIMEDELTA, args: [this.days, this.seconds, this.microseconds] };
  }

  /** @internal */
  override toKey(): string {
    return `timedelta ${this.days} ${this.seconds} ${this.microseconds}`;
  }
}

/**
 * A time zone: what Python's `datetime.timezone`, `zoneinfo.ZoneInfo`, and the time zones of pytz, dateutil and
 * Django read as. Each is stored as what it was. One that is made here has a fixed offset: it is stored as a
 * `datetime.timezone`.
 *
 * @example Storing and reading an offset
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { TimeDelta, TimeZone } from "@moecache/moecache/python";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("zone", new TimeZone(new TimeDelta(0, 3600))); // timezone(timedelta(hours=1))
 * assertEquals(String(await client.get("zone")), "UTC+01:00");
 * ```
 */
export class TimeZone extends PythonObject {
  /** The time by which it is ahead of UTC; `undefined` where that changes in the course of the year. */
  readonly offset: TimeDelta | undefined;
  /** Its name, such as `"Europe/Berlin"` or `"CET"`; `undefined` when it has none. */
  readonly name: string | undefined;

  /**
   * Makes a time zone with a fixed offset.
   *
   * @param offset The time by which it is ahead of UTC, less than a day.
   * @param name Its name; it has none by default.
   * @throws {ValidationException} When the offset is a day or more.
   */
  constructor(offset: TimeDelta | undefined, name?: string) {
    super();
    this.offset = offset;
    this.name = name;
    // Those of subclasses may have none, or get it later.
    const isFit = offset instanceof TimeDelta ? isOffset(offset) : this.constructor !== TimeZone;
    if (isFit) return;
    const why = "its offset must be a TimeDelta of less than a day";
    throw new ValidationException(`Cannot make a TimeZone: ${why}`, offset);
  }

  /**
   * Microseconds by which it is ahead of UTC when its clocks show a time.
   *
   * @param _wallTime That time, as if it were UTC, in milliseconds.
   * @param _isSecond Whether it is the second of two equal times, when the clocks were put back.
   * @internal
   */
  offsetAt(_wallTime: number, _isSecond: boolean): number {
    return (this.offset?.milliseconds ?? 0) * 1000;
  }

  /** Its name, or as Python calls it: `UTC`, `UTC+01:00`. */
  override toString(): string {
    return this.name ?? nameOf(this.offset?.milliseconds ?? 0);
  }

  /** @internal */
  override toCall(): PythonCall {
    const { offset = new TimeDelta(0), name } = this;
    return { callee: TIMEZONE, args: name === undefined ? [offset] : [offset, name] };
  }

  /** @internal */
  override toKey(): string {
    return `timezone ${this.offset?.milliseconds}`;
  }
}

/** Whether a duration can be the offset of a time zone. */
export function isOffset({ milliseconds }: TimeDelta): boolean {
  return Math.abs(milliseconds) < SECONDS_PER_DAY * 1000;
}

function nameOf(milliseconds: number): string {
  if (milliseconds === 0) return "UTC";
  const text = new Date(Math.abs(milliseconds)).toISOString().slice(11, 19).replace(/:00$/, "");
  return `UTC${milliseconds < 0 ? "-" : "+"}${text}`;
}

function noTimeDelta(parts: readonly unknown[]): ValidationException {
  const why = `it needs integers, and at most ${MAX_DAYS} days`;
  return new ValidationException(`Cannot make a TimeDelta: ${why}`, parts);
}

function remainder(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor;
}
