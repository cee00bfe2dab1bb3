/**
 * The clock of a client, and waiting for promises that a signal may end: what every client has loaded. The folder
 * `waiting/` has what is loaded with its first connection.
 *
 * @module
 */

import { cannotLoad } from "./errors.ts";

/** The client's clock and timers. A test may pass its own. */
export interface Clock {
  /** Milliseconds since any fixed time; they never decrease. */
  now(): number;
  /**
   * Calls back once, after this many milliseconds.
   *
   * @returns Cancels the call.
   */
  after(delay: number, callback: () => void): () => void;
}

// Read when the module is loaded, so that tests that replace the global timers and clock do not stop the client. The
// global `setTimeout` is not used: on Deno, its first access loads `node:timers`, which takes 5 to 8 ms.
const now = /* @__PURE__ */ performance.now.bind(performance);
const timeout = /* @__PURE__ */ AbortSignal.timeout.bind(AbortSignal);

/** The clock of the runtime. Only on Deno do its timers keep the process alive. */
export const systemClock: Clock = {
  now,
  after(delay, callback) {
    const signal = signalAfter(delay);
    signal.addEventListener("abort", callback);
    return () => signal.removeEventListener("abort", callback);
  },
};

/** The global `setTimeout` and `clearTimeout`. */
export type Timers = readonly [
  set: (callback: () => void, delay: number) => number,
  clear: (timer?: number) => void,
];

/** The global timers; not on Deno, where touching them takes time and {@linkcode systemClock} does as well. */
export const earlyTimers: Timers | undefined = /* @__PURE__ */ takeTimers();

function takeTimers(): Timers | undefined {
  // What they return has another type on each runtime.
  return "Deno" in globalThis ? undefined : [setTimeout, clearTimeout] as unknown as Timers;
}

/** A signal that is aborted after this many milliseconds, at least one. */
export function signalAfter(delay: number): AbortSignal {
  // Node accepts integers only. Bun 1.2 reads no sockets between a timer and one of 0 ms that it sets.
  return timeout(Math.max(1, Math.ceil(delay)));
}

/** Something that can be abandoned. */
interface Abandonable {
  abandon(reason: unknown): void;
}

/** Everything that a signal abandons, and its single listener. */
interface Watch {
  readonly waiting: Set<Abandonable>;
  readonly listener: () => void;
}

/** Adding or removing a listener takes time proportional to the number of listeners, so all share one. */
const watches = /* @__PURE__ */ new WeakMap<AbortSignal, Watch>();

/**
 * Abandons something with the signal's reason when the signal is aborted.
 *
 * @returns A function that stops watching.
 */
export function watchSignal(signal: AbortSignal, watcher: Abandonable): () => void {
  const { waiting, listener } = watches.get(signal) ?? makeWatch(signal);
  if (waiting.size === 0) signal.addEventListener("abort", listener);
  waiting.add(watcher);
  return () => {
    waiting.delete(watcher);
    if (waiting.size === 0) signal.removeEventListener("abort", listener);
  };
}

function makeWatch(signal: AbortSignal): Watch {
  const waiting = new Set<Abandonable>();
  const listener = () => {
    for (const watcher of waiting) watcher.abandon(signal.reason);
    waiting.clear();
  };
  const watch = { waiting, listener };
  watches.set(signal, watch);
  return watch;
}

/**
 * Waits for a promise that others may wait for too.
 *
 * @param signal Ends only this wait: it is rejected with the signal's reason.
 */
export function untilAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    promise.then(resolve, reject).then(watchSignal(signal, { abandon: reject }));
  });
}

/**
 * Makes a function that loads something once for all callers. On Deno, thousands of concurrent imports of the same
 * module take minutes, because each import searches all others.
 *
 * @param load Loads it; called again after a failure.
 * @returns The function. What it makes rejects with a `ClientException` when it cannot be loaded.
 */
export function lazily<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loading: Promise<Value> | undefined;
  return () =>
    loading ??= load().catch((error) => {
      loading = undefined;
      return cannotLoad(error);
    });
}
