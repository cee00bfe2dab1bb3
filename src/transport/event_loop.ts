/** The event loop of whatever runtime this is. @module */

interface Global {
  setImmediate?(call: () => void): unknown;
  clearImmediate?(immediate: unknown): void;
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
