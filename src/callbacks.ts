/** Functions that callers hand in. @module */

import { quote, ValidationException } from "./errors.ts";

/**
 * Checks that something can be called, before anything is sent that depends on it.
 *
 * @throws {ValidationException} When it cannot.
 */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new ValidationException(`Cannot use ${name} ${quote(value)}: it must be a function`, value);
}
