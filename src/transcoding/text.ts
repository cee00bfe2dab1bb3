/** Encodes and decodes strings as valid UTF-8. @module */

import { ClientException, ValidationException } from "../errors.ts";

const REPLACEMENT = "\ufffd";

/** Up to this many bytes, {@linkcode decodeShortAscii} is faster than a TextDecoder. */
const MAX_SHORT = 16;
/** The same for a part of larger bytes, for which a TextDecoder needs another view. */
const MAX_SHORT_PART = 48;

const encoder: TextEncoder = /* @__PURE__ */ new TextEncoder();
const lenient: TextDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const strict: TextDecoder = /* @__PURE__ */ new TextDecoder("utf-8", {
  ignoreBOM: true,
  fatal: true,
});

/** Reused by {@linkcode decodeShortAscii}: an array of character codes for each length. */
const codesOfLength: number[][] = [];

/**
 * Decodes UTF-8, and keeps a byte order mark.
 *
 * For short text on Deno, the lenient decoder takes a third of the strict decoder's time, and replaces invalid bytes by
 * U+FFFD. Only text with U+FFFD, which may also be valid, is decoded again.
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
 * @throws {ValidationException} When it holds a lone surrogate, which UTF-8 cannot encode.
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
