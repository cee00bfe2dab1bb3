/** Waiting until the event loop has read every socket, on each runtime. @module */

import { systemClock } from "../waiting.ts";

interface Global {
  readonly Deno?: unknown;
  setImmediate?(call: () => void): unknown;
  clearImmediate?(immediate: unknown): void;
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
  // The first call ends this turn, the second one the next. With Node's modules loaded, Deno reads sockets one later.
  let cancel = hop(() => cancel = hop(() => cancel = hop(call)));
  return () => cancel();
}

/** Calls back after the pending events of the event loop, by a message if immediates have been replaced. */
function immediate(call: () => void): () => void {
  const { setImmediate, clearImmediate } = globalThis as Global;
  const due = () => {
    cancel();
    call();
  };
  // Not a timer: a test may have replaced those too, before this module was loaded.
  const messaged = message(due);
  const immediate = setImmediate!(due);
  const cancel = () => {
    messaged();
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
