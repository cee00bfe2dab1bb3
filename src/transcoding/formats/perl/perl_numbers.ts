/** Numbers as Perl makes strings of them. @module */

import { type FloatStyle, writeFloat } from "../float_text.ts";
import { isInteger } from "../integers.ts";

/** As `%.15g` of C; where that is not exact, more digits are written. */
const FLOAT: FloatStyle = {
  leastPoint: -3,
  mostPoint: () => 15,
  zero: "0",
  wholeMantissa: "",
  exponent: "e",
  hasPlus: true,
  exponentDigits: 2,
  precision: 15,
  words: ["Inf", "NaN"],
};

/** The text of a number; Perl does not show the sign of a zero. */
export function perlNumber(value: number | bigint): string {
  if (typeof value === "bigint" || isInteger(value)) return String(value);
  return value === 0 ? "0" : writeFloat(value, FLOAT);
}
