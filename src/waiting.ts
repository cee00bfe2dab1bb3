/** Waiting, for a while or for a promise, and how long to wait before trying again. @module */

const SHORTEST_DELAY = 10;
const LONGEST_DELAY = 500;

/**
 * Tells how long to wait before trying again: longer each time, and by chance, so that those who met
 * once do not meet again.
 *
 * @param attempt How often it has been tried before: 0, 1, 2, …
 * @returns Milliseconds, 5 to 500.
 */
export function backoff(attempt: number): number {
  const delay = Math.min(LONGEST_DELAY, SHORTEST_DELAY * 1.5 ** attempt);
  return delay * (1 + Math.random()) / 2;
}

/**
 * Waits.
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
