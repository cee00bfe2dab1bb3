/**
 * .NET's simple types: their type codes, and their bytes as `System.BitConverter` writes them, little-endian.
 *
 * @module
 */

/** The values of .NET's `System.TypeCode` that EnyimMemcached uses. */
export const typeCode = {
  empty: 0,
  object: 1,
  dbNull: 2,
  boolean: 3,
  char: 4,
  sbyte: 5,
  byte: 6,
  int16: 7,
  uint16: 8,
  int32: 9,
  uint32: 10,
  int64: 11,
  uint64: 12,
  single: 13,
  double: 14,
  decimal: 15,
  dateTime: 16,
  string: 18,
} as const;

/** A bit in the flags of every item from EnyimMemcached, beside the type code. */
export const MARK = 0x100;
/** The bits in which EnyimMemcached reads the type code. It ignores the others. */
export const TYPE_CODE_BITS = 0xff;
/** The flags of a `byte[]`, which has no type code. */
export const RAW_BYTES = 0xfa52;

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

/** The .NET types of a {@linkcode DotNetValue}. */
export type DotNetType = DotNetIntegerType | DotNetFractionType | "char";

/**
 * A number or character with the .NET type that `enyimTranscoder` stores it as. Use it for readers that need a certain
 * type: in C#, `client.Get<long>(key)` fails for an `Int32`. It is read as a plain `number`, `bigint` or `string`.
 *
 * @example A number that C# reads as a `long`
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { DotNetValue, enyimTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: enyimTranscoder });
 *
 * await client.set("visits", new DotNetValue("int64", 5));
 * assertEquals(await client.get("visits"), 5);
 * ```
 */
export class DotNetValue {
  /** The .NET type. */
  readonly type: DotNetType;
  /** The value. */
  readonly value: number | bigint | string;

  /**
   * Makes a value with a type. Whether the value fits the type is checked when it is stored.
   *
   * @param type The .NET type: `"sbyte"`, `"byte"`, `"int16"`, `"uint16"`, `"int32"`, `"uint32"`, `"int64"`,
   * `"uint64"`, `"single"`, `"double"` or `"char"`.
   * @param value The number, or for `"char"` a string of one UTF-16 code unit.
   */
  constructor(type: DotNetType, value: number | bigint | string) {
    this.type = type;
    this.value = value;
  }
}

/** Reads and writes numbers of one type. */
export interface NumberType {
  readonly code: number;
  /** The type's name in .NET. */
  readonly name: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Whether it can represent a number. */
  fits(value: number | bigint): boolean;
  read(view: DataView): number | bigint;
  /** Writes a number that fits. */
  write(view: DataView, value: number | bigint): void;
}

let types: Readonly<Record<DotNetIntegerType | DotNetFractionType, NumberType>> | undefined;

/** All number types, by name. */
export function numberTypes(): Readonly<
  Record<DotNetIntegerType | DotNetFractionType, NumberType>
