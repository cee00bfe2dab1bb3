/** What runtimes have in common and reach in different ways. @module */

import { systemClock } from "../waiting.ts";

interface Global {
  readonly Deno?: unknown;
  setImmediate?(call: () => void): unknown;
  clearImmediate?(immediate: unknown): void;
}

/** Milliseconds after which an immediate is not waited for any more. */
const LATE_IMMEDIATE = 5;

/** Whether this is one of Cloudflare's workers; Node 20 has no `navigator`. */
export function isWorker(): boolean {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers";
}

/**
 * Calls back when the event loop has looked at every socket once: what had come while the process was
 * suspended has been handed over by then. On Deno, what had come while it was busy may be handed over later.
 *
 * A test may have replaced the runtime's timers by some that are never due: it waits for none of them.
 *
 * @returns What calls it off.
 */
export function afterTurn(call: () => void): () => void {
  const runtime = globalThis as Global;
  // On Deno the first touch of an immediate loads Node's timers, which takes 5 ms or more.
  const hasImmediates = runtime.Deno === undefined && runtime.setImmediate !== undefined;
  const hop = hasImmediates ? immediate : message;
  // The first hop ends this turn, the second one the next.
  let cancel = hop(() => cancel = hop(call));
  return () => cancel();
}

/** Calls back behind what the event loop has in hand; a little later where immediates are replaced. */
function immediate(call: () => void): () => void {
  const { setImmediate, clearImmediate } = globalThis as Global;
  const due = () => {
    cancel();
    call();
  };
  const late = systemClock.after(LATE_IMMEDIATE, due);
  const immediate = setImmediate!(due);
  const cancel = () => {
    late();
    clearImmediate!(immediate);
  };
  return cancel;
}

/** As {@linkcode immediate}, by a message to oneself. */
function message(call: () => void): () => void {
  if (typeof MessageChannel !== "function") return systemClock.after(0, call);
  const { port1, port2 } = new MessageChannel();
  const close = () => {
    // Deno delivers what was sent before a port was closed.
    port1.onmessage = null;
    port1.close();
    port2.close();
  };
  port1.onmessage = () => {
    close();
    call();
  };
  port2.postMessage(undefined);
  return close;
}

/** The most and the fewest milliseconds from one attempt to the next, as RFC 8305 recommends them. */
const LONGEST_ATTEMPT = 250;
const SHORTEST_ATTEMPT = 10;

/**
 * How long one of a name's addresses may take before the next is tried as well: a share of all the time
 * there is.
 *
 * @param connectTimeout Milliseconds that connecting may take, or `undefined` for any.
 * @param addresses How many there are, or are likely to be.
 * @returns Milliseconds, a whole number.
 */
export function timeToNextAddress(connectTimeout: number | undefined, addresses: number): number {
  const share = Math.min((connectTimeout ?? Infinity) / (addresses + 1), LONGEST_ATTEMPT);
  return Math.ceil(Math.max(share, SHORTEST_ATTEMPT));
}
