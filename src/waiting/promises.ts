/** Making promises, and waiting for many. @module */

/** A promise, and the functions that settle it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value | PromiseLike<Value>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a promise with its resolvers, because Node 20 has no `Promise.withResolvers`. */
export function deferred<Value>(): Deferred<Value> {
  let resolve!: Deferred<Value>["resolve"];
  let reject!: Deferred<Value>["reject"];
  const promise = new Promise<Value>((...settle) => [resolve, reject] = settle);
  return { promise, resolve, reject };
}

/** Waits until all of them have ended, and fails then if one did, as the first of those. */
export async function allEnded(promises: readonly unknown[]): Promise<void> {
  await Promise.allSettled(promises);
  await Promise.all(promises);
}
