/** JSON as Python's `json` module writes and reads it. @module */

import { ClientException } from "../../errors.ts";
import { numberIfSafe } from "../pickle/numbers.ts";
import { decodeUtf8 } from "../text.ts";
import { describe, unstorable } from "../format_parts.ts";
import { floatText, integerText, isPythonInteger } from "./python_numbers.ts";

/** What Python escapes besides what JavaScript does: all that is not ASCII. */
const NOT_ASCII = /[\u007f-\uffff]/g;

/** A number, or one of the words that only Python has. */
const TOKEN = /-?Infinity|NaN|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** What {@linkcode TOKEN} may find that `JSON.parse` reads as something else, or not at all. */
const SPECIAL = /Infinity|NaN|\d{16}/;
const LONG_INTEGER = /^-?\d{16,}$/;
/** Begins strings that stand for something else, or began so before. JSON has it as an escape only. */
const MARK = "\0";
const ESCAPED_MARK = "\\u0000";
/** As for `int()`. */
const MAX_DIGITS = 4300;

/**
 * Writes a value as `json.dumps` does: `{"a": [1, 2.5]}`, in ASCII.
 *
 * @throws {ValidationException} When it holds what `json.dumps` has nothing for.
 */
export function writePythonJson(value: unknown): string {
  const pieces: string[] = [];
  write(value, pieces, new Set());
  return pieces.join("");
}

function write(value: unknown, pieces: string[], holders: Set<object>): void {
  if (value === null || typeof value === "boolean") pieces.push(String(value));
  else if (typeof value === "string") pieces.push(quoted(value));
  else if (typeof value === "number" || typeof value === "bigint") pieces.push(numberOf(value));
  else if (typeof value === "object") writeContainer(value, pieces, holders);
  else throw unstorable(`${describe(value)} has no JSON in Python`, value);
}

function writeContainer(value: object, pieces: string[], holders: Set<object>): void {
  if (holders.has(value)) throw unstorable("it holds itself", value);
  holders.add(value);
  const prototype = Object.getPrototypeOf(value);
  if (Array.isArray(value)) writeItems("[", value, "]", pieces, holders);
  else if (prototype === Object.prototype || prototype === null) {
    writeItems("{", Object.entries(value), "}", pieces, holders);
  } else if (value instanceof Map) writeItems("{", [...value], "}", pieces, holders);
  else throw unstorable(`${describe(value)} has no JSON in Python`, value);
  holders.delete(value);
}

function writeItems(
  open: "[" | "{",
  items: readonly unknown[],
  close: "]" | "}",
  pieces: string[],
  holders: Set<object>,
): void {
  pieces.push(open);
  for (let i = 0; i < items.length; i++) {
    if (i > 0) pieces.push(", ");
    if (open === "[") write(items[i], pieces, holders);
    else {
      const [key, item] = items[i] as [unknown, unknown];
      pieces.push(keyOf(key), ": ");
      write(item, pieces, holders);
    }
  }
  pieces.push(close);
}

/** Python makes strings of the keys that JSON has a notation for. */
function keyOf(key: unknown): string {
  if (typeof key === "string") return quoted(key);
  if (typeof key === "number" || typeof key === "bigint") return quoted(numberOf(key));
  if (typeof key === "boolean" || key === null) return quoted(String(key));
  throw unstorable("a key of a Map has no JSON in Python", key);
}

function numberOf(value: number | bigint): string {
  if (isPythonInteger(value)) return integerText(value);
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  return floatText(value);
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    NOT_ASCII,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Reads what `json.loads` does: besides JSON, `NaN`, `Infinity` and integers of any size, the long ones as a
 * `bigint`.
 *
 * @throws {ClientException} When it is not JSON.
 */
export function readPythonJson(data: Uint8Array): unknown {
  try {
    const text = decodeUtf8(data);
    if (!SPECIAL.test(text)) return JSON.parse(text);
    return JSON.parse(withStrings(text), (_, value) => fromString(value));
  } catch (cause) {
    throw new ClientException("Cannot read item: it is not JSON", new Uint8Array(data), { cause });
  }
}

/** Puts strings in the place of what `JSON.parse` would not read, and marks those that look like one. */
function withStrings(text: string): string {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at);
    const start = quote < 0 ? text.length : quote;
    pieces.push(text.slice(at, start).replace(TOKEN, asString));
    at = endOfString(text, start);
    const isMarked = text.startsWith(ESCAPED_MARK, start + 1);
    if (start === text.length) break;
    pieces.push(isMarked ? `"${ESCAPED_MARK}` : '"', text.slice(start + 1, at));
  }
  return pieces.join("");
}

/** Where a string ends that begins at a quotation mark. */
function endOfString(text: string, start: number): number {
  for (let at = start; at < text.length;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let slashes = 0;
    while (text[at - slashes - 1] === "\\") slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return text.length;
}

function asString(token: string): string {
  const isSpecial = /[IN]/.test(token) || LONG_INTEGER.test(token);
  return isSpecial ? `"${ESCAPED_MARK}${token}"` : token;
}

function fromString(value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith(MARK)) return value;
  const token = value.slice(MARK.length);
  if (token.startsWith(MARK)) return token;
  if (!LONG_INTEGER.test(token)) return Number(token);
  if (token.length > MAX_DIGITS) throw new RangeError("an integer has too many digits");
  return numberIfSafe(BigInt(token));
}
