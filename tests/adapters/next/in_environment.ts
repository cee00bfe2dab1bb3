/** Environment variables for a moment, which tests that run beside this one do not see. @module */

/** Calls something that takes no time, with these environment variables and no others. */
export function inEnvironment<Result>(
  env: Readonly<Record<string, string>>,
  body: () => Result,
): Result {
  const before = Object.getOwnPropertyDescriptor(globalThis, "process");
  Object.defineProperty(globalThis, "process", { value: { env }, configurable: true });
  try {
    return body();
  } finally {
    if (before !== undefined) Object.defineProperty(globalThis, "process", before);
  }
}
