/** Names the part of a value that cannot be stored. @module */

import { quote, ValidationException } from "../errors.ts";

/** How many steps of the way to it a message shows. */
const MOST_STEPS = 20;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** The step from a map or an object to the value of a key, in JavaScript's notation. */
export function stepTo(key: unknown): string {
  if (typeof key !== "string") return `.get(${typeof key === "object" ? "…" : String(key)})`;
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/**
 * Makes the error for a part of a value that cannot be stored.
 *
 * @param state What it is: `a string with a lone surrogate`.
 * @param steps The way to it, in JavaScript's notation: `.users`, `[2]`.
 * @param value The part.
 */
export function unstorablePart(
  state: string,
  steps: readonly string[],
  value: unknown,
): ValidationException {
  const rest = steps.length > MOST_STEPS ? "…" : "";
  const path = (steps.slice(0, MOST_STEPS).join("") + rest).replace(/^\./, "");
  const place = path === "" ? "" : ` at ${quote(path)}`;
  return new ValidationException(`Cannot store value: ${state}${place}`, value);
}

/** The name of an object's class, for such a message. */
export function classNameOf(value: object): string {
  const constructor: unknown = value.constructor;
  return typeof constructor === "function" && constructor.name !== ""
    ? constructor.name
    : "an unnamed class";
}
