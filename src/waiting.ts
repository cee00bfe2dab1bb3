/** The clock, timers, waiting for promises, and delays before retries. @module */

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

const idleClock: Clock = {
  now,
  after(delay, callback) {
    const signal = signalAfter(delay);
    // EventTarget's method: on Deno, AbortSignal's own `addEventListener` keeps the process alive.
    EventTarget.prototype.addEventListener.call(signal, "abort", callback);
    return () => signal.removeEventListener("abort", callback);
  },
};

/** Taken early too, but on Deno, where touching them takes time and {@linkcode systemClock} does as well. */
const timers = /* @__PURE__ */ takeTimers();

function takeTimers(): [typeof setTimeout, typeof clearTimeout] | undefined {
  return "Deno" in globalThis ? undefined : [setTimeout, clearTimeout];
}

const busyClock: Clock = {
  now,
  after(delay, callback) {
    const due = () => {
      cancel();
      callback();
    };
    const late = systemClock.after(delay, due);
    // It keeps the process alive, and never fires if a test had replaced it before this module was loaded.
    const timer = timers?.[0](due, delay);
    const cancel = () => {
      late();
      timers?.[1](timer);
    };
    return cancel;
  },
};

function signalAfter(delay: number): AbortSignal {
  // Node accepts integers only.
  return timeout(Math.max(0, Math.ceil(delay)));
}

/** The same clock, with timers that do not keep the process alive. */
export function lettingProcessEnd(clock: Clock): Clock {
  return clock === systemClock ? idleClock : clock;
}

/** The same clock, with timers that keep the process alive: for waits that nothing else keeps alive. */
export function keepingProcess(clock: Clock): Clock {
  return clock === systemClock ? busyClock : clock;
}

/**
 * One timer for many deadlines. It calls its owner at the earliest deadline, even if that operation has ended. The
 * owner then arms it again for the remaining deadlines. So a thousand operations a second need one timer and not a
 * thousand.
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

  /** Makes sure that the owner is called at this time of the clock, or before. */
  arm(deadline: number): void {
    if (deadline >= this.#deadline) return;
    this.#cancel?.();
    this.#deadline = deadline;
    this.#cancel = this.#clock.after(Math.max(0, deadline - this.#clock.now()), this.#due);
  }

  /** Removes all deadlines. */
  stop(): void {
    this.#cancel?.();
    this.#deadline = Infinity;
  }

  readonly #due = (): void => {
    // If the process was busy, replies may be waiting to be read. They are read first.
    this.#cancel = this.#clock.after(0, () => {
      this.#deadline = Infinity;
      this.#wake();
    });
  };
}

const SHORTEST_DELAY = 10;
const LONGEST_DELAY = 500;

/**
 * Computes the delay before a retry: longer each time, and random, so that clients that collided do not collide again.
 *
 * @param attempt The number of retries so far: 0, 1, 2, …
 * @returns Milliseconds, 5 to 500.
 */
export function backoff(attempt: number): number {
  const delay = Math.min(LONGEST_DELAY, SHORTEST_DELAY * 1.5 ** attempt);
  return delay * (1 + Math.random()) / 2;
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
 * Waits, and keeps the process alive meanwhile.
 *
 * @param clock Whose time it is.
 * @param delay Milliseconds.
 * @param signal Ends the wait: it is rejected with the signal's reason.
 */
export async function pause(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = deferred<void>();
  const cancel = keepingProcess(clock).after(delay, resolve);
  try {
    await untilAborted(promise, signal);
  } finally {
    cancel();
  }
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

/** Waits until all of them have ended, and fails then if one did, as the first of those. */
export async function allEnded(promises: readonly unknown[]): Promise<void> {
  await Promise.allSettled(promises);
  await Promise.all(promises);
}

/** A promise, and the functions that settle it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value | PromiseLike<Value>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a promise with its resolvers, because Node 20 has no `Promise.withResolvers`. */
export function deferred<Value>(): Deferred<Value> {
  let resolve!: Deferred<Value>["resolve"];
  let reject!: Deferred<Value>["reject"];
  const promise = new Promise<Value>((...settle) => [resolve, reject] = settle);
  return { promise, resolve, reject };
}

/**
 * Makes a function that loads something once for all callers. On Deno, thousands of concurrent imports of the same
 * module take minutes, because each import searches all others.
 *
 * @param load Loads it; called again after a failure.
 */
export function lazily<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loading: Promise<Value> | undefined;
  return () =>
    loading ??= load().catch((error) => {
      loading = undefined;
      throw error;
    });
}
