/** Checks of the options that transcoders take. @module */

import { quote, ValidationException } from "../errors.ts";

/**
 * Checks that an option is one of a list.
 *
 * @throws {ValidationException} When it is not.
 */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  throw invalidOption(name, value, choices.map((choice) => JSON.stringify(choice)).join(" or "));
}

/**
 * Checks that an option is an integer between two others, both included.
 *
 * @throws {ValidationException} When it is not.
 */
export function checkInteger(name: string, value: unknown, least: number, most: number): void {
  if (Number.isInteger(value) && value as number >= least && value as number <= most) return;
  throw invalidOption(name, value, `an integer from ${least} to ${most}`);
}

/** What is thrown for an option that is not what was expected. */
export function invalidOption(name: string, value: unknown, expected: string): ValidationException {
  const shown = typeof value === "number" ? `${value}` : quote(value);
  return new ValidationException(`Cannot use ${name} ${shown}: it must be ${expected}`, value);
}
