/** What is left to do when Ctrl-C, or who runs this, ends a task. @module */

/** The signals that end a task, and the exit statuses of programs that they have ended. */
const SIGNALS: readonly (readonly [Deno.Signal, number])[] = [["SIGINT", 130], ["SIGTERM", 143]];

const cleanUps = new Set<() => void>();
const listeners = SIGNALS.map(([signal, status]) => {
  const end = () => {
    for (const cleanUp of cleanUps) cleanUp();
    Deno.exit(status);
  };
  return [signal, end] as const;
});

/**
 * Cleans up if a signal ends the task. Without this, a signal ends it at once.
 *
 * @param cleanUp What to do; it cannot wait for anything.
 * @returns What ends this.
 */
export function atSignal(cleanUp: () => void): Disposable {
  if (cleanUps.size === 0) {
    for (const [signal, end] of listeners) Deno.addSignalListener(signal, end);
  }
  cleanUps.add(cleanUp);
  return {
    [Symbol.dispose]: () => {
      const wasListening = cleanUps.delete(cleanUp);
      if (!wasListening || cleanUps.size > 0) return;
      for (const [signal, end] of listeners) Deno.removeSignalListener(signal, end);
    },
  };
}
