/** PHP's arrays and objects, which all of PHP's serializers have in common. @module */

import { quote } from "../../../errors.ts";
import { textOrBytes } from "../byte_reader.ts";
import { isInt64, isInteger } from "../integers.ts";
import { bytesSignature } from "../key_equality.ts";
import { numberIfSafe } from "../../pickle/numbers.ts";
import { entriesOf, type Place } from "../plain_values.ts";
import { type Pair, recordOf } from "../records.ts";
import { DATE_CLASSES, dateOfProperties } from "./php_dates.ts";

/** PHP's class for objects that are only data. */
export const STD_CLASS = "stdClass";
/** The class that a date is written as. */
export const DATE_CLASS = "DateTimeImmutable";

/** What PHP takes for an integer where it is the key of an array. */
const INTEGER_KEY = /^(?:0|-?[1-9]\d{0,18})$/;

/** A key of a PHP array: strings that look like an integer are one, and those that are not UTF-8 are bytes. */
export type PhpKey = string | number | bigint | Uint8Array;

/** What an array reads as: an `Array` if its keys count from 0, an object if all are strings, else a `Map`. */
export function arrayOf(pairs: readonly Pair[], fault: (state: string) => Error): object {
  if (pairs.every(([key], index) => key === index)) return pairs.map(([, value]) => value);
  return recordOf(pairs, fault);
}

/**
 * What an object of a class that was checked reads as.
 *
 * @throws {Error} When it is a date without its properties, or in a time zone that is not known.
 */
export function objectOf(
  name: string,
  pairs: readonly Pair[],
  fault: (state: string) => Error,
): object {
  if (name === STD_CLASS) return recordOf(pairs.map(propertyOf), fault);
  const date = dateOfProperties(new Map(pairs));
  if (date instanceof Date) return date;
  throw fault(`it holds ${date}`);
}

/** PHP before 7.2 had integers among the names of properties; a name that is not UTF-8 stays bytes. */
function propertyOf([key, value]: Pair): Pair {
  return [key instanceof Uint8Array ? key : String(key), value];
}

/**
 * Checks that objects of a class are plain data.
 *
 * @throws {Error} When they are not.
 */
export function checkClass(name: string, fault: (state: string) => Error): void {
  if (name === STD_CLASS || DATE_CLASSES.includes(name)) return;
  throw fault(`an object of class ${quote(name)} is not plain data`);
}

/** The keys and values of an array that a list, an object or a Map is written as. */
export function pairsOf(
  container: readonly unknown[] | ReadonlyMap<unknown, unknown> | object,
  place: Place,
): (readonly [PhpKey, unknown])[] {
  if (Array.isArray(container)) return Array.from(container, (item, index) => [index, item]);
  const pairs = entriesOf(container).map(([key, value]): [PhpKey, unknown] => {
    return [keyOf(key, place), value];
  });
  place.checkApart(container, pairs.map(([key]) => key), "PHP", (key) => {
    return key instanceof Uint8Array ? bytesSignature(key) : key;
  });
  return pairs;
}

function keyOf(key: unknown, place: Place): PhpKey {
  if (isInteger(key)) return key;
  if (typeof key === "bigint" && isInt64(key)) return numberIfSafe(key);
  if (key instanceof Uint8Array) {
    // PHP has one type for text and bytes.
    const text = textOrBytes(key);
    return typeof text === "string" ? keyOf(text, place) : text;
  }
  if (typeof key !== "string") {
    throw place.fault("a Map key that is neither a string nor an integer of 64 bits", key);
  }
  if (!key.isWellFormed()) throw place.fault("a key with a lone surrogate", key);
  if (!INTEGER_KEY.test(key)) return key;
  const integer = BigInt(key);
  return isInt64(integer) ? numberIfSafe(integer) : key;
}

/** Checks that PHP has an integer of that size. */
export function checkInteger64(value: number | bigint, place: Place): void {
  if (isInt64(value)) return;
  throw place.fault("an integer that does not fit in the 64 bits of PHP's", value);
}
