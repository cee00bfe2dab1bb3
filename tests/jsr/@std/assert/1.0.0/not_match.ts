import { AssertionError } from "./assertion_error.ts";
import { format, suffix } from "./format.ts";

/** Asserts that `actual` does not match `expected`. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) return;
  throw new AssertionError(`Expected ${format(actual)} not to match ${expected}${suffix(msg)}`);
}
