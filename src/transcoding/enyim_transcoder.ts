/** The format of EnyimMemcached: its options, and the transcoder. @module */

import { checkChoice, checkNames } from "../option_checks.ts";
import type { DateTimeKind, DotNetFractionType, DotNetIntegerType } from "./enyim/dot_net_types.ts";
import { numberTypes } from "./enyim/dot_net_types.ts";
import { readValue } from "./enyim/read_value.ts";
import { type DotNetTypes, writeValue } from "./enyim/write_value.ts";
import { writing } from "./format_parts.ts";
import type { Transcoder } from "./transcoder.ts";

/** The flags of a string: EnyimMemcached's bit 0x100, and .NET's `TypeCode.String`. */
const STRING_FLAGS = 0x112;
/** All bits of type codes, of EnyimMemcached's bit 0x100, and of the flags of a `byte[]`. */
const FLAG_BITS = 0xfb5f;

/** The options of {@linkcode enyimTranscoder}: the .NET types of values. All are optional. */
export interface EnyimTranscoderOptions {
  /**
   * The type of a `number` that is a safe integer. The number must fit the type. The default `"auto"` means `Int32` if
   * the number fits, and otherwise `Int64`.
   */
  readonly integers?: DotNetIntegerType | DotNetFractionType | "auto" | undefined;
  /** The type of any other `number`, including -0, `NaN` and numbers from 2^53 on; `"double"` by default. */
  readonly fractions?: DotNetFractionType | undefined;
  /**
   * The kind of the `DateTime` for a `Date`; `"utc"` by default. With `"local"`, .NET shows the same instant in the
   * time zone of the reading machine.
   */
  readonly dates?: DateTimeKind | undefined;
}

/** A transcoder for EnyimMemcached's format. Call it to make one with options. */
export interface EnyimTranscoder extends Transcoder {
  /**
   * Makes a transcoder for EnyimMemcached's format.
   *
   * @param options `integers`, `fractions` and `dates`: the .NET types of numbers and of a `Date`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is not one of its types.
   */
  (options?: EnyimTranscoderOptions): Transcoder;
}

/**
 * Stores simple values and bytes in the format of EnyimMemcached (C#), with flags for the .NET type. Use it as a
 * transcoder, or call it to make one with options.
 *
 * | JavaScript | .NET, written | .NET, read | flags |
 * | --- | --- | --- | --- |
 * | `null` | `DBNull`, which C# reads as `null` | the same; an empty item with flags 256 or 0 | 258 |
 * | `boolean` | `Boolean` | the same | 259 |
 * | `number` that is a safe integer | `Int32`, or `Int64` if it does not fit; or as `integers` says | `SByte`, `Byte`, `Int16`, `UInt16`, `Int32`, `UInt32`, `Int64`, `UInt64` | 261 to 268 |
 * | any other `number` | `Double`, or as `fractions` says | `Single`, `Double` | 269, 270 |
 * | `bigint` | `Int64`, or `UInt64` if it does not fit | both, beyond 2^53 | 267, 268 |
 * | `string` | `String` | the same; `Char`; items with flags 0, such as counters of other clients | 274 |
 * | `Date` | `DateTime` of kind UTC, or as `dates` says | `DateTime` of every kind | 272 |
 * | `Uint8Array` | `byte[]` | the same | 64082 |
 * | {@linkcode DotNetValue} | its number type or `Char` | | |
 *
 * A `DateTime` has a resolution of 100 nanoseconds; it is truncated to milliseconds. Kind Local is read as its instant,
 * which .NET stores in UTC; kind Unspecified is read as UTC. .NET reads a number only as the type it was written as:
 * for a program that reads a `long`, set `{ integers: "int64" }`.
 *
 * EnyimMemcached writes everything else with .NET's `BinaryFormatter`: arrays, objects, `Decimal`, `Guid`, `TimeSpan`.
 * Reading those throws a `ClientException` with the name of the class, and storing such values throws a
 * `ValidationException`. As in EnyimMemcached, only the lowest byte of the flags counts, and bytes after a value of
 * fixed size are ignored. Bytes that are not UTF-8 throw an error here; EnyimMemcached reads replacement characters.
 *
 * @example Values for C#, one with a certain type
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyimTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: enyimTranscoder });
 *
 * await client.set("seen", new Date("2020-01-02T03:04:05.678Z"));
 * assertEquals(await client.get("seen"), new Date("2020-01-02T03:04:05.678Z"));
 *
 * const longs = enyimTranscoder({ integers: "int64" });
 * assertEquals(await longs.encode(5), { flags: 267, data: Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0) });
 * ```
 */
export const enyimTranscoder: EnyimTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: EnyimTranscoderOptions = {}): Transcoder {
  checkNames(options, ["integers", "fractions", "dates"]);
  const types = resolveTypes(options);
  return {
    textFlags: STRING_FLAGS,
    flagBits: FLAG_BITS,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => writing(value, () => writeValue(value, types)),
    decode: ({ flags, data }) => readValue(flags, data),
  };
}

function resolveTypes(options: EnyimTranscoderOptions): DotNetTypes {
  const { integers = "auto", fractions = "double", dates = "utc" } = options;
  checkChoice("integers", integers, ["auto", ...Object.keys(numberTypes())]);
  checkChoice("fractions", fractions, ["single", "double"]);
  checkChoice("dates", dates, ["utc", "local", "unspecified"]);
  return { integers, fractions, dates };
}
