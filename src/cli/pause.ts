/** Waits between two looks at the servers. @module */

/** Waits this many milliseconds, or until Ctrl-C. */
export function pause(milliseconds: number, interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (interrupted.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      interrupted.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    interrupted.addEventListener("abort", done);
  });
}
