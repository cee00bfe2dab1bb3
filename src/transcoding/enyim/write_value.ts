/** Writes values as EnyimMemcached's `DefaultTranscoder` does. @module */

import { quote, ValidationException } from "../../errors.ts";
import { encodeText } from "../text.ts";
import type { EncodedValue } from "../transcoder.ts";
import {
  binaryFromDate,
  type DateTimeKind,
  type DotNetFractionType,
  type DotNetIntegerType,
  DotNetValue,
  MARK,
  type NumberType,
  numberTypes,
  RAW_BYTES,
  typeCode,
} from "./dot_net_types.ts";

/** The .NET types for values that could have several. */
export interface DotNetTypes {
  readonly integers: DotNetIntegerType | DotNetFractionType | "auto";
  readonly fractions: DotNetFractionType;
  readonly dates: DateTimeKind;
}

/**
 * Writes a value.
 *
 * @throws {ValidationException} When no .NET type with a type code can represent it.
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
      return writeNumber(firstThatFits("int64", "uint64", value), value);
  }
  if (value === null) return item(typeCode.dbNull, new Uint8Array(0));
  if (value instanceof Uint8Array) return { flags: RAW_BYTES, data: new Uint8Array(value) };
  if (value instanceof Date) return writeDate(value, types.dates);
  if (value instanceof DotNetValue) return writeTyped(value);
  throw unstorable(
    "EnyimMemcached's format supports simple values and bytes only",
    value,
  );
}

function chooseType(value: number, { integers, fractions }: DotNetTypes): NumberType {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return numberTypes()[fractions];
  return integers === "auto" ? firstThatFits("int32", "int64", value) : numberTypes()[integers];
}

function firstThatFits(
  first: DotNetIntegerType,
  second: DotNetIntegerType,
  value: number | bigint,
): NumberType {
  const types = numberTypes();
  return types[first].fits(value) ? types[first] : types[second];
}

function writeNumber(type: NumberType, value: number | bigint): EncodedValue {
  if (!type.fits(value)) throw unstorable(`${type.name} cannot represent ${value}`, value);
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
  const types = numberTypes();
  const numberType = Object.hasOwn(types, type) ? types[type] : undefined;
  if (numberType === undefined) {
    throw unstorable(`${quote(type)} is not a .NET type with a type code`, value);
  }
  if (typeof value === "number" || typeof value === "bigint") return writeNumber(numberType, value);
  throw unstorable(`${numberType.name} cannot represent ${quote(value)}`, value);
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
