/** Checks of what callers pass. @module */

import { quote, ValidationException } from "./errors.ts";

/** What is thrown for an option that is not what was expected. */
export function invalidOption(name: string, value: unknown, expected: string): ValidationException {
  const shown = typeof value === "number" ? `${value}` : quote(value);
  return new ValidationException(`Cannot use ${name} ${shown}: it must be ${expected}`, value);
}

/**
 * Checks that an option is an integer between two others, both included.
 *
 * @returns The integer.
 * @throws {ValidationException} When it is none, or another.
 */
export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && value as number >= least && value as number <= most) {
    return value as number;
  }
  throw invalidOption(name, value, `an integer from ${least} to ${most}`);
}

/**
 * Checks that an option is one of the names or numbers that it can be.
 *
 * @throws {ValidationException} When it is not; the message has all of them.
 */
export function checkChoice(name: string, value: unknown, choices: readonly unknown[]): void {
  if (choices.includes(value)) return;
  const all = choices.map((choice) => JSON.stringify(choice)).join(", ");
  throw invalidOption(name, value, `one of ${all}`);
}

/**
 * Checks that an option is a boolean.
 *
 * @throws {ValidationException} When it is not.
 */
export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw invalidOption(name, value, "a boolean");
}

/**
 * Checks that something can be called, before anything is sent that depends on it.
 *
 * @throws {ValidationException} When it cannot.
 */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw invalidOption(name, value, "a function");
}
