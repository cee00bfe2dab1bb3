/** Requests and their responses: which of them may be stored, and how they are fetched. @module */

import { addressOf, headerOf, varyNames } from "./entry.ts";

/** What a cache has to know of a request. */
export type Asked = Pick<Request, "url" | "method" | "headers">;

/**
 * Takes from the caller's argument what a cache has to know. No `Request` is made of a `Request`: that would take the
 * body from the caller, or fail if it has been read. A missing argument has to be checked: in a runtime with a
 * `location`, `new Request(undefined)` throws no error.
 */
export function askedOf(request: Request | string | URL): Asked {
  if (request === undefined) throw new TypeError("Cannot use a cache: it needs a request");
  // A framework's own `Request` counts too.
  const isRequest = typeof (request as Request)?.url === "string" &&
    typeof (request as Request).headers?.get === "function";
  const { url, method, headers } = isRequest ? request as Request : new Request(request);
  return { url, method, headers: new Headers(headers) };
}

/**
 * Refuses what the web standard does not allow in a cache.
 *
 * @throws {TypeError} When the web standard does not store such a response, or none for such a request.
 */
export function checkStorable(request: Asked, response: Response): void {
  checkRequest(request);
  const isResponse = typeof response?.status === "number" &&
    typeof response.headers?.get === "function";
  if (!isResponse) refuse(request, "it is not a Response");
  const why = objection(response);
  if (why !== undefined) refuse(request, why);
  if (response.bodyUsed || response.body?.locked) refuse(request, "its body has been read already");
}

/**
 * Refuses requests that the web standard stores no response for.
 *
 * @throws {TypeError} When the request is not a GET of `http:` or `https:`.
 */
function checkRequest(request: Asked): void {
  if (!/^https?:/.test(request.url)) refuse(request, "its address must begin with http: or https:");
  if (request.method !== "GET") refuse(request, "its method must be GET");
}

function objection(response: Response): string | undefined {
  if (response.status === 206) return "it is a partial response (206)";
  // No other can be given to a reader: `new Response` refuses it.
  if (!(response.status >= 200 && response.status <= 599)) {
    return `its status is ${response.status}`;
  }
  if (varyNames(response.headers).includes("*")) return "it varies by everything (Vary: *)";
  return undefined;
}

function refuse(request: Asked, why: string): never {
  throw new TypeError(`Cannot cache the response to "${request.method} ${request.url}": ${why}`);
}

/** A response, and what it answers. */
export interface Exchange {
  readonly request: Asked;
  readonly response: Response;
}

/**
 * Fetches all requests and passes the responses to `handOver`. When one fails or is aborted, the others are aborted.
 *
 * @throws {TypeError} When the web standard stores no response for one of them.
 */
export async function fetchAll(
  requests: Iterable<Request | string | URL>,
  handOver: (exchanges: readonly Exchange[]) => Promise<void>,
): Promise<void> {
  if (typeof requests !== "object" || typeof requests?.[Symbol.iterator] !== "function") {
    throw new TypeError("Cannot use a cache: it needs a list of requests");
  }
  // What is asked is taken now: the caller may change the requests later.
  const all = Array.from(requests, (request) => ({ request, asked: askedOf(request) }));
  for (const { asked } of all) checkRequest(asked);
  const controller = new AbortController();
  // Needed until the bodies have been read: fetch uses the signal that it is given instead of the request's.
  const unfollow = all.map(({ request }) => follow((request as Request).signal, controller));
  try {
    const exchanges = await Promise.all(all.map(async ({ request, asked }) => {
      const response = await fetch(request, { signal: controller.signal });
      const why = response.ok ? objection(response) : `its status is ${response.status}`;
      if (why !== undefined) refuse(asked, why);
      return { request: asked, response };
    }));
    checkDifferent(exchanges);
    await handOver(exchanges);
  } catch (error) {
    controller.abort(error);
    throw error;
  } finally {
    for (const end of unfollow) end();
  }
}

/**
 * Aborts the controller when the signal is aborted. `AbortSignal.any` could be used, but Node 20 may garbage-collect
 * its result before it aborts.
 */
function follow(signal: AbortSignal | undefined, controller: AbortController): () => void {
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  return () => signal?.removeEventListener("abort", abort);
}

/** Checks that no response would replace another one from the same call. */
function checkDifferent(exchanges: readonly Exchange[]): void {
  const byAddress = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const { request } = exchange;
    const address = addressOf(request.url);
    const others = byAddress.get(address) ?? [];
    const isSame = others.some((other) =>
      varyNames(other.response.headers).every((name) =>
        headerOf(other.request, name) === headerOf(request, name)
      )
    );
    if (isSame) {
      const what = `Cannot cache the response to "${request.method} ${request.url}"`;
      throw new DOMException(`${what}: it is among the requests twice`, "InvalidStateError");
    }
    byAddress.set(address, [...others, exchange]);
  }
}
