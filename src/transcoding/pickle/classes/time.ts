/** Python's `datetime.time`. @module */

import { checkBoolean, checkInteger, checkOptions, invalidOption } from "../../../option_checks.ts";
import { bytesOf } from "../datetime.ts";
import { type PythonCall, PythonName, PythonObject } from "../python_types.ts";
import { TimeZone } from "../time_types.ts";

const TIME: PythonName = /* @__PURE__ */ new PythonName("datetime", "time");
const SIZE = 6;
const FOLD = 0x80;

/** The fields of a {@linkcode Time}. All are optional. */
export interface TimeFields {
  /** Minutes, 0 to 59; 0 by default. */
  readonly minute?: number;
  /** Seconds, 0 to 59; 0 by default. */
  readonly second?: number;
  /** Microseconds, 0 to 999,999; 0 by default. */
  readonly microsecond?: number;
  /** The time zone; none by default. */
  readonly zone?: TimeZone;
  /** Whether it is the second of two equal times, when the clocks were put back; `false` by default. */
  readonly fold?: boolean;
}

/**
 * A time of day, read from and stored as Python's `datetime.time`.
 *
 * @example Storing and reading a time of day
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { Time } from "@moecache/moecache/python";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("opens", new Time(9, { minute: 30 })); // time(9, 30)
 * assertEquals(String(await client.get("opens")), "09:30:00");
 * ```
 */
export class Time extends PythonObject {
  /** Hours, 0 to 23. */
  readonly hour: number;
  /** Minutes, 0 to 59. */
  readonly minute: number;
  /** Seconds, 0 to 59. */
  readonly second: number;
  /** Microseconds, 0 to 999,999. */
  readonly microsecond: number;
  /** The time zone, if it has one. */
  readonly zone: TimeZone | undefined;
  /** Whether it is the second of two equal times, when the clocks were put back. */
  readonly fold: boolean;

  /**
   * Makes a time of day.
   *
   * @param hour Hours, 0 to 23.
   * @param fields The other fields.
   * @throws {ValidationException} When one is out of its range.
   */
  constructor(hour: number, fields: TimeFields = {}) {
    super();
    checkOptions(fields, {
      ...{ minute: "any", second: "any", microsecond: "any" },
      ...{ zone: "any", fold: "any" },
    });
    const { minute = 0, second = 0, microsecond = 0, zone, fold = false } = fields;
    this.hour = checkInteger("hour", hour, 0, 23);
    this.minute = checkInteger("minute", minute, 0, 59);
    this.second = checkInteger("second", second, 0, 59);
    this.microsecond = checkInteger("microsecond", microsecond, 0, 999_999);
    if (zone !== undefined && !(zone instanceof TimeZone)) {
      throw invalidOption("zone", zone, "a TimeZone");
    }
    checkBoolean("fold", fold);
    this.zone = zone;
    this.fold = fold;
  }

  /** Hours, minutes, seconds and, where there are any, microseconds: `09:30:00`. */
  override toString(): string {
    const [hour, minute, second] = [this.hour, this.minute, this.second]
      .map((part) => `${part}`.padStart(2, "0"));
    const fraction = this.microsecond === 0 ? "" : `.${`${this.microsecond}`.padStart(6, "0")}`;
    return `${hour}:${minute}:${second}${fraction}`;
  }

  /** @internal */
  override toCall(): PythonCall {
    const { microsecond, zone } = this;
    const bytes = Uint8Array.of(
      this.hour | (this.fold ? FOLD : 0),
      this.minute,
      this.second,
      microsecond >> 16,
      microsecond >> 8,
      microsecond,
    );
    return { callee: TIME, args: zone === undefined ? [bytes] : [bytes, zone] };
  }

  /** @internal */
  override toKey(): string {
    return `time ${this} ${this.zone?.toKey()}`;
  }
}

/** `datetime.time(bytes, timezone)`: the bytes are six. */
export function timeOf(args: readonly unknown[]): Time | undefined {
  const [value, zone = null] = args;
  const bytes = bytesOf(value, SIZE);
  if (bytes === undefined || args.length > 2) return undefined;
  if (zone !== null && !(zone instanceof TimeZone)) return undefined;
  const [first = 0, minute = 0, second = 0, high = 0, middle = 0, low = 0] = bytes;
  const [hour, microsecond] = [first & ~FOLD, high << 16 | middle << 8 | low];
  if (hour > 23 || minute > 59 || second > 59 || microsecond >= 1e6) return undefined;
  const fields = { minute, second, microsecond, fold: first >= FOLD };
  return new Time(hour, zone === null ? fields : { ...fields, zone });
}
