/** Options that name one of several things. @module */

import { quote, ValidationException } from "../errors.ts";

/**
 * Checks that an option is one of the names it can be.
 *
 * @throws {ValidationException} When it is not; the message has all of them.
 */
export function checkChoice<Name extends string | number>(
  option: string,
  value: Name,
  known: readonly Name[],
): void {
  if (known.includes(value)) return;
  const shown = typeof value === "number" ? `${value}` : quote(value);
  const names = known.map((name) => JSON.stringify(name)).join(", ");
  throw new ValidationException(`Cannot use ${option} ${shown}: it must be one of ${names}`, value);
}
