/** JSON as Ruby's own library writes it. @module */

import { textOrBytes } from "../byte_reader.ts";
import { type FloatStyle, writeFloat } from "../float_text.ts";
import type { JsonStyle } from "../json_text.ts";

/** As `Float#to_s` writes it. */
const FLOAT: FloatStyle = {
  leastPoint: -3,
  mostPoint: () => 16,
  zero: "0",
  wholeMantissa: ".0",
  exponent: "e",
  hasPlus: true,
  exponentDigits: 2,
  words: ["Infinity", "NaN"],
};

/** Ruby's JSON has `NaN` and `Infinity`, integers of any length, and text for what it has no form for. */
export const RUBY_JSON: JsonStyle = {
  float: (value) => {
    const text = writeFloat(value, FLOAT);
    return /^-?\d+$/.test(text) ? `${text}.0` : text;
  },
  integer: String,
  string: (value) => JSON.stringify(value),
  instead: (value, place) => {
    if (value instanceof Date) return textOfTime(value);
    if (typeof value === "symbol") return value.description ?? "";
    const text = value instanceof Uint8Array ? textOrBytes(value) : undefined;
    if (typeof text === "string") return text;
    const what = value instanceof Set ? "a Set" : "bytes that are not UTF-8";
    throw place.fault(`${what}, for which there is no JSON`, value);
  },
};

/** As `Time#to_s` writes a Time in UTC: seconds are the least it tells. */
function textOfTime(date: Date): string {
  const [day = "", time = ""] = date.toISOString().split("T");
  return `${day} ${time.slice(0, 8)} UTC`;
}
