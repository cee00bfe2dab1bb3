/** Work that `close()` waits for, so that what was claimed does not block other clients. @module */

import type { Session } from "../commands/session.ts";
import { watchSignal } from "../waiting.ts";
import { keepingProcess } from "../waiting/timers.ts";

/** How long `close()` waits at most, in milliseconds of the client's clock. */
const LONGEST_WAIT = 1000;

/**
 * Does something that `close()` must not cut off: it waits for it, for up to a second.
 *
 * @param session The session of the client; absent for other implementations.
 * @param undo What `close()` does and waits for instead; `undefined` if it waits for the work nevertheless.
 */
export async function beforeClosing<Result>(
  session: Session | undefined,
  work: () => Promise<Result>,
  undo?: () => Promise<unknown> | undefined,
): Promise<Result> {
  if (session === undefined || session.ending.aborted) return await work();
  const { ending, root, settings } = session;
  const done = work();
  const hold = () => {
    const all = Promise.allSettled([root.farewell, undo?.() ?? done]);
    root.farewell = new Promise<void>((resolve) => {
      const cancel = keepingProcess(settings.clock).after(LONGEST_WAIT, resolve);
      all.then(() => resolve()).finally(cancel);
    });
  };
  const unwatch = watchSignal(ending, { abandon: hold });
  try {
    return await done;
  } finally {
    unwatch();
  }
}
