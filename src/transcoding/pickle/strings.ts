/** Python's strings: UTF-8 with lone surrogates, Latin-1, and the escapes of protocol 0. @module */

import { quote } from "../../errors.ts";
import { decodeUtf8 } from "../text.ts";
import { unreadable } from "./byte_source.ts";

const CHUNK = 4096;

const BYTE_ESCAPE = /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|([^]|$))/g;
const UNICODE_ESCAPE = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|([^]))/g;

/** The meaning of characters after a backslash. */
const ESCAPED = "\\'\"abfnrtv";
const MEANINGS = "\\'\"\x07\b\f\n\r\t\v";

/** Whether a string with surrogates has been read. Then strings are searched for them. */
let expectsSurrogates = false;

/** Decodes UTF-8 with encoded surrogates, as Python's `surrogatepass` does. */
export function decodeString(bytes: Uint8Array, start: number, end: number): string {
  try {
    // The decoder's exception takes a tenth of a millisecond, and a pickle may hold very many such strings.
    if (!expectsSurrogates || !holdsSurrogate(bytes, start, end)) {
      return decodeUtf8(bytes, start, end);
    }
  } catch {
    expectsSurrogates = true;
  }
  return decodeSurrogates(bytes.subarray(start, end)); // throws if the bytes are invalid for another reason
}

function holdsSurrogate(bytes: Uint8Array, start: number, end: number): boolean {
  const text = bytes.subarray(start, end);
  for (let at = text.indexOf(0xed); at >= 0; at = text.indexOf(0xed, at + 1)) {
    if ((text[at + 1] ?? 0) > 0x9f) return true;
  }
  return false;
}

/** Splits at `ED A0..BF xx`, which is always a surrogate, because ED is never a continuation byte. */
function decodeSurrogates(bytes: Uint8Array): string {
  const pieces: string[] = [];
  let from = 0;
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    const [, second = 0, third = 0] = bytes.subarray(at, at + 3);
    if (second >> 5 !== 0b101 || third >> 6 !== 0b10) continue;
    const unit = 0xd000 | (second & 0x3f) << 6 | third & 0x3f;
    pieces.push(decodeStrictly(bytes.subarray(from, at)), String.fromCharCode(unit));
    from = at + 3;
  }
  return pieces.join("") + decodeStrictly(bytes.subarray(from));
}

function decodeStrictly(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw unreadable("a string is not UTF-8", cause);
  }
}

/** Decodes ISO 8859-1: each byte is the code of its character. */
export function decodeLatin1(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return String.fromCharCode(...bytes);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) {
    pieces.push(decodeLatin1(bytes.subarray(at, at + CHUNK)));
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

/** Whether text is ASCII. */
export function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
}

/** Reads the line of a STRING, Python 2's `repr(value)` of a `str`: a character for each byte. */
export function stringFromRepr(line: Uint8Array): string {
  const text = decodeLatin1(line);
  if (!/^'[^]*'$|^"[^]*"$/.test(text)) throw unreadable("a STRING is not in quotes");
  return text.slice(1, -1).replace(BYTE_ESCAPE, byteOfEscape);
}

/** Reads the line of a UNICODE: Python's `raw-unicode-escape`. */
export function stringFromRawUnicode(line: Uint8Array): string {
  return decodeLatin1(line).replace(UNICODE_ESCAPE, characterOfEscape);
}

function byteOfEscape(escape: string, octal?: string, hex?: string, other = ""): string {
  if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 0xff);
  if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
  if (other === "" || other === "x") throw incomplete(escape);
  return MEANINGS[ESCAPED.indexOf(other)] ?? escape;
}

function characterOfEscape(escape: string, short?: string, long?: string, other?: string): string {
  const codePoint = parseInt(short ?? long ?? "", 16);
  if (other === "u" || other === "U" || codePoint > 0x10ffff) throw incomplete(escape);
  return other === undefined ? String.fromCodePoint(codePoint) : escape;
}

function incomplete(escape: string): Error {
  return unreadable(`a string holds the incomplete escape ${quote(escape)}`);
}
