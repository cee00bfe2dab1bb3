/** What EnyimMemcached wrote and read, and how the notation of its values compares with ours. */

import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { toHex } from "../pickle/vectors.ts";

/** A .NET value in a notation that JavaScript's own types do not get in the way of. */
export interface DotNetPortable {
  readonly type: string;
  readonly value?: string | boolean;
  readonly codeUnit?: number;
  readonly bitsBE?: string;
  readonly hex?: string;
  readonly kind?: string;
  readonly utcTicks?: string;
}

export interface EnyimVectors {
  readonly encode: {
    readonly name: string;
    readonly value: DotNetPortable;
    readonly flags: number;
    readonly hex: string;
    readonly decodesTo: DotNetPortable;
  }[];
  readonly decode: {
    readonly flags: number;
    readonly hex: string;
    readonly outcome: { readonly returns?: DotNetPortable; readonly throws?: string };
    readonly invalidUtf8?: boolean;
  }[];
}

/** Asserts that `actual` is what `expected` reads as. */
export function assertDotNet(actual: unknown, expected: DotNetPortable): void {
  switch (expected.type) {
    case "null":
      return assertStrictEquals(actual, null);
    case "bool":
    case "string":
      return assertStrictEquals(actual, expected.value);
    case "char":
      return assertStrictEquals(actual, String.fromCharCode(expected.codeUnit!));
    case "bytes":
      assertInstanceOf(actual, Uint8Array);
      return assertEquals(toHex(actual), expected.hex);
    case "float":
    case "double":
      return assertStrictEquals(actual, fractionOf(expected));
    case "datetime":
      assertInstanceOf(actual, Date);
      return assertEquals(actual.getTime(), millisecondsOf(expected));
    default:
      return assertStrictEquals(actual, integerOf(expected));
  }
}

/** The value in JavaScript that an integer reads as. */
export function integerOf({ value }: DotNetPortable): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value as string);
}

/** The number that the bits of a float or double make. */
export function fractionOf({ type, bitsBE }: DotNetPortable): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bitsBE}`));
  return type === "float" ? view.getFloat32(4) : view.getFloat64(0);
}

/** Milliseconds since 1970, without their fraction. */
export function millisecondsOf({ utcTicks }: DotNetPortable): number {
  return Number((BigInt(utcTicks!) - BigInt(utcTicks!) % 10_000n) / 10_000n) - 62_135_596_800_000;
}
