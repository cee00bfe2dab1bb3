/** Requests and their responses: which of them may be stored, and how they are fetched. @module */

import { addressOf, varyNames } from "./entry.ts";

/**
 * Makes a `Request` of the caller's argument. A missing argument has to be checked: in a runtime with a `location`,
 * `new Request(undefined)` throws no error.
 */
export function requestOfCall(request: Request | string | URL): Request {
  if (request === undefined) throw new TypeError("Cannot use a cache: it needs a request");
  return new Request(request);
}

/**
 * Refuses what the web standard does not allow in a cache.
 *
 * @throws {TypeError} When the web standard does not store such a response, or none for such a request.
 */
export function checkStorable(request: Request, response: Response): void {
  checkRequest(request);
  if (typeof response?.status !== "number") refuse(request, "it is not a Response");
  const why = objection(response);
  if (why !== undefined) refuse(request, why);
  if (response.bodyUsed || response.body?.locked) refuse(request, "its body has been read already");
}

/**
 * Refuses requests that the web standard stores no response for.
 *
 * @throws {TypeError} When the request is not a GET of `http:` or `https:`.
 */
export function checkRequest(request: Request): void {
  if (!/^https?:/.test(request.url)) refuse(request, "its address must begin with http: or https:");
  if (request.method !== "GET") refuse(request, "its method must be GET");
}

function objection(response: Response): string | undefined {
  if (response.status === 206) return "it is a partial response (206)";
  if (response.status < 200) return `its status is ${response.status}`;
  if (varyNames(response.headers).includes("*")) return "it varies by everything (Vary: *)";
  return undefined;
}

function refuse(request: Request, why: string): never {
  throw new TypeError(`Cannot cache the response to "${request.method} ${request.url}": ${why}`);
}

/** A request and its response. */
export interface Exchange {
  readonly request: Request;
  readonly response: Response;
}

/**
 * Fetches all requests and passes the responses to `handOver`. When one fails or is aborted, the others are aborted.
 */
export async function fetchAll(
  requests: readonly Request[],
  handOver: (exchanges: readonly Exchange[]) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  // Needed until the bodies have been read: fetch uses the signal that it is given instead of the request's.
  const unfollow = requests.map(({ signal }) => follow(signal, controller));
  try {
    const exchanges = await Promise.all(requests.map(async (request) => {
      const response = await fetch(request, { signal: controller.signal });
      const why = response.ok ? objection(response) : `its status is ${response.status}`;
      if (why !== undefined) refuse(request, why);
      return { request, response };
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
function follow(signal: AbortSignal, controller: AbortController): () => void {
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  return () => signal.removeEventListener("abort", abort);
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
        other.request.headers.get(name) === request.headers.get(name)
      )
    );
    if (isSame) {
      const what = `Cannot cache the response to "${request.method} ${request.url}"`;
      throw new DOMException(`${what}: it is among the requests twice`, "InvalidStateError");
    }
    byAddress.set(address, [...others, exchange]);
  }
}
