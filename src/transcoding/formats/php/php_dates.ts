/**
 * PHP's `DateTime` and `DateTimeImmutable`, which serialize as a local time and what its zone is known by: an
 * offset, an abbreviation or a name.
 *
 * @module
 */

import { quote } from "../../../errors.ts";

/** The classes whose objects are a date. */
export const DATE_CLASSES: readonly string[] = ["DateTimeImmutable", "DateTime"];

const DATE = /^([+-]?\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/;
const OFFSET = /^([+-])(\d\d):(\d\d)(?::(\d\d))?$/;
const MINUTE = 60_000;
const DAY = 86_400_000;

/** Hours from UTC of abbreviations that mean one zone to PHP. */
const ABBREVIATIONS: Readonly<Record<string, number>> = {
  ...{ Z: 0, UTC: 0, GMT: 0, WET: 0, WEST: 1, BST: 1, CET: 1, CEST: 2, EET: 2, EEST: 3, MSK: 3 },
  ...{ EST: -5, EDT: -4, CST: -6, CDT: -5, MST: -7, MDT: -6, PST: -8, PDT: -7, AKST: -9, AKDT: -8 },
  ...{ HST: -10, JST: 9, KST: 9, AEST: 10, AEDT: 11, AWST: 8, NZST: 12, NZDT: 13 },
};

/** The properties of a date that is written in UTC, as PHP has them for the zone `Z`. */
export function propertiesOfDate(date: Date): readonly [string, string | number][] {
  const [day = "", time = ""] = date.toISOString().slice(0, -1).split("T");
  const year = day.slice(0, day.indexOf("-", 1));
  // JavaScript writes years beyond four digits in six, and PHP in as few as do.
  const short = year.replace(/^([+-])0+(?=\d{4,}$)/, "$1");
  const local = `${short}${day.slice(year.length)} ${time}000`;
  return [["date", local], ["timezone_type", 2], ["timezone", "Z"]];
}

/**
 * The instant of a date; what is below a millisecond is cut off.
 *
 * @returns The date, or why there is none.
 */
export function dateOfProperties(properties: ReadonlyMap<unknown, unknown>): Date | string {
  const [text, zone] = [properties.get("date"), properties.get("timezone")];
  const type = properties.get("timezone_type");
  const fields = typeof text === "string" ? DATE.exec(text) : null;
  if (fields === null || typeof zone !== "string") return "a date without its properties";
  const local = localTime(fields);
  let offset: number | undefined;
  if (type === 1) offset = offsetOf(zone);
  else if (type === 2 && Object.hasOwn(ABBREVIATIONS, zone.toUpperCase())) {
    offset = (ABBREVIATIONS[zone.toUpperCase()] ?? 0) * 60 * MINUTE;
  } else if (type === 3) offset = zone === "UTC" ? 0 : offsetIn(zone, local);
  if (offset === undefined) return `a date in the unknown time zone ${quote(zone)}`;
  const date = new Date(local - offset);
  return Number.isNaN(date.getTime()) ? "a date out of JavaScript's range" : date;
}

function localTime(fields: readonly string[]): number {
  const [, year, month, day, hours, minutes, seconds, fraction = ""] = fields;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  return date.setUTCHours(Number(hours), Number(minutes), Number(seconds), milliseconds);
}

function offsetOf(zone: string): number | undefined {
  const [, sign, hours, minutes, seconds = 0] = OFFSET.exec(zone) ?? [];
  if (sign === undefined) return undefined;
  const magnitude = (Number(hours) * 60 + Number(minutes)) * MINUTE + Number(seconds) * 1000;
  return sign === "-" ? -magnitude : magnitude;
}

/** The offset of a named zone at a local time: of two such times the earlier one's, as PHP takes it. */
function offsetIn(zone: string, local: number): number | undefined {
  const format = formatOf(zone.toLowerCase());
  if (format === undefined) return undefined;
  if (Number.isNaN(local)) return 0;
  const candidates = [local - DAY, local + DAY].map((instant) => offsetAt(format, instant));
  const fitting = candidates.filter((offset) => offsetAt(format, local - offset) === offset);
  return fitting.length > 0 ? Math.max(...fitting) : candidates[0];
}

const formats = /* @__PURE__ */ new Map<string, Intl.DateTimeFormat>();

/** There are some hundred names, in small letters, so that all that were used can be kept; `undefined` for no name. */
function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(zone);
  if (known !== undefined || !/^[a-z]/.test(zone)) return known;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      ...{ timeZone: zone, hourCycle: "h23", era: "short", year: "numeric", month: "numeric" },
      ...{ day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" },
    });
    formats.set(zone, format);
    return format;
  } catch {
    return undefined; // the runtime does not know the zone
  }
}

function offsetAt(format: Intl.DateTimeFormat, instant: number): number {
  const whole = Math.floor(instant / 1000) * 1000;
  const parts = new Map(format.formatToParts(whole).map(({ type, value }) => [type, value]));
  const field = (name: Intl.DateTimeFormatPartTypes) => Number(parts.get(name));
  const year = parts.get("era") === "BC" ? 1 - field("year") : field("year");
  const date = new Date(0);
  date.setUTCFullYear(year, field("month") - 1, field("day"));
  return date.setUTCHours(field("hour"), field("minute"), field("second")) - whole;
}