> {
  return types ??= {
    sbyte: integer(typeCode.sbyte, "SByte", 8, "Int8"),
    byte: integer(typeCode.byte, "Byte", 8, "Uint8"),
    int16: integer(typeCode.int16, "Int16", 16, "Int16"),
    uint16: integer(typeCode.uint16, "UInt16", 16, "Uint16"),
    int32: integer(typeCode.int32, "Int32", 32, "Int32"),
    uint32: integer(typeCode.uint32, "UInt32", 32, "Uint32"),
    int64: integer(typeCode.int64, "Int64", 64, "BigInt64"),
    uint64: integer(typeCode.uint64, "UInt64", 64, "BigUint64"),
    single: {
      code: typeCode.single,
      name: "System.Single",
      size: 4,
      fits: (value) =>
        Number.isFinite(Math.fround(Number(value))) || !Number.isFinite(Number(value)),
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
}

/** The bits of .NET's `Single.NaN` and `Double.NaN`; unlike JavaScript's, they have the sign bit set. */
const SINGLE_NAN = 0xffc00000;
const DOUBLE_NAN = 0xfff8000000000000n;

/** The second part, after `get` and `set`, of the names of `DataView`'s methods for integers. */
type Accessor =
  | "Int8"
  | "Uint8"
  | "Int16"
  | "Uint16"
  | "Int32"
  | "Uint32"
  | "BigInt64"
  | "BigUint64";

type Access =
  & Record<`get${Accessor}`, (at: number, isLittleEndian: boolean) => number | bigint>
  & Record<`set${Accessor}`, (at: number, value: number | bigint, isLittleEndian: boolean) => void>;

function integer(code: number, name: string, bits: number, accessor: Accessor): NumberType {
  const isSigned = !accessor.includes("Uint");
  const least = isSigned ? -(2n ** BigInt(bits - 1)) : 0n;
  const most = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n;
  const asStored = bits === 64 ? BigInt : Number;
  return {
    code,
    name: `System.${name}`,
    size: bits / 8,
    fits: (value) => isInteger(value) && value >= least && value <= most,
    read: (view) => numberIfSafe((view as Access)[`get${accessor}`](0, true)),
    write: (view, value) => (view as Access)[`set${accessor}`](0, asStored(value), true),
  };
}

function isInteger(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

function numberIfSafe(value: number | bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The time zone of a `DateTime`: UTC, the zone of the machine, or unspecified. */
export type DateTimeKind = "utc" | "local" | "unspecified";

// `DateTime.ToBinary` writes ticks of 100 nanoseconds since the year 1 into the lower 62 bits, and the kind into the
// upper two.
const TICKS_BITS = 62n;
const TICKS_RANGE = 0x4000_0000_0000_0000n;
const TICKS_PER_MILLISECOND = 10_000n;
const TICKS_PER_DAY = 864_000_000_000n;
/** The ticks at the beginning of 1970. */
const EPOCH = 621_355_968_000_000_000n;
/** The last tick of the year 9999. */
const MOST_TICKS = 3_155_378_975_999_999_999n;

/** Set for times of kind Local. .NET stores them in UTC. The lower one of the two bits then has no meaning. */
const LOCAL = 2n;
const KINDS: Readonly<Record<DateTimeKind, bigint>> = { unspecified: 0n, utc: 1n, local: LOCAL };

/**
 * The instant of a `DateTime`, or `undefined` when it is out of range. It is truncated to milliseconds. Kind
 * Unspecified is read as UTC.
 */
export function dateFromBinary(binary: bigint): Date | undefined {
  const kind = binary >> TICKS_BITS;
  let ticks = binary & (TICKS_RANGE - 1n);
  if (kind >= LOCAL) ticks = ticksOfLocal(ticks);
  if (ticks > MOST_TICKS + (kind >= LOCAL ? TICKS_PER_DAY : 0n)) return undefined;
  // Truncated before subtracting: a negative difference would be rounded towards 1970.
  return new Date(Number(ticks / TICKS_PER_MILLISECOND - EPOCH / TICKS_PER_MILLISECOND));
}

/** `DateTime.FromBinary` clamps times that are before the year 1 in UTC. */
function ticksOfLocal(ticks: bigint): bigint {
  return ticks > TICKS_RANGE - TICKS_PER_DAY ? ticks - TICKS_RANGE + TICKS_PER_DAY : ticks;
}

/** The `DateTime` of an instant, or `undefined` outside of the years 1 to 9999. */
export function binaryFromDate(date: Date, kind: DateTimeKind): bigint | undefined {
  const milliseconds = date.getTime();
  if (Number.isNaN(milliseconds)) return undefined;
  const ticks = BigInt(milliseconds) * TICKS_PER_MILLISECOND + EPOCH;
  if (ticks < 0n || ticks > MOST_TICKS) return undefined;
  return KINDS[kind] << TICKS_BITS | ticks;
}
