/** Strings and their UTF-8, which has to be valid. @module */

import { ClientException, ValidationException } from "../errors.ts";

const REPLACEMENT = "\ufffd";

/** Up to so many bytes, {@linkcode decodeShortAscii} takes less time than a TextDecoder. */
const MAX_SHORT = 16;
/** The same for a part of larger bytes, which a TextDecoder takes as a view of its own. */
const MAX_SHORT_PART = 48;

const encoder: TextEncoder = /* @__PURE__ */ new TextEncoder();
const lenient: TextDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const strict: TextDecoder = /* @__PURE__ */ new TextDecoder("utf-8", {
  ignoreBOM: true,
  fatal: true,
});

/** Used again by {@linkcode decodeShortAscii}: one array of character codes for each length. */
const codesOfLength: number[][] = [];

/**
 * Decodes UTF-8, a byte order mark included.
 *
 * The lenient decoder takes a third of the strict one's time for short text on Deno, and it marks what it
 * could not decode. Only text with such a mark, which may be part of the text, is decoded again.
 *
 * @throws {TypeError} When the bytes are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  const isWhole = end - start === bytes.length;
  if (end - start <= (isWhole ? MAX_SHORT : MAX_SHORT_PART)) {
    const text = decodeShortAscii(bytes, start, end);
    if (text !== undefined) return text;
  }
  const utf8 = isWhole ? bytes : bytes.subarray(start, end);
  const text = lenient.decode(utf8);
  return text.includes(REPLACEMENT) ? strict.decode(utf8) : text;
}

/** Decodes ASCII; `undefined` when a byte is not ASCII. */
function decodeShortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  const codes = codesOfLength[end - start] ??= new Array(end - start);
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return undefined;
    codes[i - start] = byte;
  }
  return String.fromCharCode.apply(undefined, codes);
}

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
 * Encodes a string as UTF-8.
 *
 * @throws {ValidationException} When it holds a lone surrogate.
 */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(checkText(text));
}

/**
 * Decodes an item's bytes.
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
