/** JSON as Python's `json` module writes it. @module */

import type { JsonStyle } from "./json_text.ts";
import { floatText, integerText } from "./python_numbers.ts";

/** What Python escapes besides what JavaScript does: all that is not ASCII. */
const NOT_ASCII = /[\u007f-\uffff]/g;

/** Python's JSON is ASCII with spaces, and has `NaN`, `Infinity` and integers of any length. */
export const PYTHON_JSON: JsonStyle = {
  separators: [", ", ": "],
  float: (value) => Number.isFinite(value) ? floatText(value) : String(value),
  integer: integerText,
  string: (value) => JSON.stringify(value).replace(NOT_ASCII, escapeOf),
  instead: (value, place) => {
    const what = typeof value === "symbol" ? "a symbol" : `a ${value.constructor.name}`;
    throw place.fault(`${what}, for which Python has no JSON`, value);
  },
};

function escapeOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
