/** What npm's clients have in common: JSON as JavaScript writes it, and numbers as text. @module */

import { ClientException, quote, ValidationException } from "../../errors.ts";
import { describe, unstorable } from "../format_parts.ts";

/**
 * Writes what `JSON.stringify` does.
 *
 * @throws {ValidationException} When it makes nothing of the value.
 */
export function writeJson(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new ValidationException("Cannot store value: it has no JSON", value, { cause });
  }
  if (json === undefined) throw unstorable(`${describe(value)} has no JSON`, value);
  return json;
}

/** @throws {ClientException} When it is not JSON. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClientException("Cannot read item: it is not JSON", text, { cause });
  }
}

/**
 * Reads a number as these clients do, by `Number`: space around it does not matter, and nothing is 0.
 *
 * @param notANumber The text that stands for `NaN`.
 * @throws {ClientException} When it is any other text that is no number. These clients make `NaN` of it.
 */
export function readNumber(text: string, notANumber: string): number {
  const number = Number(text);
  if (!Number.isNaN(number) || text === notANumber) return number;
  throw new ClientException(`Cannot read item: ${quote(text)} is not a number`, text);
}
