/** Python's numbers as text: what `int()` reads, and what `str()` and `repr()` write. @module */

import { ClientException, quote } from "../../errors.ts";
import { numberIfSafe } from "../pickle/numbers.ts";
import { decodeLatin1 } from "../pickle/strings.ts";
import { unstorable } from "../format_parts.ts";
import { type FloatStyle, writeFloat } from "./float_text.ts";
import { isInteger } from "./integers.ts";

/** Python refuses to read longer ones, since 3.11 and in fixes of all versions before. */
const MAX_DIGITS = 4300;
/** The longest text that is looked at: so many digits, a sign, underscores between them and some space. */
const MAX_LENGTH = 2 * MAX_DIGITS + 100;

// One way only to match each character, so that no text takes more than linear time.
const INTEGER = /^[ \t\n\v\f\r]*([+-]?)(\d+(?:_\d+)*)[ \t\n\v\f\r]*$/;

/**
 * Reads what Python's `int()` does: decimal digits, with underscores between them and spaces around. memcached
 * leaves spaces behind a counter that got shorter.
 *
 * @throws {ClientException} When it is not an integer, or has more than 4,300 digits.
 */
export function readInteger(data: Uint8Array): number | bigint {
  const text = decodeLatin1(data.subarray(0, MAX_LENGTH + 1));
  const [, sign, spaced = ""] = (text.length <= MAX_LENGTH && INTEGER.exec(text)) || [];
  const digits = spaced.replaceAll("_", "");
  if (digits === "" || digits.length > MAX_DIGITS) {
    const why = `${quote(text)} is not an integer, or has over ${MAX_DIGITS} digits`;
    throw new ClientException(`Cannot read item: ${why}`, new Uint8Array(data));
  }
  const magnitude = BigInt(digits);
  return numberIfSafe(sign === "-" ? -magnitude : magnitude);
}

/** Whether Python has an `int` for a number: a safe integer, and not -0. */
export function isPythonInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" || isInteger(value);
}

/**
 * Writes an integer as `str()` does.
 *
 * @throws {ValidationException} When Python would not read it again.
 */
export function integerText(value: number | bigint): string {
  // Writing and reading so long an integer takes more than linear time.
  if (typeof value === "bigint" && (value >= LIMIT() || value <= -LIMIT())) {
    throw unstorable(`Python reads no integer of more than ${MAX_DIGITS} digits`, value);
  }
  return value.toString();
}

let limit: bigint | undefined;
const LIMIT = () => limit ??= 10n ** BigInt(MAX_DIGITS);

/** As `repr()` writes floats: `0.5`, `1e+16`, `1e-05`, `inf`, `nan`. */
const FLOAT: FloatStyle = {
  leastPoint: -3,
  mostPoint: () => 16,
  zero: "0",
  wholeMantissa: "",
  exponent: "e",
  hasPlus: true,
  exponentDigits: 2,
  words: ["inf", "nan"],
};

/** Writes a float as `repr()` does. */
export function floatText(value: number): string {
  const text = writeFloat(value, FLOAT);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Writes a number or bigint as `str()` does: a safe integer as an `int`, any other number as a `float`. */
export function numberText(value: number | bigint): string {
  return isPythonInteger(value) ? integerText(value) : floatText(value);
}
