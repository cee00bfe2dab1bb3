import { AssertionError } from "./assertion_error.ts";
import { format, suffix } from "./format.ts";

/** Asserts that `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(`Expected ${format(actual)} to match ${expected}${suffix(msg)}`);
}
