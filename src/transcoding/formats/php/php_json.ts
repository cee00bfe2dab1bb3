/** JSON as PHP's `json_encode` writes it. @module */

import { textOrBytes } from "../byte_reader.ts";
import { type FloatStyle, writeFloat } from "../float_text.ts";
import type { JsonStyle } from "../json_text.ts";
import { propertiesOfDate } from "./php_dates.ts";
import { checkInteger64 } from "./php_values.ts";

const FLOAT: FloatStyle = {
  leastPoint: -3,
  mostPoint: () => 17,
  zero: "0",
  wholeMantissa: ".0",
  exponent: "e",
  hasPlus: true,
  exponentDigits: 1,
  words: ["INF", "NAN"],
};

/** `json_decode` reads fewer than 512 levels, and makes null of what has more. */
const MOST_LEVELS = 511;

/** PHP escapes slashes and all that is not ASCII, and has no JSON for INF and NAN. */
export const PHP_JSON: JsonStyle = {
  mostLevels: MOST_LEVELS,
  checkKey: (key, place) => {
    // PHP makes null of the whole value when such a key is that of an object.
    if (key.startsWith("\0")) throw place.fault("a key that begins with NUL, unlike PHP's", key);
  },
  float: (value) => Number.isFinite(value) ? writeFloat(value, FLOAT) : undefined,
  integer: (value, place) => {
    checkInteger64(value, place);
    return String(value);
  },
  string: (value) =>
    JSON.stringify(value).replaceAll("/", "\\/").replace(/[^\0-\x7f]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    }),
  instead: (value, place) => {
    if (value instanceof Date) return Object.fromEntries(propertiesOfDate(value));
    const text = value instanceof Uint8Array ? textOrBytes(value) : undefined;
    if (typeof text === "string") return text;
    const what = value instanceof Set ? "a Set" : typeof value === "symbol" ? "a symbol" : "bytes";
    throw place.fault(`${what}, for which there is no JSON`, value);
  },
};
