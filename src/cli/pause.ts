/** Waits between two looks at the servers. @module */

/** Timers of all runtimes take this many milliseconds, and fire at once where there are more. */
const LONGEST_TIMER = 0x7fff_ffff;

/** Waits this many milliseconds, or until Ctrl-C. */
export function pause(milliseconds: number, interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (interrupted.aborted) return resolve();
    let timer: ReturnType<typeof setTimeout>;
    const done = () => {
      clearTimeout(timer);
      interrupted.removeEventListener("abort", done);
      resolve();
    };
    const wait = (left: number) => {
      timer = left <= LONGEST_TIMER
        ? setTimeout(done, left)
        : setTimeout(() => wait(left - LONGEST_TIMER), LONGEST_TIMER);
    };
    wait(milliseconds);
    interrupted.addEventListener("abort", done);
  });
}
