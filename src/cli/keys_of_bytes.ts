/** Keys of other clients, which may be any bytes, as text. @module */

import { printable } from "./shown_text.ts";

/**
 * Shows a key whose bytes are one character each: as UTF-8 where it is UTF-8.
 *
 * @returns The text, without control characters.
 */
export function showKey(key: string): string {
  return printable(decodedKey(key));
}

/** Shows keys as {@linkcode showKey}, a line each. */
export function showKeys(keys: readonly string[]): string {
  // Nearly all keys are ASCII, and to look at many at once takes a tenth of the time.
  return (/^[!-~]*$/.test(keys.join("")) ? keys : keys.map(showKey)).join("\n");
}

/** The text of a key whose bytes are one character each: as UTF-8, or as it is where it is none. */
export function decodedKey(key: string): string {
  if (isPlain(key)) return key;
  try {
    // Without ignoreBOM, a mark at the beginning would be left out, which is part of the key.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(key));
  } catch {
    // Another encoding: a character for each byte is all that is known of it.
    return key;
  }
}

/** The key of a text: a character for each byte of its UTF-8. */
export function keyOfText(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/** The bytes of a key. */
export function bytesOf(key: string): Uint8Array {
  return Uint8Array.from(key, (letter) => letter.charCodeAt(0));
}

/** Whether the classic commands can carry a key. */
export function isPlain(key: string): boolean {
  return /^[!-~]{1,250}$/.test(key);
}
