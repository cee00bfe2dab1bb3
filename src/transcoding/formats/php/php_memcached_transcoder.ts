/** The format of PHP's Memcached (php-memcached). @module */

import { ClientException } from "../../../errors.ts";
import { checkChoice, checkNames, isPromise } from "../../../option_checks.ts";
import { writing } from "../../format_parts.ts";
import { encodeText } from "../../text.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "../../transcoder.ts";
import { longestBelow } from "../deflated.ts";
import { textOrBytes } from "../byte_reader.ts";
import type { FloatStyle } from "../float_text.ts";
import { readJson, writeJson } from "../json_text.ts";
import { readIgbinary, writeIgbinary } from "./igbinary.ts";
import {
  COMPRESSION_BITS,
  compressPhp,
  expandPhp,
  PHP_THRESHOLD,
  type PhpCompression,
} from "./php_compression.ts";
import { PHP_JSON } from "./php_json.ts";
import { readPhpMsgpack, writePhpMsgpack } from "./php_msgpack.ts";
import { readSerialized } from "./read_serialized.ts";
import { readBoolean, readFloat, readInteger, writeScalar } from "./scalars.ts";
import { writeSerialized } from "./write_serialized.ts";

/** Types of values, in the lowest four bits of the flags. */
const type = { string: 0, int: 1, float: 2, bool: 3, php: 4, igbinary: 5, json: 6, msgpack: 7 };
const TYPE_BITS = 15;
/** The flags that a program may set itself, which php-memcached gives back apart. */
const USER_BITS = 0xffff_0000;
const KNOWN_BITS = 7 | COMPRESSION_BITS;

/** What php-memcached turns arrays and objects into bytes with. */
export type PhpSerializer = "php" | "json" | "igbinary" | "msgpack";

/** How php-memcached is configured. All options are optional. */
export interface PhpMemcachedTranscoderOptions {
  /** What values are serialized with: `OPT_SERIALIZER`; `"php"` by default. All are read in any case. */
  readonly serializer?: PhpSerializer | undefined;
  /**
   * What values from 2,000 bytes on are compressed with, if they become 1.3 times shorter: `OPT_COMPRESSION_TYPE`, or
   * `false` for `OPT_COMPRESSION` switched off; `"fastlz"` by default. All are read in any case. `"zstd"` needs
   * php-memcached 3.3, and here a runtime that has it: Deno, Bun, or Node from 22.15 on.
   */
  readonly compression?: PhpCompression | false | undefined;
}

