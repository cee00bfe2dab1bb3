/** The format of PHP's Memcache (pecl/memcache). @module */

import { ClientException } from "../../../errors.ts";
import { checkNames } from "../../../option_checks.ts";
import { writing } from "../../format_parts.ts";
import { encodeText } from "../../text.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "../../transcoder.ts";
import { textOrBytes } from "../byte_reader.ts";
import { checkThreshold, deflate, inflate, longestBelow } from "../deflated.ts";
import type { FloatStyle } from "../float_text.ts";
import { readSerialized } from "./read_serialized.ts";
import { readBoolean, readFloat, readInteger, writeScalar } from "./scalars.ts";
import { writeSerialized } from "./write_serialized.ts";

const SERIALIZED = 1;
const COMPRESSED = 2;
/** Types of what was not serialized. */
const type = { string: 0, bool: 0x100, int: 0x300, float: 0x700 };
const TYPE_BITS = 0xf00;
const KNOWN_BITS = 0x703;

/** How much of its length a value has to lose by compressing: pecl/memcache's `min_savings`. */
const SAVINGS = 0.2;

/** How pecl/memcache is configured. All options are optional. */
export interface PhpMemcacheTranscoderOptions {
  /**
   * Values of at least this many bytes are compressed, if they become a fifth shorter: the threshold of
   * `setCompressThreshold`, 0 to 1,073,741,824, or `Infinity` for none; 20,000 by default.
   */
  readonly compressThreshold?: number | undefined;
}

/** A transcoder for pecl/memcache's format. Call it to make one with options. */
export interface PhpMemcacheTranscoder extends Transcoder {
  /**
   * Makes a transcoder for pecl/memcache's format.
   *
   * @param options `compressThreshold` in bytes.
   * @returns The transcoder.
   * @throws {ValidationException} When the option is invalid.
   */
  (options?: PhpMemcacheTranscoderOptions): Transcoder;
}

/** As pecl/memcache writes floats, with PHP's `precision` of 14; where that is not exact, more digits are written. */
const FLOAT: FloatStyle = {
  leastPoint: -3,
  mostPoint: () => 14,
  zero: "0",
  wholeMantissa: ".0",
  exponent: "e",
  hasPlus: true,
  exponentDigits: 1,
  precision: 14,
  words: ["INF", "NAN"],
};

/**
 * Stores values in the format of pecl/memcache (`Memcache` in PHP, without a d). Use it as a transcoder, or call it to
 * make one with options.
 *
 * Values are those of {@linkcode phpMemcachedTranscoder} with PHP's own serializer, and its table holds here. The flags
 * differ: 0 for strings and bytes, 256 for booleans, 768 for integers, 1792 for floats, 1 for what is serialized, and 2
 * more for what is compressed, with zlib. pecl/memcache writes 14 digits of a float; here it gets more where these would
 * change it. Flags that it does not write are a `ClientException`.
 *
 * | JavaScript | PHP | flags |
 * | --- | --- | --- |
 * | `string`, `Uint8Array` | `string` | 0 |
 * | `boolean` | `bool` | 256 |
 * | `number` that is a safe integer, `bigint` of 64 bits | `int` | 768 |
 * | any other `number` | `float` | 1792 |
 * | `null` | `null` | 1 |
 * | `Array`, plain object, `Map` | `array` | 1 |
 * | `Date` | `DateTimeImmutable` | 1 |
 *
 * @example Values that PHP reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { phpMemcacheTranscoder } from "@moecache/moecache/formats/php";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: phpMemcacheTranscoder });
 *
 * await client.set("ratio", 0.5);
 * assertEquals(await client.get("ratio"), 0.5);
 * assertEquals((await client.inspect("ratio"))?.flags, 1792);
 * ```
 */
export const phpMemcacheTranscoder: PhpMemcacheTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: PhpMemcacheTranscoderOptions = {}): Transcoder {
  checkNames(options, ["compressThreshold"]);
  const { compressThreshold = 20_000 } = options;
  checkThreshold("compressThreshold", compressThreshold);
  return {
    textFlags: type.string,
    longestText: longestBelow(compressThreshold),
    flagBits: KNOWN_BITS,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => {
      const item = writing(value, () => encode(value));
      return item.data.length < compressThreshold ? item : compress(item);
    },
    decode,
  };
}

function encode(value: unknown): EncodedValue {
  const scalar = writeScalar(value, FLOAT);
  if (scalar !== undefined) return { flags: type[scalar.type], data: scalar.data };
  if (typeof value === "boolean") return { flags: type.bool, data: encodeText(value ? "1" : "0") };
  return { flags: SERIALIZED, data: writeSerialized(value) };
}

async function compress(item: EncodedValue): Promise<EncodedValue> {
  const most = Math.ceil(item.data.length * (1 - SAVINGS)) - 1;
  const data = await deflate(item.data, "deflate", most);
  return data === undefined ? item : { flags: item.flags | COMPRESSED, data };
}

function decode({ flags, data }: EncodedValue, limits?: DecodeLimits): unknown {
  if ((flags & ~KNOWN_BITS) !== 0) throw foreign(flags);
  if ((flags & COMPRESSED) === 0) return decodeExpanded(flags, data);
  return inflate(data, limits).then((expanded) => decodeExpanded(flags, expanded));
}

function decodeExpanded(flags: number, data: Uint8Array): unknown {
  if ((flags & SERIALIZED) !== 0) return readSerialized(data);
  switch (flags & TYPE_BITS) {
    case type.string:
      return textOrBytes(data);
    case type.bool:
      return readBoolean(data);
    case type.int:
      return readInteger(data);
    case type.float:
      return readFloat(data);
  }
  throw foreign(flags);
}

function foreign(flags: number): ClientException {
  const why = `its flags are ${flags}, which pecl/memcache does not write`;
  return new ClientException(`Cannot read item: ${why}: it needs another transcoder`, flags);
}
