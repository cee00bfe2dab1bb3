/** What a shared cache may keep, and for how long, as RFC 9111 has it. @module */

/** Whether a response may be kept, and until when. */
export interface Freshness {
  /** Whether it may be kept at all. */
  readonly storable: boolean;
  /** For how many milliseconds it is fresh; `undefined` when it says nothing about it. */
  readonly lifetime: number | undefined;
}

const NOT_STORABLE: Freshness = { storable: false, lifetime: undefined };

/**
 * Tells what a response says about keeping it in a cache that many users share. Nothing is kept that would
 * have to be validated at its origin before each use, or that sets a cookie.
 *
 * @param now Milliseconds since 1970, for a response without a `Date`.
 */
export function freshnessOf(request: Request, response: Response, now: number): Freshness {
  const directives = readDirectives(response.headers.get("Cache-Control") ?? "");
  if (["no-store", "no-cache", "private"].some((name) => directives.has(name))) return NOT_STORABLE;
  if (response.headers.has("Set-Cookie")) return NOT_STORABLE;
  if (request.headers.has("Authorization") && !isForAll(directives)) return NOT_STORABLE;
  const lifetime = lifetimeOf(directives, response.headers, now);
  return { storable: lifetime === undefined || lifetime > 0, lifetime };
}

/** Whether what was asked for with credentials may be shared (RFC 9111, 3.5). */
function isForAll(directives: ReadonlyMap<string, string>): boolean {
  return ["public", "s-maxage", "must-revalidate"].some((name) => directives.has(name));
}

function lifetimeOf(
  directives: ReadonlyMap<string, string>,
  headers: Headers,
  now: number,
): number | undefined {
  const maxAge = directives.get("s-maxage") ?? directives.get("max-age");
  const age = secondsOf(headers.get("Age")?.trim() ?? "0") ?? 0;
  if (maxAge !== undefined) return ((secondsOf(maxAge) ?? 0) - age) * 1000;
  const expires = headers.get("Expires");
  if (expires === null) return undefined;
  const date = Date.parse(headers.get("Date") ?? "");
  // "0" and whatever else is no date means that it has expired.
  const at = /[a-z]/i.test(expires) ? Date.parse(expires) : NaN;
  return Number.isNaN(at) ? 0 : at - (Number.isNaN(date) ? now : date) - age * 1000;
}

function secondsOf(text: string): number | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text), 2 ** 31) : undefined;
}

/** Reads `max-age=60, private="x, y"`; of one that is given twice, the first counts. */
function readDirectives(header: string): Map<string, string> {
  const directives = new Map<string, string>();
  for (
    const [, name, quoted, token] of header.matchAll(/([^\s,=]+)(?:=(?:"([^"]*)"|([^\s,]*)))?/g)
  ) {
    const key = name!.toLowerCase();
    if (!directives.has(key)) directives.set(key, quoted ?? token ?? "");
  }
  return directives;
}
