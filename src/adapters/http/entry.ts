/** What a cache stores of a response besides its body. @module */

/** Where a body is stored. */
export interface BodyPlace {
  /** Its id, which is part of the keys of its chunks and different for each body. */
  readonly id: string;
  readonly byteLength: number;
  readonly chunkByteLength: number;
}

/** A response, and the request that it answers. */
export interface Entry {
  readonly url: string;
  /** The request's headers that the response varies by; `null` for a header that it did not have. */
  readonly vary: readonly (readonly [name: string, value: string | null])[];
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: BodyPlace | null;
  /** When it was stored, in milliseconds since 1970. */
  readonly stored: number;
  /** Its age when it was stored, in milliseconds. */
  readonly age: number;
  /** Until when it may be served, in milliseconds since 1970; `null` means for ever. */
  readonly expires: number | null;
}

/** Whether a value from memcached is an entry. */
export function isEntry(value: unknown): value is Entry {
  const { url, vary, status, statusText, headers, body, stored, age, expires } =
    (value ?? {}) as Partial<Record<keyof Entry, unknown>>;
  return [url, statusText].every((text) => typeof text === "string") &&
    [status, stored, age].every((number) => typeof number === "number") &&
    (expires === null || typeof expires === "number") &&
    isPairs(vary) && isPairs(headers) && (body === null || isBodyPlace(body));
}

function isPairs(value: unknown): boolean {
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2);
}

function isBodyPlace(value: unknown): boolean {
  const { id, byteLength, chunkByteLength } = (value ?? {}) as Partial<BodyPlace>;
  return typeof id === "string" && Number.isInteger(byteLength) &&
    Number.isInteger(chunkByteLength);
}

/** The names in a response's `Vary`, in lower case. */
export function varyNames(headers: Headers): string[] {
  const names = (headers.get("Vary") ?? "").toLowerCase().split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
}

/** What a name in `Vary` must be (RFC 9110, 5.6.2). */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Whether all names in a response's `Vary` are names of headers, so that requests can be compared by them. */
export function hasValidVary(headers: Headers): boolean {
  return varyNames(headers).every((name) => HEADER_NAME.test(name));
}

/** The value of a request's header; `null` when it has none. */
export function headerOf({ headers }: Pick<Request, "headers">, name: string): string | null {
  return HEADER_NAME.test(name) ? headers.get(name) : null;
}

/** Whether a request has the headers that an entry was stored for. */
export function hasSameVariant(entry: Entry, request: Pick<Request, "headers">): boolean {
  return entry.vary.every(([name, value]) => headerOf(request, name) === value);
}

/** The address under which an entry is found; without the fragment. */
export function addressOf(url: string, ignoreSearch = false): string {
  const address = new URL(url);
  address.hash = "";
  if (ignoreSearch) address.search = "";
  return address.href;
}

/** Rebuilds the request that an entry was stored for, with the headers that `Vary` names. */
export function requestOf({ url, vary }: Entry): Request {
  const known = vary.filter((pair): pair is [string, string] => pair[1] !== null);
  return new Request(url, { headers: known });
}

/** Rebuilds the response, with an `Age` header. */
export function responseOf(
  entry: Entry,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  now: number,
): Response {
  const headers = new Headers(
    entry.headers.map(([name, value]): [string, string] => [name, value]),
  );
  const age = Math.max(0, Math.floor((entry.age + now - entry.stored) / 1000));
  headers.set("Age", `${age}`);
  return new Response(body, { status: entry.status, statusText: entry.statusText, headers });
}
