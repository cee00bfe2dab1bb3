import { AssertionError } from "./assertion_error.ts";
import { format, suffix } from "./format.ts";

/** Asserts that `expected` occurs in `actual`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    `Expected ${format(actual)} to include ${format(expected)}${suffix(msg)}`,
  );
}
