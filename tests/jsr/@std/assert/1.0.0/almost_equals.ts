import { AssertionError } from "./assertion_error.ts";
import { suffix } from "./format.ts";

/** Asserts that two numbers differ by `tolerance` at most; the default is 1e-7 of `expected`. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance: number = Number.isFinite(expected) ? Math.abs(expected) * 1e-7 : 1e-7,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(actual - expected);
  if (delta <= tolerance) return;
  throw new AssertionError(
    `Expected ${actual} to be within ${tolerance} of ${expected}, it is ${delta} away${
      suffix(msg)
    }`,
  );
}
