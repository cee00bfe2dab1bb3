import { decodeUtf8 as decodeStrict } from "../utf8.ts";
import { unreadable } from "./faults.ts";

/**
 * Bytes to strings: UTF-8 as Python writes it (lone surrogates pass), ASCII and Latin-1.
 *
 * @module
 */

const MAX_SHORT = 48;
const CHUNK = 4096;

/** Reused by {@linkcode shortAscii}: one array of codes for each length. */
const codes: number[][] = Array.from({ length: MAX_SHORT + 1 }, (_, length) => Array(length));

/** Decodes UTF-8 in which, as under Python's `surrogatepass`, encoded surrogates are allowed. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  const short = end - start <= MAX_SHORT ? shortAscii(bytes, start, end) : undefined;
  if (short !== undefined) return short;
  const text = bytes.subarray(start, end);
  try {
    return decodeStrict(text);
  } catch {
    return decodeSurrogates(text); // throws if there is another fault
  }
}

// A call into TextDecoder costs as much as some fifty turns of this loop.
function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  const units = codes[end - start]!;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return undefined;
    units[i - start] = byte;
  }
  return String.fromCharCode.apply(undefined, units);
}

/** Splits at `ED A0..BF xx`: a surrogate wherever it stands, as ED is never a continuation byte. */
function decodeSurrogates(bytes: Uint8Array): string {
  const pieces: string[] = [];
  let from = 0;
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    if (!isSurrogate(bytes, at)) continue;
    const unit = 0xd000 | (bytes[at + 1]! & 0x3f) << 6 | bytes[at + 2]! & 0x3f;
    pieces.push(strict(bytes.subarray(from, at)), String.fromCharCode(unit));
    from = at + 3;
  }
  return pieces.join("") + strict(bytes.subarray(from));
}

function isSurrogate(bytes: Uint8Array, at: number): boolean {
  return at + 2 < bytes.length && bytes[at + 1]! >= 0xa0 && bytes[at + 1]! <= 0xbf &&
    bytes[at + 2]! >= 0x80 && bytes[at + 2]! <= 0xbf;
}

function strict(bytes: Uint8Array): string {
  try {
    return decodeStrict(bytes);
  } catch (cause) {
    throw unreadable("a string is not UTF-8", cause);
  }
}

/** Lets through what Python 2 wrote as `str` if it is ASCII; by default CPython 3 takes no more. */
export function requireAscii(text: string): string {
  if (/[\u0080-\uffff]/.test(text)) {
    throw unreadable("a Python 2 str holds bytes that are not ASCII");
  }
  return text;
}

/** Decodes ISO 8859-1: every byte is the character of that number. */
export function decodeLatin1(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return String.fromCharCode(...bytes);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK)));
  }
  return pieces.join("");
}

/** Encodes ISO 8859-1; `undefined` when a character is above U+00FF. */
export function encodeLatin1(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  let all = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    all |= code;
    bytes[i] = code;
  }
  return all > 0xff ? undefined : bytes;
}
