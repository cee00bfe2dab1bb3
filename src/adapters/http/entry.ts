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
  /** Until when it may be served; `null` for ever. */
  readonly expires: number | null;
  /** Whether the response says itself how long it is fresh, so that its age matters. */
  readonly ages: boolean;
  /** The generation of the cache that it was stored in. */
  readonly generation: string;
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

/** Makes the request again that an entry was stored for, of whose headers only those are known that count. */
export function requestOf({ url, vary }: Entry): Request {
  const known = vary.filter((pair): pair is [string, string] => pair[1] !== null);
  return new Request(url, { headers: known });
}

/** Makes the response again. */
export function responseOf(
  entry: Entry,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  now: number,
): Response {
  const headers = new Headers(
    entry.headers.map(([name, value]): [string, string] => [name, value]),
  );
  if (entry.ages) {
    const before = Number(headers.get("Age") ?? 0) || 0;
    headers.set("Age", `${before + Math.max(0, Math.floor((now - entry.stored) / 1000))}`);
  }
  return new Response(body, { status: entry.status, statusText: entry.statusText, headers });
}
