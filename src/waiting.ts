/** Time: the clock, waiting for a while or for a promise, and how long to wait before trying again. @module */

/** Where the client takes the time from, and what wakes it. A test hands in one of its own. */
export interface Clock {
  /** Milliseconds since some moment; they never go back. */
  now(): number;
  /**
   * Calls back once, after this many milliseconds.
   *
   * @returns Cancels the call.
   */
  after(delay: number, callback: () => void): () => void;
}

// Taken when the module is loaded, so that a program's tests may replace the timers and the clock without
// stopping the client. The global `setTimeout` is not used: Deno loads `node:timers` when it is touched,
// which takes 5 to 8 ms.
const now = /* @__PURE__ */ performance.now.bind(performance);
const timeout = /* @__PURE__ */ AbortSignal.timeout.bind(AbortSignal);

/** The clock of the runtime. On Deno, and nowhere else, its calls keep the process alive. */
export const systemClock: Clock = {
  now,
  after(delay, callback) {
    const signal = signalAfter(delay);
    signal.addEventListener("abort", callback);
    return () => signal.removeEventListener("abort", callback);
  },
};

const idleClock: Clock = {
  now,
  after(delay, callback) {
    const signal = signalAfter(delay);
    // As any other target does it: the way that signals have of their own keeps the process alive on Deno.
    EventTarget.prototype.addEventListener.call(signal, "abort", callback);
    return () => signal.removeEventListener("abort", callback);
  },
};

function signalAfter(delay: number): AbortSignal {
  // Node takes whole numbers only.
  return timeout(Math.max(0, Math.ceil(delay)));
}

/** The same clock, whose calls keep no process alive: for what matters only as long as something else does. */
export function lettingProcessEnd(clock: Clock): Clock {
  return clock === systemClock ? idleClock : clock;
}

/**
 * One timer for many deadlines. It wakes its owner at the earliest one, and is not put off when that deadline
 * is met: the owner looks at what is left then and arms it again, so that a thousand operations a second cost
 * one timer and not a thousand.
 */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #cancel: (() => void) | undefined;
  #deadline = Infinity;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Makes sure that the owner is woken at this time of the clock, or before. */
  arm(deadline: number): void {
    if (deadline >= this.#deadline) return;
    this.#cancel?.();
    this.#deadline = deadline;
    this.#cancel = this.#clock.after(Math.max(0, deadline - this.#clock.now()), this.#due);
  }

  /** Forgets all deadlines. */
  stop(): void {
    this.#cancel?.();
    this.#deadline = Infinity;
  }

  readonly #due = (): void => {
    // A process that was busy until now may have the replies waiting to be read. They come first.
    this.#cancel = this.#clock.after(0, () => {
      this.#deadline = Infinity;
      this.#wake();
    });
  };
}

const SHORTEST_DELAY = 10;
const LONGEST_DELAY = 500;

/**
 * Tells how long to wait before trying again: longer each time, and random, so that clients that collided
 * once do not collide again.
 *
 * @param attempt How often it has been tried before: 0, 1, 2, …
 * @returns Milliseconds, 5 to 500.
 */
export function backoff(attempt: number): number {
  const delay = Math.min(LONGEST_DELAY, SHORTEST_DELAY * 1.5 ** attempt);
  return delay * (1 + Math.random()) / 2;
}

/** What can be ended early. */
interface Abandonable {
  abandon(reason: unknown): void;
}

/** All that a signal ends, and the one listener for it. */
interface Watch {
  readonly waiting: Set<Abandonable>;
  readonly listener: () => void;
}

/** A signal takes time in proportion to its listeners for each that is added or removed: all share one. */
const watches = /* @__PURE__ */ new WeakMap<AbortSignal, Watch>();

/**
 * Abandons something with the signal's reason when the signal is aborted.
 *
 * @returns Ends the watching.
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
 * Waits, and keeps the process alive for as long.
 *
 * @param delay Milliseconds.
 * @param signal Ends the waiting: it is rejected with the signal's reason.
 */
export async function pause(delay: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await untilAborted(new Promise<void>((resolve) => timer = setTimeout(resolve, delay)), signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for a promise that others wait for too.
 *
 * @param signal Ends this waiting only: it is rejected with the signal's reason.
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

/** A promise, and the functions that settle it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value | PromiseLike<Value>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a promise that is settled from outside; `Promise.withResolvers` is missing on Node 20. */
export function deferred<Value>(): Deferred<Value> {
  let resolve!: Deferred<Value>["resolve"];
  let reject!: Deferred<Value>["reject"];
  const promise = new Promise<Value>((...settle) => [resolve, reject] = settle);
  return { promise, resolve, reject };
}

/**
 * Makes a function that loads something once for all who ask. Thousands of imports at once of a module that is
 * not loaded yet take minutes on Deno, where each looks through all others.
 *
 * @param load Loads it; asked again after it has failed.
 */
export function lazily<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loading: Promise<Value> | undefined;
  return () =>
    loading ??= load().catch((error) => {
      loading = undefined;
      throw error;
    });
}
