/** The time zones of zoneinfo, pytz, dateutil, Django and psycopg2. @module */

import { quote } from "../../../errors.ts";
import { unreadable } from "../byte_source.ts";
import { isPlainObject } from "../dicts.ts";
import { type PythonCall, PythonName } from "../python_types.ts";
import { isOffset, TimeDelta, TimeZone } from "../time_types.ts";

const MILLISECONDS_PER_DAY = 86_400_000;
/** Longer than any name. It is compared wherever a time in such a zone is a key. */
const LONGEST_NAME = 1000;

/** A time zone that is written as what it was. */
class ForeignZone extends TimeZone {
  readonly #call: PythonCall;

  constructor(call: PythonCall, offset: TimeDelta | undefined, name: string | undefined) {
    super(offset, name);
    this.#call = call;
  }

  override toCall(): PythonCall {
    return this.#call;
  }

  override toKey(): string {
    const { callee, args } = this.#call;
    return `zone ${callee.module}.${callee.name} ${args.map(String)}`;
  }
}

/** A time zone whose offset changes in the course of the year, as the runtime's `Intl` knows it. */
class NamedZone extends ForeignZone {
  readonly #format: Intl.DateTimeFormat;

  constructor(call: PythonCall, name: string) {
    super(call, undefined, name);
    this.#format = formatOf(name);
  }

  /** As PEP 495 says: of two times the first, unless `isSecond`; in a gap, the offset from before it. */
  override offsetAt(wallTime: number, isSecond: boolean): number {
    const before = this.#offset(wallTime - MILLISECONDS_PER_DAY);
    const after = this.#offset(wallTime + MILLISECONDS_PER_DAY);
    const isBefore = this.#offset(wallTime - before) === before;
    const isAfter = this.#offset(wallTime - after) === after;
    if (before !== after && isBefore === isAfter) return (isSecond ? after : before) * 1000;
    if (isBefore) return before * 1000;
    if (isAfter) return after * 1000;
    return this.#offset(wallTime - this.#offset(wallTime)) * 1000;
  }

  /** Milliseconds by which the zone is ahead of UTC at an instant. */
  #offset(time: number): number {
    const fields: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(time)) fields[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = fields;
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    date.setUTCHours(hour, minute, second);
    return date.getTime() - Math.floor(time / 1000) * 1000;
  }
}

const formats = /* @__PURE__ */ new Map<string, Intl.DateTimeFormat>();

/**
 * There are some hundred names, so that all that were used can be kept, but once for all the ways to write a name in
 * capitals or small letters. Offsets, which runtimes take as well, are no names.
 */
function formatOf(given: string): Intl.DateTimeFormat {
  const name = given.toLowerCase();
  const known = formats.get(name);
  if (known !== undefined) return known;
  try {
    if (!/^[a-z]/.test(name)) throw new RangeError("It is no name");
    const format = new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", {
      ...{ timeZone: name, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric" },
      ...{ hour: "numeric", minute: "numeric", second: "numeric" },
    });
    formats.set(name, format);
    return format;
  } catch (cause) {
    throw unreadable(`this runtime does not know the time zone ${quote(given)}`, cause);
  }
}

/** Names of zones as pickles have them: the database's, or the path of a file of it. */
function nameOfFile(file: string): string {
  return file.replace(/^.*\/zoneinfo\/(?:posix\/|right\/)?/, "");
}

/** `zoneinfo.ZoneInfo(key)`, and `ZoneInfo._unpickle(key, from_cache)` of the same module. */
export function zoneInfo(module: string, args: readonly unknown[]): TimeZone | undefined {
  const [key] = args;
  if (typeof key !== "string" || key.length > 100 || args.length > 2) return undefined;
  return new NamedZone({ callee: new PythonName(module, "ZoneInfo"), args: [key] }, key);
}

/** `pytz._p(name, offset, dst, tzname)`: the offset, in seconds, is that at the time; or `pytz._p(name)`. */
export function pytzZone(args: readonly unknown[]): TimeZone | undefined {
  const [name, seconds, ...rest] = args;
  if (typeof name !== "string" || name.length > 100 || args.length > 4) return undefined;
  const call = { callee: new PythonName("pytz", "_p"), args };
  if (seconds === undefined) return new NamedZone(call, name);
  const offset = offsetOf(seconds);
  if (offset === undefined || !rest.every(isShort)) return undefined;
  return new ForeignZone(call, offset, name);
}

