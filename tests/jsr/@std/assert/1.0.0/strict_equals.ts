import { AssertionError } from "./assertion_error.ts";
import { sides, suffix } from "./format.ts";

/** Asserts that `actual` and `expected` are one and the same, as `Object.is` sees it. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  throw new AssertionError(`Values are not strictly equal${suffix(msg)}${sides(actual, expected)}`);
}
