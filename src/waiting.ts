/** Time: the clock, waiting for a while or for a promise, and how long to wait before trying again. @module */

/** Where the client takes the time from, and what wakes it. A test hands in one of its own. */
export interface Clock {
  /** Milliseconds since some moment; they never go back. */
  now(): number;
  /**
   * Calls back once, after this many milliseconds. Does not keep the process alive.
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

/** The clock of the runtime. */
export const systemClock: Clock = {
  now,
  after(delay, callback) {
    // Node takes whole numbers only.
    const signal = timeout(Math.max(0, Math.ceil(delay)));
    signal.addEventListener("abort", callback);
    return () => signal.removeEventListener("abort", callback);
  },
};

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

/**
 * Waits, and keeps the process alive for as long.
 *
 * @param delay Milliseconds.
 * @param signal Ends the waiting: it is rejected with the signal's reason.
 */
export function pause(delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, delay);
    signal?.addEventListener("abort", end);
  });
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
    const abort = () => reject(signal.reason);
    const settled = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).then(settled);
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
