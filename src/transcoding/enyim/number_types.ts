/** The numbers of .NET, as `System.BitConverter` lays them out on every machine of today: little-endian. @module */

import { typeCode } from "./type_code.ts";

/** A .NET type for numbers without a fraction, by its C# or .NET name in lower case. */
export type DotNetIntegerType =
  | "sbyte"
  | "byte"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64";

/** A .NET type for numbers with a fraction. */
export type DotNetFractionType = "single" | "double";

/** How the numbers of one type are read and written. */
export interface NumberType {
  readonly code: number;
  /** .NET's name of it. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Whether it has a value for a number. */
  fits(value: number | bigint): boolean;
  read(view: DataView): number | bigint;
  /** Writes a number that fits. */
  write(view: DataView, value: number | bigint): void;
}

/** Every type of number, by its name. */
export const numberTypes: Readonly<Record<DotNetIntegerType | DotNetFractionType, NumberType>> = {
  sbyte: {
    ...integer(typeCode.sbyte, "System.SByte", 1, true),
    read: (view) => view.getInt8(0),
    write: (view, value) => view.setInt8(0, Number(value)),
  },
  byte: {
    ...integer(typeCode.byte, "System.Byte", 1, false),
    read: (view) => view.getUint8(0),
    write: (view, value) => view.setUint8(0, Number(value)),
  },
  int16: {
    ...integer(typeCode.int16, "System.Int16", 2, true),
    read: (view) => view.getInt16(0, true),
    write: (view, value) => view.setInt16(0, Number(value), true),
  },
  uint16: {
    ...integer(typeCode.uint16, "System.UInt16", 2, false),
    read: (view) => view.getUint16(0, true),
    write: (view, value) => view.setUint16(0, Number(value), true),
  },
  int32: {
    ...integer(typeCode.int32, "System.Int32", 4, true),
    read: (view) => view.getInt32(0, true),
    write: (view, value) => view.setInt32(0, Number(value), true),
  },
  uint32: {
    ...integer(typeCode.uint32, "System.UInt32", 4, false),
    read: (view) => view.getUint32(0, true),
    write: (view, value) => view.setUint32(0, Number(value), true),
  },
  int64: {
    ...integer(typeCode.int64, "System.Int64", 8, true),
    read: (view) => numberIfSafe(view.getBigInt64(0, true)),
    write: (view, value) => view.setBigInt64(0, BigInt(value), true),
  },
  uint64: {
    ...integer(typeCode.uint64, "System.UInt64", 8, false),
    read: (view) => numberIfSafe(view.getBigUint64(0, true)),
    write: (view, value) => view.setBigUint64(0, BigInt(value), true),
  },
  single: {
    code: typeCode.single,
    name: "System.Single",
    size: 4,
    fits: (value) => Number.isFinite(Math.fround(Number(value))) || !Number.isFinite(Number(value)),
    read: (view) => view.getFloat32(0, true),
    write: (view, value) => {
      if (Number.isNaN(value)) view.setUint32(0, SINGLE_NAN, true);
      else view.setFloat32(0, Number(value), true);
    },
  },
  double: {
    code: typeCode.double,
    name: "System.Double",
    size: 8,
    fits: (value) => typeof value === "number" || BigInt(Number(value)) === value,
    read: (view) => view.getFloat64(0, true),
    write: (view, value) => {
      if (Number.isNaN(value)) view.setBigUint64(0, DOUBLE_NAN, true);
      else view.setFloat64(0, Number(value), true);
    },
  },
};

/** The bits of .NET's `Single.NaN` and `Double.NaN`, which unlike JavaScript's have the sign set. */
const SINGLE_NAN = 0xffc00000;
const DOUBLE_NAN = 0xfff8000000000000n;

function integer(
  code: number,
  name: string,
  size: number,
  isSigned: boolean,
): Omit<NumberType, "read" | "write"> {
  const bits = BigInt(size * 8);
  const least = isSigned ? -(2n ** (bits - 1n)) : 0n;
  const most = (isSigned ? 2n ** (bits - 1n) : 2n ** bits) - 1n;
  const isInteger = (value: number | bigint) =>
    typeof value === "bigint" || Number.isSafeInteger(value);
  return {
    code,
    name,
    size,
    fits: (value) => isInteger(value) && value >= least && value <= most,
  };
}

function numberIfSafe(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
