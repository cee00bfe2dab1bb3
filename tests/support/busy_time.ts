/** Time that a busy machine does not stretch. @module */

/** What Linux says of the thread that reads it: nanoseconds that it has been running, and others. */
const STATISTICS = "/proc/thread-self/schedstat";

/**
 * Milliseconds that this thread has been running, which the other programs of the machine do not count in. Where the
 * system does not tell, the time that has passed.
 */
export function busyTime(): number {
  try {
    return Number(Deno.readTextFileSync(STATISTICS).split(" ", 1)[0]) / 1e6;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return performance.now();
    throw error;
  }
}