/** A transcoder for php-memcached's format. Call it to make one with options. */
export interface PhpMemcachedTranscoder extends Transcoder {
  /**
   * Makes a transcoder for php-memcached's format.
   *
   * @param options What php-memcached is configured with: `serializer` and `compression`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: PhpMemcachedTranscoderOptions): Transcoder;
}

/** What writes and reads values with each serializer. */
const SERIALIZERS: Readonly<
  Record<PhpSerializer, { write(value: unknown): Uint8Array; read(data: Uint8Array): unknown }>
> = {
  php: { write: writeSerialized, read: readSerialized },
  igbinary: { write: writeIgbinary, read: readIgbinary },
  json: { write: (value) => encodeText(writeJson(value, PHP_JSON)), read: readJson },
  msgpack: { write: writePhpMsgpack, read: readPhpMsgpack },
};

/** As php-memcached writes floats: `.5`, `1e+300`. */
const FLOAT: FloatStyle = {
  leastPoint: -3,
  mostPoint: (digits) => digits + 5,
  zero: "",
  wholeMantissa: "",
  exponent: "e",
  hasPlus: true,
  exponentDigits: 2,
  words: ["Infinity", "NaN"],
};

/**
 * Stores values in the format of php-memcached (`Memcached` in PHP). Use it as a transcoder, or call it to make one
 * with options. Reading runs nothing, and makes no other objects than these:
 *
 * | JavaScript | PHP | notes |
 * | --- | --- | --- |
 * | `null` | `null` | |
 * | `boolean` | `bool` | |
 * | `number` that is a safe integer | `int` | but -0 is a `float` |
 * | `bigint` | `int` | of 64 bits; reads as a `number` if that is safe |
 * | any other `number` | `float` | `1.0` reads as `1`, which is written as an `int` |
 * | `string` | `string` | a string that is not UTF-8 reads as a `Uint8Array` |
 * | `Uint8Array` | `string` | reads as a `string` if it is UTF-8: PHP has one type for both |
 * | `Array` | `array` whose keys count from 0 | the empty `array` reads as `[]` |
 * | plain object | `array` whose keys are all strings | keys like `"10"` are integers in PHP |
 * | | `stdClass` | reads as a plain object |
 * | `Map` | any other `array` | with integers and strings for keys, in order |
 * | `Date` | `DateTimeImmutable` | written with the zone `Z`; `DateTime` reads as its instant, too; microseconds are cut off |
 *
 * Every other object is a `ClientException` with the name of its class when it is read, and a value that holds itself
 * a `ValidationException` when it is written. References of PHP read as the same object in both places. Values may be
 * nested 1,000 levels deep.
 *
 * PHP's JSON has neither `INF` nor `NAN`, reads 511 levels, and reads no object with a key that begins with NUL: such
 * values are a `ValidationException` with the serializer `"json"`. Objects are written as objects, the empty one
 * included. What is read is what is there: a `DateTime` in JSON is an object with its properties. PHP reads `-0` in
 * JSON as 0.
 *
 * The flags that a PHP program sets itself, from bit 16 on, do not matter. Flags that php-memcached does not write are a
 * `ClientException`. Compressing with zlib and zstd is asynchronous.
 *
 * @example Values that PHP reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { phpMemcachedTranscoder } from "@moecache/moecache/formats/php";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: phpMemcachedTranscoder });
 *
 * await client.set("user:1", { name: "Ada", tags: ["math"] });
 * assertEquals(await client.get("user:1"), { name: "Ada", tags: ["math"] });
 * ```
 *
 * @example The configuration of a PHP program
 * ```ts
 * import { phpMemcachedTranscoder } from "@moecache/moecache/formats/php";
 * import { assertEquals } from "@std/assert";
 *
 * // $memcached->setOption(Memcached::OPT_SERIALIZER, Memcached::SERIALIZER_IGBINARY);
 * const transcoder = phpMemcachedTranscoder({ serializer: "igbinary", compression: "zlib" });
 * const data = Uint8Array.of(0, 0, 0, 2, 0x14, 1, 6, 0, 6, 5);
 * assertEquals(await transcoder.encode([5]), { flags: 5, data });
 * ```
 */
export const phpMemcachedTranscoder: PhpMemcachedTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: PhpMemcachedTranscoderOptions = {}): Transcoder {
  checkNames(options, ["serializer", "compression"]);
  const { serializer = "php", compression = "fastlz" } = options;
  checkChoice("serializer", serializer, ["php", "json", "igbinary", "msgpack"]);
  checkChoice("compression", compression, ["zlib", "fastlz", "zstd", false]);
  return {
    textFlags: type.string,
    longestText: compression === false ? Infinity : longestBelow(PHP_THRESHOLD),
    flagBits: KNOWN_BITS,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => compressPhp(encode(value, serializer), compression),
    decode,
  };
}

function encode(value: unknown, serializer: PhpSerializer): EncodedValue {
  return writing(value, () => {
    const scalar = writeScalar(value, FLOAT);
    if (scalar !== undefined) return { flags: type[scalar.type], data: scalar.data };
    if (typeof value === "boolean") {
      return { flags: type.bool, data: encodeText(value ? "1" : "") };
    }
    return { flags: type[serializer], data: SERIALIZERS[serializer].write(value) };
  });
}

function decode(item: EncodedValue, limits?: DecodeLimits): unknown {
  const unknownBits = item.flags & ~USER_BITS & ~KNOWN_BITS;
  if (unknownBits !== 0) throw foreign(item.flags);
  const expanded = expandPhp(item, limits);
  return isPromise(expanded) ? expanded.then(decodeExpanded) : decodeExpanded(expanded);
}

function decodeExpanded({ flags, data }: EncodedValue): unknown {
  switch (flags & TYPE_BITS) {
    case type.string:
      return textOrBytes(data);
    case type.int:
      return readInteger(data);
    case type.float:
      return readFloat(data);
    case type.bool:
      return readBoolean(data);
    case type.php:
      return readSerialized(data);
    case type.igbinary:
      return readIgbinary(data);
    case type.json:
      return readJson(data);
    case type.msgpack:
      return readPhpMsgpack(data);
  }
  throw foreign(flags);
}

function foreign(flags: number): ClientException {
  const why = `its flags are ${flags}, which php-memcached does not write`;
  return new ClientException(`Cannot read item: ${why}: it needs another transcoder`, flags);
}
