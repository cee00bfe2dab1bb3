/** What a shared cache may keep, and for how long, as RFC 9111 says. @module */

/** Whether a response may be kept, how old it is, and until when it is fresh. */
export interface Freshness {
  /** Whether it may be kept at all. */
  readonly storable: boolean;
  /** How many milliseconds ago its origin made it, as far as its headers tell. */
  readonly age: number;
  /** For how many more milliseconds it is fresh; `undefined` when it says nothing about it. */
  readonly lifetime: number | undefined;
}

/** A directive's argument counts up to here, about 68 years. */
const MOST_SECONDS = 2 ** 31;

/**
 * Reads what a response says about keeping it in a cache that many users share. Nothing is kept that would
 * have to be validated at its origin before each use, or that sets a cookie.
 *
 * @param request The request that it answers.
 * @param response The response, whose headers are read.
 * @param now When it came, in milliseconds since 1970.
 */
export function freshnessOf(request: Request, response: Response, now: number): Freshness {
  const { headers } = response;
  const directives = readDirectives(headers);
  const age = ageOf(headers, now);
  const lifetime = lifetimeOf(directives, headers, age, now);
  const isFresh = lifetime === undefined || lifetime > 0;
  return { storable: isFresh && mayBeShared(request, directives, headers), age, lifetime };
}

function mayBeShared(
  request: Request,
  directives: ReadonlyMap<string, string>,
  headers: Headers,
): boolean {
  if (["no-store", "no-cache", "private"].some((name) => directives.has(name))) return false;
  if (headers.has("Set-Cookie") || readDirectives(request.headers).has("no-store")) return false;
  return !request.headers.has("Authorization") || isForAll(directives);
}

/** Whether what was asked for with credentials may be shared (RFC 9111, 3.5). */
function isForAll(directives: ReadonlyMap<string, string>): boolean {
  return ["public", "s-maxage", "must-revalidate"].some((name) => directives.has(name));
}

/** The larger one of what `Age` says and of what `Date` says (RFC 9111, 4.2.3). */
function ageOf(headers: Headers, now: number): number {
  // Of a list, the first one counts; what is no number of seconds does not (RFC 9111, 5.1).
  const [first = ""] = (headers.get("Age") ?? "").split(",");
  const told = (secondsOf(first.trim()) ?? 0) * 1000;
  const date = readHttpDate(headers.get("Date") ?? "");
  return date === undefined ? told : Math.max(told, now - date);
}

function lifetimeOf(
  directives: ReadonlyMap<string, string>,
  headers: Headers,
  age: number,
  now: number,
): number | undefined {
  const maxAge = directives.get("s-maxage") ?? directives.get("max-age");
  if (maxAge !== undefined) return (secondsOf(maxAge) ?? 0) * 1000 - age;
  const expires = headers.get("Expires");
  if (expires === null) return undefined;
  const date = readHttpDate(headers.get("Date") ?? "") ?? now;
  // "0" and everything else that is no date means that it has expired.
  return (readHttpDate(expires) ?? -Infinity) - date - age;
}

function secondsOf(text: string): number | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text), MOST_SECONDS) : undefined;
}

/** Reads `max-age=60, private="x, y"`; of one that is given twice, the first counts. */
function readDirectives(headers: Headers): Map<string, string> {
  const header = headers.get("Cache-Control") ?? "";
  const directives = new Map<string, string>();
  for (
    const [, name = "", quoted, token] of header.matchAll(
      /([^\s,=]+)(?:=(?:"([^"]*)"|([^\s,]*)))?/g,
    )
  ) {
    const key = name.toLowerCase();
    if (!directives.has(key)) directives.set(key, quoted ?? token ?? "");
  }
  return directives;
}

/**
 * Reads a date in one of HTTP's three formats, without regard to case (RFC 9110, 5.6.7). It is in UTC, with a
 * zone or without; no runtime's `Date.parse` is asked, which takes a date without a zone for local time.
 *
 * @param text The field's value.
 * @returns Milliseconds since 1970, or `undefined` when it is no such date.
 */
export function readHttpDate(text: string): number | undefined {
  const found = text.trim().match(
    // "Sun, 06 Nov 1994 08:49:37 GMT" and "Sunday, 06-Nov-94 08:49:37 GMT"
    /^(?:[a-z]+, *)?(?<day>\d{1,2})[ -](?<month>[a-z]{3})[ -](?<year>\d{4}|\d\d) (?<time>\d\d:\d\d:\d\d)(?: (?:GMT|UTC|[+-]0000))?$/i,
  ) ?? text.trim().match(
    // "Sun Nov  6 08:49:37 1994"
    /^[a-z]{3} (?<month>[a-z]{3}) +(?<day>\d{1,2}) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})(?: GMT)?$/i,
  );
  const { day, month = "", year = "", time = "" } = found?.groups ?? {};
  const monthAt = "janfebmaraprmayjunjulaugsepoctnovdec".indexOf(month.toLowerCase());
  if (found === null || monthAt % 3 !== 0) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  // The last second of a day may be a 61st.
  if (Number(day) > 31 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  return Date.UTC(fullYear(year), monthAt / 3, Number(day), hours, minutes, seconds);
}

/** Two digits stand for the year that has them and is no more than 50 years ahead. */
function fullYear(digits: string): number {
  if (digits.length === 4) return Number(digits);
  const latest = new Date().getUTCFullYear() + 50;
  return latest - (latest - Number(digits)) % 100;
}
