import { AssertionError } from "./assertion_error.ts";
import { equal } from "./equal.ts";
import { sides, suffix } from "./format.ts";

/** Asserts that `actual` and `expected` are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(`Values are not equal${suffix(msg)}${sides(actual, expected)}`);
}
