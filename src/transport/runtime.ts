/** What runtimes have in common and reach in different ways. @module */

interface Global {
  readonly process?: { getBuiltinModule?(specifier: string): unknown };
  setImmediate?(call: () => void): unknown;
  clearImmediate?(immediate: unknown): void;
}

/** How much is read at a time: larger ones gain little, and chunks of the runtimes' streams are smaller. */
export const READ_SIZE: number = 1 << 17;

/** From here on it pays to read into a vacancy, though it may take a read more. */
export const LARGE_VACANCY: number = 1 << 17;

/** Whether this is one of Cloudflare's workers; Node 20 has no `navigator`. */
export function isWorker(): boolean {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers";
}

/**
 * Loads a module that some runtimes have built in and others lack. An import with the name in it
 * would keep the whole module from loading or being bundled where the name means nothing.
 *
 * @throws {Error} What the runtime throws when it does not have the module.
 */
export async function builtinModule<Module>(specifier: string): Promise<Module> {
  // Node has it since 20.16; what comes before, and workers, take the import.
  const module = (globalThis as Global).process?.getBuiltinModule?.(specifier);
  return (module ?? await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier)) as Module;
}

/** Lets the process end although the timer has not; where a runtime has no means to, the timer keeps it. */
export function letProcessEnd(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === "number") globalThis.Deno?.unrefTimer?.(timer);
  else (timer as { unref?(): void }).unref?.();
}

/**
 * Calls back when the event loop has looked at every socket once.
 *
 * @returns What calls it off.
 */
export function afterTurn(call: () => void): () => void {
  const { setImmediate, clearImmediate } = globalThis as Global;
  if (setImmediate === undefined) {
    const timer = setTimeout(call, 0);
    return () => clearTimeout(timer);
  }
  // Where there are immediates, a timer may be due before the sockets are looked at: Node counts it from
  // when this turn began, which a busy process has left behind. The first immediate ends this turn, the
  // second one the next.
  let immediate = setImmediate(() => immediate = setImmediate(call));
  return () => clearImmediate!(immediate);
}
