import { checkChoice, checkNames } from "../option_checks.ts";
import type { DateTimeKind, DotNetFractionType, DotNetIntegerType } from "./enyim/dot_net_types.ts";
import { numberTypes } from "./enyim/dot_net_types.ts";
import { readValue } from "./enyim/read_value.ts";
import { type DotNetTypes, writeValue } from "./enyim/write_value.ts";
import { writing } from "./format_parts.ts";
import type { Transcoder } from "./transcoder.ts";

/** The flags of a string: EnyimMemcached's mark 0x100, and .NET's `TypeCode.String`. */
const STRING_FLAGS = 0x112;
/** All the bits of type codes, of EnyimMemcached's mark, and of the flags of a `byte[]`. */
const FLAG_BITS = 0xfb5f;

/** Which .NET types values become. Every option may be left out. */
export interface EnyimTranscoderOptions {
  /**
   * The type of a `number` that is a safe integer: one of .NET's types, which the number has to fit, or
   * `"auto"`, the default, for an `Int32` where it fits and an `Int64` where it does not.
   */
  readonly integers?: DotNetIntegerType | DotNetFractionType | "auto";
  /** The type of any other `number`, -0, `NaN` and those from 2^53 included; `"double"` by default. */
  readonly fractions?: DotNetFractionType;
  /**
   * The kind of the `DateTime` that a `Date` becomes; `"utc"` by default. With `"local"`, .NET shows the same
   * instant in the time zone of the machine that reads it.
   */
  readonly dates?: DateTimeKind;
}

/** A transcoder for EnyimMemcached's format, and a function that makes others with options. */
export interface EnyimTranscoder extends Transcoder {
  /**
   * Makes a transcoder for EnyimMemcached's format.
   *
   * @param options `integers`, `fractions` and `dates`: the .NET types of numbers and of a `Date`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option names no type.
   */
  (options?: EnyimTranscoderOptions): Transcoder;
}

/**
 * Stores simple values and bytes in the format of EnyimMemcached (C#), each under the flags of its .NET type.
 * It is a transcoder as it is, and a function that makes others with options.
 *
 * | JavaScript | .NET, written | .NET, read | flags |
 * | --- | --- | --- | --- |
 * | `null` | `DBNull`, which reads as `null` | the same; the empty item of flags 256 or 0 | 258 |
 * | `boolean` | `Boolean` | the same | 259 |
 * | `number` that is a safe integer | `Int32`, or `Int64` beyond it, or what `integers` says | `SByte`, `Byte`, `Int16`, `UInt16`, `Int32`, `UInt32`, `Int64`, `UInt64` | 261 to 268 |
 * | any other `number` | `Double`, or what `fractions` says | `Single`, `Double` | 269, 270 |
 * | `bigint` | `Int64`, or `UInt64` beyond it | the two, beyond 2^53 | 267, 268 |
 * | `string` | `String` | the same; `Char`; whatever has flags 0, as counters of other clients do | 274 |
 * | `Date` | `DateTime` of kind UTC, or what `dates` says | `DateTime` of every kind | 272 |
 * | `Uint8Array` | `byte[]` | the same | 64082 |
 * | {@linkcode DotNetValue} | the number or `Char` that it says | | |
 *
 * A `DateTime` counts 100 nanoseconds: what is below a millisecond is cut off. One of kind Local is read
 * as its instant, which .NET stores; one of kind Unspecified is read as if in UTC. .NET reads a number only as
 * the type that it was written as: for a program that reads a `long`, set `{ integers: "int64" }`.
 *
 * EnyimMemcached writes everything else with .NET's `BinaryFormatter`: arrays, objects, `Decimal`, `Guid`,
 * `TimeSpan`. Reading those is a `ClientException` with the name of the class, and writing them a
 * `ValidationException`. As for EnyimMemcached itself, only the lowest byte of the flags counts, and bytes
 * behind a value of a fixed size are ignored. Bytes that are not UTF-8 are an error here, and replacement
 * characters there.
 *
 * @example Values that C# reads, and a type that it asks for
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
