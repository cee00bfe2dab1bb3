/** Timers that keep the process alive or let it end, deadlines, and delays before retries. @module */

import {
  type Clock,
  earlyTimers,
  signalAfter,
  systemClock,
  type Timers,
  untilAborted,
} from "../waiting.ts";
import { deferred } from "./promises.ts";

const idleClock: Clock = {
  now: () => systemClock.now(),
  after(delay, callback) {
    const signal = signalAfter(delay);
    // EventTarget's method: on Deno, AbortSignal's own `addEventListener` keeps the process alive.
    EventTarget.prototype.addEventListener.call(signal, "abort", callback);
    return () => signal.removeEventListener("abort", callback);
  },
};

/** A clock whose timers keep the process alive, with the runtime's timers as they were when the module was loaded. */
export function busyClock(timers: Timers | undefined = earlyTimers): Clock {
  // Not called as methods: workers refuse that.
  const [set, clear] = timers ?? [];
  return {
    now: () => systemClock.now(),
    after(delay, callback) {
      const due = () => {
        cancel();
        callback();
      };
      const late = systemClock.after(delay, due);
      // It keeps the process alive, and never fires if a test had replaced it before the module was loaded.
      const timer = set?.(due, delay);
      const cancel = () => {
        late();
        clear?.(timer);
      };
      return cancel;
    },
  };
}

/** The same clock, with timers that do not keep the process alive. */
export function lettingProcessEnd(clock: Clock): Clock {
  return clock === systemClock ? idleClock : clock;
}

const runtimeBusyClock: Clock = /* @__PURE__ */ busyClock();

/** The same clock, with timers that keep the process alive: for waits that nothing else keeps alive. */
export function keepingProcess(clock: Clock): Clock {
  return clock === systemClock ? runtimeBusyClock : clock;
}

/**
 * One timer for many deadlines. It calls its owner at the earliest deadline, even if that operation has ended. The
 * owner then arms it again for the remaining deadlines. So a thousand operations a second need one timer and not a
 * thousand.
 */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #wake: (now: number) => void;
  #cancel: (() => void) | undefined;
  #deadline = Infinity;

  /** @param wake Called with the time, which is that deadline or later, even if a test has stopped the clock. */
  constructor(clock: Clock, wake: (now: number) => void) {
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
      const now = Math.max(this.#clock.now(), this.#deadline);
      this.#deadline = Infinity;
      this.#wake(now);
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