/** `pytz.FixedOffset(minutes)`. */
export function pytzOffset(args: readonly unknown[]): TimeZone | undefined {
  const [minutes] = args;
  const offset = typeof minutes === "number" ? offsetOf(minutes * 60) : undefined;
  if (offset === undefined || args.length > 1) return undefined;
  return new ForeignZone(
    { callee: new PythonName("pytz", "FixedOffset"), args },
    offset,
    undefined,
  );
}

/** A class or function whose call without arguments makes UTC. */
export function utcZone(module: string, name: string): TimeZone {
  return new ForeignZone(
    { callee: new PythonName(module, name), args: [] },
    new TimeDelta(0),
    "UTC",
  );
}

/** dateutil's `tzfile(file object, file name)`: the transitions, which follow, are those of the database. */
export function fileZone(args: readonly unknown[]): TimeZone | undefined {
  const [, fileName] = args;
  if (typeof fileName !== "string" || fileName.length > LONGEST_NAME || args.length > 2) {
    return undefined;
  }
  return namedFileZone([fileName]);
}

/** `dateutil.tz.gettz(name)`, which is what such a zone is written as: of the database, or a file of it. */
export function namedFileZone(args: readonly unknown[]): TimeZone | undefined {
  const [name] = args;
  if (typeof name !== "string" || name.length > LONGEST_NAME || args.length > 1) return undefined;
  return new NamedZone({ callee: new PythonName("dateutil.tz", "gettz"), args }, nameOfFile(name));
}

/**
 * A zone with a fixed offset, which Python makes of a name and the offset, or first and then gives them to.
 */
export class BuiltZone extends TimeZone {
  readonly #callee: PythonName;
  #args: readonly unknown[] = [];

  constructor(callee: PythonName) {
    super(undefined);
    this.#callee = callee;
  }

  /** Sets what makes it. */
  set(offset: TimeDelta, name: unknown, args: readonly unknown[]): void {
    this.#args = args;
    Object.assign(this, { offset, name: typeof name === "string" ? name : undefined });
  }

  override offsetAt(wallTime: number, isSecond: boolean): number {
    if (this.offset === undefined) throw unreadable("a time zone has no state with its offset");
    return super.offsetAt(wallTime, isSecond);
  }

  override toCall(): PythonCall {
    return { callee: this.#callee, args: this.#args };
  }
}

/** dateutil's `tzoffset`: its state has `_name`, and `_offset`, which older versions kept in seconds. */
export function setDateutilOffset(zone: BuiltZone, state: unknown): boolean {
  if (!isPlainObject(state)) return false;
  const { _name: name = null, _offset: value } = state;
  const offset = offsetOf(value);
  if (offset === undefined || !isScalar(name)) return false;
  zone.set(offset, name, [name, offset.milliseconds / 1000]);
  return true;
}

/** Django's `FixedOffset`, before version 3.1: its state has names that Python has mangled. */
export function setDjangoOffset(zone: BuiltZone, state: unknown): boolean {
  if (!isPlainObject(state)) return false;
  const { _FixedOffset__name: name = null, _FixedOffset__offset: value } = state;
  const offset = offsetOf(value);
  if (offset === undefined || !isScalar(name)) return false;
  zone.set(offset, name, [offset.milliseconds / 60_000, name]);
  return true;
}

/** psycopg2's `FixedOffsetTimezone(offset, name)`: a duration, or minutes. */
export function psycopgZone(args: readonly unknown[]): TimeZone | undefined {
  const [value = null, name = null] = args;
  const offset = offsetOf(typeof value === "number" ? value * 60 : value);
  if (offset === undefined || !isScalar(name) || args.length > 2) return undefined;
  const zone = new BuiltZone(new PythonName("psycopg2.tz", "FixedOffsetTimezone"));
  zone.set(offset, name, [value, name]);
  return zone;
}

/** An offset: a duration, or seconds. */
function offsetOf(value: unknown): TimeDelta | undefined {
  if (value instanceof TimeDelta) return isOffset(value) ? value : undefined;
  if (typeof value !== "number" || !(Math.abs(value) < 86_400)) return undefined;
  return new TimeDelta(0, 0, Math.round(value * 1e6));
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "number";
}

function isShort(value: unknown): boolean {
  return isScalar(value) && !(typeof value === "string" && value.length > LONGEST_NAME);
}
