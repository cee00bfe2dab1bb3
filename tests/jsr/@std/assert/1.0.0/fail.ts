import { AssertionError } from "./assertion_error.ts";
import { suffix } from "./format.ts";

/** Fails in any case. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}
