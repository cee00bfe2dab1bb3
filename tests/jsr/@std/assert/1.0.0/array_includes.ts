import { AssertionError } from "./assertion_error.ts";
import { equal } from "./equal.ts";
import { format, suffix } from "./format.ts";

/** Asserts that each of `expected` has a deeply equal element in `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
): void {
  const elements = Array.from(actual);
  const missing = Array.from(expected).filter((value) =>
    !elements.some((element) => equal(element, value))
  );
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected ${format(elements)} to include ${format(missing)}${suffix(msg)}`,
  );
}
