/** Requests and their responses: what may be stored of them at all, and how they are fetched. @module */

import { addressOf, varyNames } from "./entry.ts";

/** Makes the request that a caller gives; no address is one as well, where the runtime has a location. */
export function requestOfCall(request: Request | string | URL): Request {
  if (request === undefined) throw new TypeError("Cannot use a cache: it needs a request");
  return new Request(request);
}

/**
 * Checks what the web standard does not store.
 *
 * @throws {TypeError} When it would not store the response, or not for such a request.
 */
export function checkStorable(request: Request, response: Response): void {
  checkRequest(request);
  if (typeof response?.status !== "number") refuse(request, "it is no Response");
  const why = objection(response);
  if (why !== undefined) refuse(request, why);
  if (response.bodyUsed || response.body?.locked) refuse(request, "its body has been read already");
}

/**
 * Checks what the web standard stores no response for.
 *
 * @throws {TypeError} When the request is no GET of `http:` or `https:`.
 */
export function checkRequest(request: Request): void {
  if (!/^https?:/.test(request.url)) refuse(request, "its address must begin with http: or https:");
  if (request.method !== "GET") refuse(request, "its method must be GET");
}

function objection(response: Response): string | undefined {
  if (response.status === 206) return "it is a part only (206)";
  if (response.status < 200) return `its status is ${response.status}`;
  if (varyNames(response.headers).includes("*")) return "it varies by everything (Vary: *)";
  return undefined;
}

function refuse(request: Request, why: string): never {
  throw new TypeError(`Cannot cache the response to "${request.method} ${request.url}": ${why}`);
}

/** A request and its answer. */
export interface Exchange {
  readonly request: Request;
  readonly response: Response;
}

/** Fetches all requests and hands the responses over. One that fails or is aborted ends the others. */
export async function fetchAll(
  requests: readonly Request[],
  handOver: (exchanges: readonly Exchange[]) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  // Until the bodies have been read: a signal that is given to fetch replaces the request's own.
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

/** Aborts as a signal does. `AbortSignal.any` would do, but on Node 20 may be collected before it aborts. */
function follow(signal: AbortSignal, controller: AbortController): () => void {
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  return () => signal.removeEventListener("abort", abort);
}

/** Checks that no response would replace another one of the same call. */
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
