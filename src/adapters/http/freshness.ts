/** What a shared cache may store, and for how long, according to RFC 9111. @module */

import { hasValidVary } from "./entry.ts";

/** Whether a response may be stored, how old it is, and how long it stays fresh. */
export interface Freshness {
  /** Whether it may be stored. */
  readonly storable: boolean;
  /** Its age in milliseconds, as far as its headers tell. */
  readonly age: number;
  /** For how many more milliseconds it is fresh; `undefined` when its headers do not tell. */
  readonly lifetime: number | undefined;
}

/** The status of a response without a body: the client has it, and other clients have not (RFC 9111, 4.3.3). */
const NOT_MODIFIED = 304;
/** The largest argument of a directive, in seconds: about 68 years. Larger ones count as this. */
const MOST_SECONDS = 2 ** 31;

/**
 * Reads from a response's headers whether a shared cache may store it, and for how long. Responses that set a cookie,
 * or that must be validated at the origin before each use, are not stored.
 *
 * @param request The request that it answers.
 * @param response The response; only its status and headers are read.
 * @param now When it arrived, in milliseconds since 1970.
 */
export function freshnessOf(
  request: Pick<Request, "headers">,
  response: Response,
  now: number,
): Freshness {
  const { headers } = response;
  const directives = readDirectives(headers);
  const age = ageOf(headers, now);
  const lifetime = lifetimeOf(directives, headers, age, now);
  const isFresh = lifetime === undefined || lifetime > 0;
  const isWhole = response.status !== NOT_MODIFIED;
  const storable = isFresh && isWhole && mayBeShared(request, directives, headers);
  return { storable, age, lifetime };
}

/** Headers of one connection, besides those that `Connection` names (RFC 9110, 7.6.1; RFC 9111, 3.1). */
const OF_A_CONNECTION = [
  ...["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"],
  ...["proxy-authenticate", "proxy-authentication-info", "proxy-authorization"],
];

/** A runtime, as it describes itself. */
interface Runtime {
  readonly userAgent: string;
  /** The version of Node's fetch. */
  readonly undici: string | undefined;
}

function presentRuntime(): Runtime {
  const { navigator, process } = globalThis as {
    readonly navigator?: { readonly userAgent?: string };
    readonly process?: { readonly versions?: { readonly undici?: string } };
  };
  // Node 20 has no navigator.
  return { userAgent: navigator?.userAgent ?? "Node.js", undici: process?.versions?.undici };
}

/**
 * Whether fetch decodes bodies in these encodings while it reads them; the headers still tell of the bytes that came.
 * What it does not know, it leaves as it is. What it knows differs from runtime to runtime, as measured on each.
 *
 * @param encodings What `Content-Encoding` says, which may be a list.
 */
export function isDecoded(encodings: string, runtime: Runtime): boolean {
  const [name, version = ""] = runtime.userAgent.split("/");
  const codings = encodings.toLowerCase().split(",").map((coding) => coding.trim());
  if (name === "Node.js") {
    const known = ["gzip", "x-gzip", "deflate", "br"];
    if (isFrom("7.11", runtime.undici)) known.push("zstd");
    return codings.every((coding) => known.includes(coding));
  }
  if (name === "Bun" && isFrom("1.4", version)) {
    const [coding = "", ...others] = codings.filter((coding) => !["", "identity"].includes(coding));
    const known = ["gzip", "x-gzip", "deflate", "br", "zstd"];
    return others.length === 0 && known.includes(coding);
  }
  if (name === "Bun") {
    const known = ["gzip", "deflate", "br"];
    // Not by the first release of Bun 1.2.
    if (isFrom("1.2.1", version)) known.push("zstd");
    return known.includes(encodings);
  }
  // Workers do not ignore case.
  return ["gzip", "br"].includes(name === "Deno" ? encodings.toLowerCase() : encodings);
}

/** Whether a version is one or a later one. */
function isFrom(first: string, version = "0"): boolean {
  return first.localeCompare(version, "en", { numeric: true }) <= 0;
}

/**
 * The headers of a response that a cache stores: all but those of the connection that it came through; and of the
 * encoding that fetch has undone, without which the response would be sent with a body that does not fit its headers.
 */
export function storableHeaders(
  { headers, url }: Pick<Response, "headers" | "url">,
): [name: string, value: string][] {
  const named = (headers.get("Connection") ?? "").toLowerCase().split(",");
  const left = new Set([...OF_A_CONNECTION, ...named.map((name) => name.trim())]);
  // Only a response of fetch has an address.
  if (url && isDecoded(headers.get("Content-Encoding") ?? "", presentRuntime())) {
    left.add("content-encoding").add("content-length");
  }
  return [...headers].filter(([name]) => !left.has(name.toLowerCase()));
}

function mayBeShared(
  request: Pick<Request, "headers">,
  directives: ReadonlyMap<string, string>,
  headers: Headers,
): boolean {
  if (["no-store", "no-cache", "private"].some((name) => directives.has(name))) return false;
  // Requests cannot be compared by what is no name of a header.
  if (!hasValidVary(headers)) return false;
  if (headers.has("Set-Cookie") || readDirectives(request.headers).has("no-store")) return false;
  return !request.headers.has("Authorization") || isForAll(directives);
}

/** Whether the response to a request with credentials may be shared (RFC 9111, 3.5). */
function isForAll(directives: ReadonlyMap<string, string>): boolean {
  return ["public", "s-maxage", "must-revalidate"].some((name) => directives.has(name));
}

/** The larger of the ages according to `Age` and `Date` (RFC 9111, 4.2.3). */
function ageOf(headers: Headers, now: number): number {
  // The first element of a list counts; a value that is not a number of seconds is ignored (RFC 9111, 5.1).
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
  // "0", and everything else that is not a date, means that the response has expired.
  return (readHttpDate(expires) ?? -Infinity) - date - age;
}

function secondsOf(text: string): number | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text), MOST_SECONDS) : undefined;
}

/**
 * Reads `max-age=60, private="x, y"`; if a directive occurs twice, the first one counts. Some origins write `;` for
 * `,`.
 */
function readDirectives(headers: Headers): Map<string, string> {
  const header = headers.get("Cache-Control") ?? "";
  const directives = new Map<string, string>();
  for (
    const [, name = "", quoted, token] of header.matchAll(
      /([^\s,;=]+)(?:=(?:"([^"]*)"|([^\s,;]*)))?/g,
    )
  ) {
    const key = name.toLowerCase();
    if (!directives.has(key)) directives.set(key, quoted ?? token ?? "");
  }
  return directives;
}

/**
 * Reads a date in one of HTTP's three formats, without regard to case (RFC 9110, 5.6.7). The date is in UTC, with or
 * without a zone. `Date.parse` is not used, because it reads a date without a zone as local time.
 *
 * @param text The field's value.
 * @returns Milliseconds since 1970, or `undefined` when it is not such a date.
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
  // A leap second may be second 60.
  if (Number(day) > 31 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  return Date.UTC(fullYear(year), monthAt / 3, Number(day), hours, minutes, seconds);
}

/** A year of two digits is at most 50 years ahead; otherwise it belongs to the century before. */
function fullYear(digits: string): number {
  if (digits.length === 4) return Number(digits);
  const latest = new Date().getUTCFullYear() + 50;
  return latest - (latest - Number(digits)) % 100;
}
