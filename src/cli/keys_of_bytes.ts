/** Keys of other clients, which may be any bytes, as text. @module */

import type { KeyFormat } from "../../mod.ts";
import { Buffer } from "node:buffer";
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

/** The beginning of a long key, as messages of the library quote it. */
const CUT_QUOTE = /"((?:[^"\\]|\\.)+)…"/g;

/**
 * Names keys in the message of an error as lists show them. The library has them there as it was given them, which is
 * a character for each byte, or base64.
 *
 * @returns The error.
 */
export function withShownKeys<Thrown>(error: Thrown, keys: readonly string[]): Thrown {
  if (!(error instanceof Error)) return error;
  for (const key of keys) {
    if (isPlain(key)) continue;
    const shown = () => `"${showKey(key)}"`;
    for (const sent of [key, btoa(key)]) {
      const whole = JSON.stringify(sent);
      error.message = error.message.replaceAll(`"${sent}"`, shown).replaceAll(whole, shown)
        .replaceAll(CUT_QUOTE, (quote, start) => whole.startsWith(`"${start}`) ? shown() : quote);
    }
  }
  return error;
}

/** Whether a key is UTF-8: then it has a text, which rings hash. */
export function isUtf8(key: string): boolean {
  return /^[\0-\x7f]*$/.test(key) || decodedKey(key) !== key;
}

/** The key of a text: a character for each byte of its UTF-8. */
export function keyOfText(text: string): string {
  return isPlain(text) ? text : Buffer.from(text).toString("latin1");
}

/** The bytes of a text that has a character for each. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** Whether a key is printable ASCII. */
export function isPlain(key: string): boolean {
  return /^[!-~]{1,250}$/.test(key);
}

/** Whether a command can carry the bytes of a key as they are. */
export function isSendable(key: string): boolean {
  return /^[!-~\x80-\xff]{1,250}$/.test(key);
}

/** How many bytes of a key base64 can carry: memcached counts its characters. */
const MOST_ENCODED = 187;

/** Whether a meta command can carry a key in base64. */
export function isEncodable(key: string): boolean {
  return key !== "" && key.length <= MOST_ENCODED;
}

/** Whether any command can carry a key: only the binary protocol, which memcached gives up, carries the others. */
export function isReachable(key: string): boolean {
  return isSendable(key) || isEncodable(key);
}

/**
 * Sends keys as servers list them, a character for each byte. The ring gets the text of a key that is UTF-8, because
 * that is where the clients look that have such keys.
 */
export const LISTED_KEYS: KeyFormat = {
  encode: (key) => isSendable(key) ? key : btoa(key),
  route: decodedKey,
};
