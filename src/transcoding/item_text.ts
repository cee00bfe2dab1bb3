/** Strings that are an item by themselves. @module */

import { ClientException, ValidationException } from "../errors.ts";
import { decodeUtf8 } from "./utf8.ts";

const encoder = new TextEncoder();

/**
 * The UTF-8 of a string.
 *
 * @throws {ValidationException} When it holds a lone surrogate, which UTF-8 has no bytes for.
 */
export function encodeText(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  throw new ValidationException("Cannot store string: it holds a lone surrogate", text);
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
