/** The formats of spymemcached's transcoders. @module */

import { ClientException, ValidationException } from "../../../errors.ts";
import { checkChoice, checkNames } from "../../../option_checks.ts";
import { writing, wrongLength } from "../../format_parts.ts";
import { numberIfSafe } from "../../pickle/numbers.ts";
import { decodeText, encodeText } from "../../text.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "../../transcoder.ts";
import { ByteReader } from "../byte_reader.ts";
import { deflate, inflate, longestBelow } from "../deflated.ts";
import { isInt32, isInt64, isInteger } from "../integers.ts";
import { readJava } from "./read_java.ts";
import { writeJava } from "./write_java.ts";

/** A type of Java's that spymemcached has bytes of its own for. */
type JavaType =
  | "boolean"
  | "byte"
  | "char"
  | "short"
  | "int"
  | "long"
  | "float"
  | "double"
  | "date"
  | "bytes"
  | "string"
  | "object";

/** Which of spymemcached's transcoders. */
export type SpymemcachedKind = "serializing" | "whalin" | "whalinV1";

const COMPRESSED = 2;
/** Both transcoders compress what is longer. */
const THRESHOLD = 16_384;

/** The flags of each type. */
const FLAGS: Readonly<
  Record<"serializing" | "whalin", Readonly<Partial<Record<JavaType, number>>>>
> = {
  serializing: {
    ...{ string: 0, object: 1, boolean: 0x100, int: 0x200, long: 0x300, date: 0x400 },
    ...{ byte: 0x500, float: 0x600, double: 0x700, bytes: 0x800 },
  },
  whalin: {
    ...{ byte: 1, int: 4, object: 8, char: 16, string: 32, float: 128, short: 256, double: 512 },
    ...{ date: 1024, bytes: 4096, boolean: 8192, long: 16_384 },
  },
};
/** Strings of other classes, which WhalinTranscoder tells apart: StringBuffer and StringBuilder. */
const WHALIN_STRINGS = [64, 2048];
/** What WhalinV1Transcoder has instead of flags: a byte before the value, or these flags for an object. */
const V1_OBJECT = 8;
const V1_TYPES: Readonly<Record<number, JavaType>> = {
  ...{ 1: "byte", 2: "boolean", 3: "int", 4: "long", 5: "char", 6: "string", 7: "string" },
  ...{ 8: "float", 9: "short", 10: "double", 11: "date", 12: "string", 13: "bytes" },
};
/** How many bytes a value of each type has. */
const SIZES: Readonly<Partial<Record<JavaType, number>>> = {
  ...{ boolean: 1, byte: 1, char: 4, short: 4, int: 4, long: 8, float: 4, double: 8, date: 8 },
};

