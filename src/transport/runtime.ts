/** Functions that each runtime provides in a different way. @module */

import { systemClock } from "../waiting.ts";

interface Global {
  readonly Deno?: unknown;
  setImmediate?(call: () => void): unknown;
  clearImmediate?(immediate: unknown): void;
}

/** The size of the read buffer: larger ones gain little, and the chunks of the runtimes' streams are smaller. */
export const READ_SIZE: number = 1 << 17;

/** From this size on, reading into a vacancy is faster, although it may take one more read. */
export const LARGE_VACANCY: number = 1 << 17;

/** How many milliseconds to wait for an immediate. */
const LATE_IMMEDIATE = 5;

/** Whether this is a Cloudflare Worker; Node 20 has no `navigator`. */
export function isWorker(): boolean {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers";
}

/**
 * Calls back when the event loop has polled every socket once. Data that arrived while the process was suspended has
 * been delivered by then. On Deno, data that arrived while it was busy may be delivered later.
 *
 * It does not depend on timers, because a test may have replaced them by timers that never fire.
 *
 * @returns A function that cancels it.
 */
export function afterTurn(call: () => void): () => void {
  const runtime = globalThis as Global;
  // On Deno, the first access to `setImmediate` loads Node's timers, which takes 5 ms or more.
  const hasImmediates = runtime.Deno === undefined && runtime.setImmediate !== undefined;
  const hop = hasImmediates ? immediate : message;
  // The first call ends this turn, the second one the next.
  let cancel = hop(() => cancel = hop(call));
  return () => cancel();
}

/** Calls back after the pending events of the event loop; a little later if immediates have been replaced. */
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

/** As {@linkcode immediate}, through a message to this thread. */
function message(call: () => void): () => void {
  if (typeof MessageChannel !== "function") return systemClock.after(0, call);
  const { port1, port2 } = new MessageChannel();
  const close = () => {
    // Deno delivers messages that were sent before the port was closed.
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

/** The maximum and minimum milliseconds between two attempts, as recommended by RFC 8305. */
const LONGEST_ATTEMPT = 250;
const SHORTEST_ATTEMPT = 10;

/**
 * How long to wait for one of a name's addresses before the next is tried as well: a part of the total time.
 *
 * @param connectTimeout The time limit for connecting in milliseconds, or `undefined` for none.
 * @param addresses The number of addresses, or the likely number.
 * @returns Milliseconds, a whole number.
 */
export function timeToNextAddress(connectTimeout: number | undefined, addresses: number): number {
  const share = Math.min((connectTimeout ?? Infinity) / (addresses + 1), LONGEST_ATTEMPT);
  return Math.ceil(Math.max(share, SHORTEST_ATTEMPT));
}
