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

/** Taken early too, but on Deno, where touching them takes time and {@linkcode systemClock} does as well. */
const timers = /* @__PURE__ */ takeTimers();

function takeTimers(): [typeof setTimeout, typeof clearTimeout] | undefined {
  return "Deno" in globalThis ? undefined : [setTimeout, clearTimeout];
}

const busyClock: Clock = {
  now,
  after(delay, callback) {
    if (timers === undefined) return systemClock.after(delay, callback);
    const [start, stop] = timers;
    const timer = start(callback, delay);
    return () => stop(timer);
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

/** The same clock, whose calls keep the process alive: for what somebody waits for who waits for nothing else. */
export function keepingProcess(clock: Clock): Clock {
  return clock === systemClock ? busyClock : clock;
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

/** How often a {@linkcode StallTimer} looks within the time that it allows. */
const LOOKS = 4;
/** A look that is late by no more milliseconds tells as much as one that is not. */
const LATE_LOOK = 50;

/** What a {@linkcode StallTimer} is made with. */
export interface StallOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Milliseconds a server may send nothing while something waits for it; `Infinity` for no limit. */
  readonly stallTimeout: number;
}

/**
 * Notices that nothing has come for too long while something waits. Time in which the process itself stood
 * still is left out: it looks from time to time, and a look that comes late tells nothing.
 */
export class StallTimer {
  readonly #options: StallOptions;
  readonly #isWaiting: () => boolean;
  readonly #stalled: () => void;
  #cancel: (() => void) | undefined;
  #lastLook = 0;
  #isHeard = false;
  /** For how many milliseconds nothing has come, as far as the looks tell. */
  #silence = 0;
  #looks = 0;

  /**
   * @param isWaiting Whether something waits now.
   * @param stalled Called when nothing has come for too long.
   */
  constructor(options: StallOptions, isWaiting: () => boolean, stalled: () => void) {
    this.#options = options;
    this.#isWaiting = isWaiting;
    this.#stalled = stalled;
  }

  /** How often it has looked. */
  get looks(): number {
    return this.#looks;
  }

  /** Begins to look, if it does not yet; it goes on as long as something waits. */
  start(): void {
    if (this.#cancel !== undefined || this.#options.stallTimeout === Infinity) return;
    this.#silence = 0;
    this.#schedule();
  }

  /** Takes note that something has come. */
  heard(): void {
    this.#isHeard = true;
  }

  /** Ends the looking. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(): void {
    const { clock, stallTimeout } = this.#options;
    this.#isHeard = false;
    this.#lastLook = clock.now();
    const left = Math.max(0, stallTimeout - this.#silence);
    this.#cancel = clock.after(Math.min(left, stallTimeout / LOOKS), this.#look);
  }

  readonly #look = (): void => {
    const { clock, stallTimeout } = this.#options;
    this.#looks++;
    this.#cancel = undefined;
    if (!this.#isWaiting()) return;
    if (this.#isHeard) this.#silence = 0;
    // The last look comes at once: what has come by the one before is read first.
    else if (this.#silence >= stallTimeout) return this.#stalled();
    else {
      const elapsed = clock.now() - this.#lastLook;
      const interval = stallTimeout / LOOKS;
      if (elapsed <= interval + Math.max(interval / 2, LATE_LOOK)) this.#silence += elapsed;
    }
    this.#schedule();
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
 * @param clock Whose time it is.
 * @param delay Milliseconds.
 * @param signal Ends the waiting: it is rejected with the signal's reason.
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
