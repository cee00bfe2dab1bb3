/** Integers as little-endian two's complement, and Python's literals of integers and floats. @module */

import { quote } from "../../errors.ts";
import { unreadable } from "./byte_source.ts";

/**
 * The maximum number of digits. CPython 3.11 has this limit too, because reading decimals takes more than linear time.
 */
const MAX_DIGITS = 4300;

/** The maximum length of a line with that many digits, a sign and some space. */
const MAX_LITERAL = 4400;

/** The maximum number of bytes that always make a safe integer. */
const MAX_NUMBER_BYTES = 6;

// Each character can match in only one way, so matching takes linear time for any input.
const INTEGER =
  /^[ \t\r\v\f]*([+-]?)(0x(?:_?[\da-f])+|0o(?:_?[0-7])+|0b(?:_?[01])+|0(?:_?0)*|[1-9](?:_?\d)*)[ \t\r\v\f]*$/i;
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const FLOAT_WORD = /^([+-]?)(?:inf(?:inity)?|(nan))$/i;

/** Reads little-endian two's complement; no bytes mean 0. */
export function integerFromBytes(bytes: Uint8Array): number | bigint {
  const { length } = bytes;
  const isNegative = (bytes[length - 1] ?? 0) > 0x7f;
  if (length <= MAX_NUMBER_BYTES) {
    let value = isNegative ? -1 : 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
    return value;
  }
  try {
    const magnitude = BigInt(`0x${hexOf(bytes)}`);
    return numberIfSafe(isNegative ? magnitude - (1n << BigInt(length * 8)) : magnitude);
  } catch (cause) {
    throw unreadable("an integer is too large for this runtime", cause);
  }
}

function hexOf(bytes: Uint8Array): string {
  return bytes.reduceRight((hex, byte) => hex + (byte < 16 ? "0" : "") + byte.toString(16), "");
}

/** The shortest little-endian two's complement, as CPython writes it; 0 is one byte. */
export function integerToBytes(value: bigint): Uint8Array {
  const magnitude = value < 0n ? ~value : value;
  const digits = magnitude.toString(16);
  const bits = (digits.length - 1) * 4 + 32 - Math.clz32(Number(`0x${digits[0]}`));
  const bytes = new Uint8Array((bits >> 3) + 1);
  const flip = value < 0n ? 0xff : 0;
  for (let i = 0, end = digits.length; i < bytes.length; i++, end -= 2) {
    bytes[i] = Number(`0x0${digits.slice(Math.max(end - 2, 0), Math.max(end, 0))}`) ^ flip;
  }
  return bytes;
}

/** Reads a literal as Python's `int(text, 0)` does: decimal, `0x`, `0o`, `0b`, with underscores. */
export function integerFromText(text: string): number | bigint {
  const [, sign, digits] = (text.length <= MAX_LITERAL && INTEGER.exec(text)) || [];
  if (digits === undefined || digits.length > MAX_DIGITS) {
    throw unreadable(`${quote(text)} is not an integer, or has over ${MAX_DIGITS} digits`);
  }
  const magnitude = BigInt(digits.replaceAll("_", ""));
  return numberIfSafe(sign === "-" ? -magnitude : magnitude);
}

/** Reads the line of a FLOAT: Python's `repr(value)`. */
export function floatFromText(text: string): number {
  if (FLOAT.test(text)) return Number(text);
  const [word, sign, nan] = FLOAT_WORD.exec(text) ?? [];
  if (word === undefined) throw unreadable(`${quote(text)} is not a float`);
  if (nan !== undefined) return NaN;
  return sign === "-" ? -Infinity : Infinity;
}

/** A bigint as a number, where that is exact. */
export function numberIfSafe(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
