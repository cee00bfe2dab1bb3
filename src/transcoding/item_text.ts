/** Strings that are an item by themselves. @module */

import { ClientException, ValidationException } from "../errors.ts";
import { decodeUtf8 } from "./utf8.ts";

const encoder = new TextEncoder();

/**
 * Checks that a string can be written as UTF-8.
 *
 * @returns The string.
 * @throws {ValidationException} When it holds a lone surrogate, which UTF-8 has no bytes for.
 */
export function checkText(text: string): string {
  if (text.isWellFormed()) return text;
  throw new ValidationException("Cannot store string: it holds a lone surrogate", text);
}

/**
 * The UTF-8 of a string.
 *
 * @throws {ValidationException} When there is none.
 */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(checkText(text));
}

/**
 * The string of an item's bytes.
 *
 * @throws {ClientException} When they are not UTF-8.
 */
export function decodeText(data: Uint8Array): string {
  try {
    return decodeUtf8(data);
  } catch (cause) {
    throw new ClientException("Cannot read item: the string is not UTF-8", data.slice(), { cause });
  }
}
