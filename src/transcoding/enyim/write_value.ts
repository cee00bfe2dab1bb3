/** What EnyimMemcached's `DefaultTranscoder` writes. @module */

import { quote, ValidationException } from "../../errors.ts";
import { encodeText } from "../item_text.ts";
import type { EncodedValue } from "../transcoder.ts";
import { binaryFromDate, type DateTimeKind } from "./date_time.ts";
import { DotNetValue } from "./dot_net_value.ts";
import {
  type DotNetFractionType,
  type DotNetIntegerType,
  type NumberType,
  numberTypes,
} from "./number_types.ts";
import { MARK, RAW_BYTES, typeCode } from "./type_code.ts";

/** Which .NET types values become that could be of several. */
export interface DotNetTypes {
  readonly integers: DotNetIntegerType | DotNetFractionType | "auto";
  readonly fractions: DotNetFractionType;
  readonly dates: DateTimeKind;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Writes a value.
 *
 * @throws {ValidationException} When there is no .NET type for it among those that have a type code.
 */
export function writeValue(value: unknown, types: DotNetTypes): EncodedValue {
  switch (typeof value) {
    case "string":
      return item(typeCode.string, encodeText(value));
    case "boolean":
      return item(typeCode.boolean, Uint8Array.of(value ? 1 : 0));
    case "number":
      return writeNumber(chooseType(value, types), value);
    case "bigint":
      return writeNumber(
        numberTypes.int64.fits(value) ? numberTypes.int64 : numberTypes.uint64,
        value,
      );
  }
  if (value === null) return item(typeCode.dbNull, NO_BYTES);
  if (value instanceof Uint8Array) return { flags: RAW_BYTES, data: new Uint8Array(value) };
  if (value instanceof Date) return writeDate(value, types.dates);
  if (value instanceof DotNetValue) return writeTyped(value);
  throw unstorable(
    "EnyimMemcached has a format of its own for simple values and bytes only",
    value,
  );
}

function chooseType(value: number, { integers, fractions }: DotNetTypes): NumberType {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return numberTypes[fractions];
  if (integers !== "auto") return numberTypes[integers];
  return numberTypes.int32.fits(value) ? numberTypes.int32 : numberTypes.int64;
}

function writeNumber(type: NumberType, value: number | bigint): EncodedValue {
  if (!type.fits(value)) throw unstorable(`${value} is no value of ${type.name}`, value);
  const { data, view } = makeBytes(type.size);
  type.write(view, value);
  return item(type.code, data);
}

function writeDate(date: Date, kind: DateTimeKind): EncodedValue {
  const binary = binaryFromDate(date, kind);
  if (binary === undefined) {
    throw unstorable("a System.DateTime is from the years 1 to 9999", date);
  }
  const { data, view } = makeBytes(8);
  view.setBigUint64(0, binary, true);
  return item(typeCode.dateTime, data);
}

function writeTyped({ type, value }: DotNetValue): EncodedValue {
  if (type === "char") return writeChar(value);
  const numberType = Object.hasOwn(numberTypes, type) ? numberTypes[type] : undefined;
  if (numberType === undefined) {
    throw unstorable(`${quote(type)} is no .NET type that has a type code`, value);
  }
  if (typeof value === "number" || typeof value === "bigint") return writeNumber(numberType, value);
  throw unstorable(`${quote(value)} is no value of ${numberType.name}`, value);
}

function writeChar(value: unknown): EncodedValue {
  if (typeof value !== "string" || value.length !== 1) {
    throw unstorable("a System.Char is a string of one UTF-16 code unit", value);
  }
  const { data, view } = makeBytes(2);
  view.setUint16(0, value.charCodeAt(0), true);
  return item(typeCode.char, data);
}

function makeBytes(size: number): { data: Uint8Array; view: DataView } {
  const data = new Uint8Array(size);
  return { data, view: new DataView(data.buffer) };
}

function item(code: number, data: Uint8Array): EncodedValue {
  return { flags: MARK | code, data };
}

function unstorable(why: string, value: unknown): ValidationException {
  return new ValidationException(`Cannot store value: ${why}`, value);
}
