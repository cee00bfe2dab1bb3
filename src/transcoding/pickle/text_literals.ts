import { quote } from "../../errors.ts";
import { unreadable } from "./faults.ts";
import { decodeLatin1, requireAscii } from "./text.ts";

/**
 * The text forms of protocol 0, each on a line of its own. Integers are in `integers.ts`.
 *
 * @module
 */

const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const FLOAT_WORD = /^([+-]?)(inf|infinity|nan)$/i;
const BYTE_ESCAPE = /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|([^]|$))/g;
const UNICODE_ESCAPE = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|([^]))/g;

/** What an escape of one character means, by the character after the backslash. */
const PLAIN_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);

/** Reads the line of a FLOAT: Python's `repr(value)`. */
export function floatFromText(text: string): number {
  if (FLOAT.test(text)) return Number(text);
  const [, sign, word] = FLOAT_WORD.exec(text) ?? [];
  if (word === undefined) throw unreadable(`${quote(text)} is not a float`);
  if (word.toLowerCase() === "nan") return NaN;
  return sign === "-" ? -Infinity : Infinity;
}

/** Reads the line of a STRING: Python 2's `repr(value)` of a `str`. */
export function stringFromRepr(line: Uint8Array): string {
  const text = decodeLatin1(line);
  const quotes = text.length >= 2 ? text[0]! + text.at(-1)! : "";
  if (quotes !== "''" && quotes !== '""') throw unreadable("a STRING is not in quotes");
  return requireAscii(text.slice(1, -1).replace(BYTE_ESCAPE, byteEscape));
}

/** Reads the line of a UNICODE: Python's `raw-unicode-escape`. */
export function stringFromRawUnicode(line: Uint8Array): string {
  return decodeLatin1(line).replace(UNICODE_ESCAPE, unicodeEscape);
}

function byteEscape(escape: string, octal?: string, hex?: string, other?: string): string {
  if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 0xff);
  if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
  if (other === "" || other === "x") throw badEscape(escape);
  return PLAIN_ESCAPES.get(other!) ?? escape;
}

function unicodeEscape(escape: string, short?: string, long?: string, other?: string): string {
  const codePoint = parseInt(short ?? long ?? "", 16);
  if (other === "u" || other === "U" || codePoint > 0x10ffff) throw badEscape(escape);
  return other === undefined ? String.fromCodePoint(codePoint) : escape;
}

function badEscape(escape: string): Error {
  return unreadable(`a string holds the incomplete escape ${quote(escape)}`);
}