/** What spymemcached takes for JSON, which SerializingTranscoder never compresses. */
const JSON_TEXT = /^(?:[{[]|(?:true|false|null|-?\d+(?:\.\d+)?)$)/;

/** How spymemcached is configured. */
export interface SpymemcachedTranscoderOptions {
  /**
   * spymemcached's transcoder: `"serializing"` for SerializingTranscoder, its default and ours; `"whalin"` and
   * `"whalinV1"` for those that are compatible with Greg Whalin's client.
   */
  readonly kind?: SpymemcachedKind | undefined;
}

/** A transcoder for spymemcached's format, and a function that makes others with options. */
export interface SpymemcachedTranscoder extends Transcoder {
  /**
   * Makes a transcoder for the format of one of spymemcached's transcoders.
   *
   * @param options `kind`: which one.
   * @returns The transcoder.
   * @throws {ValidationException} When the option is invalid.
   */
  (options?: SpymemcachedTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of spymemcached (Java): simple values as bytes under flags of their own, everything else
 * in Java's serialization. Use it as a transcoder, or call it to make one with options. Reading makes no
 * class and runs nothing.
 *
 * | JavaScript | Java, written | Java, read | notes |
 * | --- | --- | --- | --- |
 * | `null` | `null`, within a list or map | the same | by itself it is an error: spymemcached refuses it |
 * | `boolean` | `Boolean` | the same | |
 * | `number` that is a safe integer | `Integer`, or `Long` beyond it | `Byte`, `Short`, `Integer`, `Long` | but -0 is a `Double` |
 * | `bigint` | `Integer`, `Long`, or `BigInteger` beyond it | the two, beyond 2^53 | |
 * | any other `number` | `Double` | `Float`, `Double` | `1.0` reads as `1`, which is written as an `Integer` |
 * | `string` | `String` | the same; `Character`, `char[]`, and Whalin's `StringBuilder` | |
 * | `Uint8Array` | `byte[]` | the same | |
 * | `Date` | `java.util.Date` | the same | |
 * | `Array` | `ArrayList` | `LinkedList`, `Arrays.asList`, `List.of`, and arrays, too | |
 * | plain object | `LinkedHashMap` | `HashMap`, `LinkedHashMap` and `Map.of` whose keys are all `String` | |
 * | `Map` | `LinkedHashMap` | the same with other keys | |
 * | `Set` | `LinkedHashSet` | `HashSet`, `LinkedHashSet`, `Set.of` | |
 *
 * Lists, maps and the like that occur more than once, or hold themselves, stay so. An object of any other class is a
 * `ClientException` with the name of the class. Values may be nested 1,000 levels deep.
 *
 * Values above 16,384 bytes are compressed with gzip, if they become shorter by it; compressing and expanding are
 * asynchronous. Flags that the transcoder of that kind does not write are a `ClientException`.
 *
 * @example Values that Java reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { spymemcachedTranscoder } from "@moecache/moecache/formats/java";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: spymemcachedTranscoder });
 *
 * await client.set("user:1", { name: "Ada", tags: ["math"] }); // a LinkedHashMap in Java
 * assertEquals(await client.get("user:1"), { name: "Ada", tags: ["math"] });
 * ```
 */
export const spymemcachedTranscoder: SpymemcachedTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: SpymemcachedTranscoderOptions = {}): Transcoder {
  checkNames(options, ["kind"]);
  const { kind = "serializing" } = options;
  checkChoice("kind", kind, ["serializing", "whalin", "whalinV1"]);
  const textFlags = kind === "serializing" ? 0 : 32;
  return {
    ...(kind === "whalinV1" ? {} : { textFlags, longestText: longestBelow(THRESHOLD) }),
    flagBits: bitsOf(kind),
    borrowsData: true,
    handsOverData: true,
    encode: (value) => {
      const item = writing(value, () => encode(value, kind));
      const isJson = kind === "serializing" && typeof value === "string" && JSON_TEXT.test(value);
      return isJson || item.data.length <= THRESHOLD ? item : compress(item);
    },
    decode: (item, limits) => decode(item, kind, limits),
  };
}

function bitsOf(kind: SpymemcachedKind): number {
  if (kind === "whalinV1") return V1_OBJECT | COMPRESSED;
  const known = [...Object.values(FLAGS[kind]), ...(kind === "whalin" ? WHALIN_STRINGS : [])];
  return known.reduce((all, flags) => all | flags, COMPRESSED);
}

function encode(value: unknown, kind: SpymemcachedKind): EncodedValue {
  if (value === null) {
    throw new ValidationException("Cannot store value: spymemcached refuses null", value);
  }
  const type = typeOf(value);
  const isObject = type === "object" || (kind === "whalinV1" && type === "bytes");
  if (isObject) {
    return {
      flags: kind === "whalinV1" ? V1_OBJECT : FLAGS[kind].object ?? 0,
      data: writeJava(value),
    };
  }
  const data = bytesOf(type, value, kind);
  if (kind !== "whalinV1") return { flags: FLAGS[kind][type] ?? 0, data };
  const code = Object.keys(V1_TYPES).find((key) => V1_TYPES[Number(key)] === type);
  const prefixed = new Uint8Array(data.length + 1);
  prefixed[0] = Number(code);
  prefixed.set(data, 1);
  return { flags: 0, data: prefixed };
}

function typeOf(value: unknown): JavaType {
  if (typeof value === "string" || typeof value === "boolean") return typeof value as "string";
  if (typeof value === "number" && !isInteger(value)) return "double";
  if (typeof value === "number" || typeof value === "bigint") {
    return isInt32(value) ? "int" : isInt64(value) ? "long" : "object";
  }
  if (value instanceof Uint8Array) return "bytes";
  const isDate = Object.getPrototypeOf(Object(value)) === Date.prototype;
  return isDate && !Number.isNaN((value as Date).getTime()) ? "date" : "object";
}

function bytesOf(type: JavaType, value: unknown, kind: SpymemcachedKind): Uint8Array {
  if (type === "string") return encodeText(value as string);
  if (type === "bytes") return new Uint8Array(value as Uint8Array);
  if (type === "boolean") {
    return kind === "serializing" ? encodeText(value ? "1" : "0") : Uint8Array.of(value ? 1 : 0);
  }
  const bytes = new Uint8Array(SIZES[type] ?? 0);
  const view = new DataView(bytes.buffer);
  if (type === "int") view.setInt32(0, Number(value));
  else if (type === "double") view.setFloat64(0, value as number);
  else view.setBigInt64(0, BigInt(type === "date" ? (value as Date).getTime() : value as number));
  return kind === "serializing" ? withoutZeros(bytes) : bytes;
}

/** SerializingTranscoder leaves out zeros at the beginning. */
function withoutZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array(0) : bytes.slice(first);
}

async function compress(item: EncodedValue): Promise<EncodedValue> {
  const data = await deflate(item.data, "gzip", item.data.length - 1);
  return data === undefined ? item : { flags: item.flags | COMPRESSED, data };
}

function decode(
  { flags, data }: EncodedValue,
  kind: SpymemcachedKind,
  limits: DecodeLimits | undefined,
): unknown {
  const own = (flags & ~COMPRESSED) >>> 0;
  if ((own & ~bitsOf(kind)) !== 0) throw foreign(flags);
  if ((flags & COMPRESSED) === 0) return decodeExpanded(own, data, kind);
  return inflate(data, limits).then((expanded) => decodeExpanded(own, expanded, kind));
}

function decodeExpanded(flags: number, data: Uint8Array, kind: SpymemcachedKind): unknown {
  if (kind === "whalinV1") {
    if (flags === V1_OBJECT) return readJava(data);
    const type = V1_TYPES[data[0] ?? 0];
    if (type === undefined) throw foreign(flags);
    return readType(type, data.subarray(1), kind);
  }
  if (kind === "whalin" && WHALIN_STRINGS.includes(flags)) return decodeText(data);
  const [type] = Object.entries(FLAGS[kind]).find(([, value]) => value === flags) ?? [];
  if (type === undefined) throw foreign(flags);
  return readType(type as JavaType, data, kind);
}

function readType(type: JavaType, data: Uint8Array, kind: SpymemcachedKind): unknown {
  if (type === "object") return readJava(data);
  if (type === "string") return decodeText(data);
  if (type === "bytes") return new Uint8Array(data);
  const size = SIZES[type] ?? 0;
  if (data.length > size || (kind !== "serializing" && data.length < size)) {
    throw wrongLength(type, size, data);
  }
  const padded = new Uint8Array(size);
  padded.set(data, size - data.length);
  return readFixed(type, new ByteReader(padded, "Java"), kind);
}

function readFixed(type: JavaType, reader: ByteReader, kind: SpymemcachedKind): unknown {
  switch (type) {
    case "boolean":
      return reader.uint8() === (kind === "serializing" ? "1".charCodeAt(0) : 1);
    case "byte":
      return reader.int8();
    case "char":
      return String.fromCharCode(reader.uint32());
    case "short":
      return reader.int32() << 16 >> 16;
    case "int":
      return reader.int32();
    case "long":
      return numberIfSafe(reader.int64());
    case "float":
      return reader.float32();
    case "double":
      return reader.float64();
  }
  const date = new Date(Number(reader.int64()));
  if (!Number.isNaN(date.getTime())) return date;
  throw reader.fault("a Date is out of JavaScript's range");
}

function foreign(flags: number): ClientException {
  const why = `its flags are ${flags}, which spymemcached does not write`;
  return new ClientException(`Cannot read item: ${why}: it needs another transcoder`, flags);
}
