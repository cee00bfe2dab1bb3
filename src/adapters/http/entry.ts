/** What is remembered of a response besides its body. @module */

/** Where a body is. */
export interface BodyPlace {
  /** What its chunks are called, which no other body is. */
  readonly id: string;
  readonly byteLength: number;
  readonly chunkByteLength: number;
}

/** A response and what it answers. */
export interface Entry {
  readonly url: string;
  /** The request's headers that the response varies by; `null` for those it had not. */
  readonly vary: readonly (readonly [name: string, value: string | null])[];
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: BodyPlace | null;
  /** When it was stored, in milliseconds since 1970. */
  readonly stored: number;
  /** How old it was then, in milliseconds. */
  readonly age: number;
  /** Until when it may be served; `null` for ever. */
  readonly expires: number | null;
}

/** Whether something that was read from memcached is an entry. */
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

/** Whether a request has the headers that an entry was stored for. */
export function hasSameVariant(entry: Entry, request: Request): boolean {
  return entry.vary.every(([name, value]) => request.headers.get(name) === value);
}

/** The address that an entry is found by: the fragment never counts. */
export function addressOf(url: string, ignoreSearch = false): string {
  const address = new URL(url);
  address.hash = "";
  if (ignoreSearch) address.search = "";
  return address.href;
}

/** Makes the request again that an entry was stored for, with those of its headers that count. */
export function requestOf({ url, vary }: Entry): Request {
  const known = vary.filter((pair): pair is [string, string] => pair[1] !== null);
  return new Request(url, { headers: known });
}

/** Makes the response again, with its age. */
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
