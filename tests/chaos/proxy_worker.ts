/**
 * The thread of the proxies. It is theirs alone, so that the client's event loop, and with it the
 * time in which operations settle, is not held up by them.
 *
 * @module
 */

import type { Journal } from "./journal.ts";
import { ChaosProxy, type ProxyOptions } from "./proxy.ts";

/** What the thread receives. */
export type ToProxies = { readonly open: readonly ProxyOptions[] } | { readonly close: true };

/** What it answers. */
export type FromProxies =
  | { readonly ports: readonly number[] }
  | { readonly journals: readonly Journal[] };

/** The part of a worker's global scope that is used; `deno check` knows only the window's. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToProxies>) => void) | null;
  postMessage(message: FromProxies): void;
}

const scope = self as unknown as WorkerScope;
let proxies: readonly ChaosProxy[] = [];

scope.onmessage = async ({ data }) => {
  if ("open" in data) {
    proxies = data.open.map((options) => new ChaosProxy(options));
    scope.postMessage({ ports: proxies.map(({ port }) => port) });
  } else {
    scope.postMessage({ journals: await Promise.all(proxies.map((proxy) => proxy.close())) });
  }
};
