/** What PHP's clients store without a serializer: strings as they are, and numbers and booleans as text. @module */

import { ClientException, quote, ValidationException } from "../../../errors.ts";
import { decodeLatin1 } from "../../pickle/strings.ts";
import { numberIfSafe } from "../../pickle/numbers.ts";
import { encodeText } from "../../text.ts";
import { type FloatStyle, writeFloat } from "../float_text.ts";
import { isInt64, isInteger } from "../integers.ts";

/** memcached's `decr` pads a number with spaces when it gets fewer digits. */
const INTEGER = /^[+-]?\d{1,20} *$/;
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)? *$/i;
const FLOAT_WORD = /^(-?)(?:inf(?:inity)?|(nan))$/i;
/** No number that is written takes more characters. */
const LONGEST = 400;

/** A value that has a type of its own in the flags. */
export interface Scalar {
  readonly type: "string" | "int" | "float";
  readonly data: Uint8Array;
}

/**
 * Writes a string, bytes or a number; `undefined` for anything else.
 *
 * @throws {ValidationException} When an integer has more than PHP's 64 bits.
 */
export function writeScalar(value: unknown, style: FloatStyle): Scalar | undefined {
  if (typeof value === "string") return { type: "string", data: encodeText(value) };
  if (value instanceof Uint8Array) return { type: "string", data: new Uint8Array(value) };
  if (isInteger(value)) return { type: "int", data: encodeText(String(value)) };
  if (typeof value === "number") {
    return { type: "float", data: encodeText(writeFloat(value, style)) };
  }
  if (typeof value !== "bigint") return undefined;
  if (isInt64(value)) return { type: "int", data: encodeText(String(value)) };
  const why = "an integer that does not fit in the 64 bits of PHP's";
  throw new ValidationException(`Cannot store value: ${why}`, value);
}

/** Reads the text of an int. */
export function readInteger(data: Uint8Array): number | bigint {
  const text = textOf(data);
  const value = INTEGER.test(text) ? BigInt(text.replace("+", "").trimEnd()) : undefined;
  if (value !== undefined && isInt64(value)) return numberIfSafe(value);
  throw unreadable(text, "an int");
}

/** Reads the text of a float. */
export function readFloat(data: Uint8Array): number {
  const text = textOf(data);
  if (text.length <= LONGEST && FLOAT.test(text)) return Number(text);
  const [word, sign, nan] = FLOAT_WORD.exec(text) ?? [];
  if (word === undefined) throw unreadable(text, "a float");
  if (nan !== undefined) return NaN;
  return sign === "-" ? -Infinity : Infinity;
}

/** Reads a bool: `1` is true, and `0` or nothing false. */
export function readBoolean(data: Uint8Array): boolean {
  const text = textOf(data);
  if (text === "1") return true;
  if (text === "" || text === "0") return false;
  throw unreadable(text, "a bool");
}

/** The text of an item, cut off where it is longer than any number: then it is no number, whatever follows. */
function textOf(data: Uint8Array): string {
  return decodeLatin1(data.subarray(0, LONGEST + 1));
}

function unreadable(text: string, type: string): ClientException {
  return new ClientException(`Cannot read item: ${quote(text)} is not ${type}`, text);
}
