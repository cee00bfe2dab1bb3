/** The format of Ruby's dalli. @module */

import { ClientException, ValidationException } from "../../../errors.ts";
import { type AllOf, checkBoolean, checkChoice, checkNames } from "../../../option_checks.ts";
import { decodeText, encodeText } from "../../text.ts";
import { writing } from "../../format_parts.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "../../transcoder.ts";
import { textOrBytes } from "../byte_reader.ts";
import { checkThreshold, deflate, inflate, longestBelow } from "../deflated.ts";
import { readJson, writeJson } from "../json_text.ts";
import { readMarshal } from "./read_marshal.ts";
import { RUBY_JSON } from "./ruby_json.ts";
import { writeMarshal } from "./write_marshal.ts";

/** Bits of dalli's flags: what was serialized, what was compressed, and a String in UTF-8. */
const SERIALIZED = 1;
const COMPRESSED = 2;
const UTF8 = 4;
/** Every bit of dalli's flags. */
export const ALL_BITS: number = SERIALIZED | COMPRESSED | UTF8;

/** The configuration of dalli; all options are optional. */
export interface DalliTranscoderOptions {
  /** The serializer: dalli's `serializer`, `Marshal` or `JSON`; `"marshal"` by default. */
  readonly serializer?: "marshal" | "json" | undefined;
  /** The compressor: dalli's `compressor`; `"zlib"` by default. Both are always read. */
  readonly compressor?: "zlib" | "gzip" | undefined;
  /**
   * Values of at least this many bytes are compressed, 0 to 1,073,741,824, or `Infinity` for none, as dalli does with
   * `compress: false`; dalli's `compression_min_size`, 4,096 by default.
   */
  readonly compressMinSize?: number | undefined;
  /**
   * Whether strings and bytes are stored unchanged, with flags 4 and 0: dalli's `string_fastpath`, `false` by default.
   */
  readonly stringFastpath?: boolean | undefined;
  /** Whether only strings and bytes are stored, unchanged and with flags 0: dalli's `raw`, `false` by default. */
  readonly raw?: boolean | undefined;
}

/** A transcoder for dalli's format. Call it to make one with options. */
export interface DalliTranscoder extends Transcoder {
  /**
   * Makes a transcoder for dalli's format.
   *
   * @param options The configuration of dalli: `serializer`, `compressor`, `compressMinSize` in bytes, `stringFastpath`
   * and `raw`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: DalliTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of dalli, Ruby's client: Ruby's Marshal by default, or JSON. Use it as a transcoder, or
 * call it to make one with options. Reading Marshal never runs code, and makes only these objects:
 *
 * | JavaScript | Ruby, in Marshal | notes |
 * | --- | --- | --- |
 * | `null` | `nil` | |
 * | `boolean` | `true`, `false` | |
 * | `number` that is a safe integer | `Integer` | but -0 is a `Float` |
 * | `bigint` | `Integer` | reads as a `number` if that is safe |
 * | any other `number` | `Float` | `1.0` reads as `1`, which is written as an `Integer` |
 * | `string` | `String` in UTF-8 | those in US-ASCII and other encodings read as one, too |
 * | `Uint8Array` | `String` in ASCII-8BIT, Ruby's bytes | |
 * | `Symbol.for("name")` | `Symbol` | reads as a `string` |
 * | `Array` | `Array` | |
 * | plain object | `Hash` whose keys are all `String` | one with `Symbol` keys reads as an object, too; JavaScript puts keys like `"10"` first |
 * | `Map` | any other `Hash` | with both `"a"` and `:a`, the latter stays `Symbol.for("a")`; a Hash's default is dropped |
 * | `Date` | `Time` | written in UTC; read as its instant; microseconds are cut off |
 *
 * Shared references to Arrays, Hashes, bytes and Times are kept, and so are values that contain themselves. Reading any
 * other object, such as a `Set`, a `Struct` or a record of Rails, throws a `ClientException` with the name of its
 * class. Values may be nested 1,000 levels deep.
 *
 * JSON has neither Symbols, Times nor bytes: Symbols and bytes become strings, and a `Date` becomes the text that Ruby
 * makes of it. `NaN`, `Infinity` and integers of any size are written and read as in Ruby.
 *
 * Counters begin with flags 0. Items with flags 0 read as a string if they are UTF-8, and as a `Uint8Array` if not;
 * with `stringFastpath`, where a string has flags 4, always as a `Uint8Array`. Compressing and expanding are
 * asynchronous. Flags that dalli does not write are a `ClientException`.
 *
 * @example Values that Ruby reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { dalliTranscoder } from "@moecache/moecache/formats/dalli";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: dalliTranscoder });
 *
 * await client.set("user:1", { name: "Ada", born: new Date("1815-12-10") });
 * assertEquals(await client.get("user:1"), { name: "Ada", born: new Date("1815-12-10") });
 * ```
 *
 * @example The configuration of a Ruby program
 * ```ts
 * import { dalliTranscoder } from "@moecache/moecache/formats/dalli";
 * import { assertEquals } from "@std/assert";
 *
 * // Dalli::Client.new(servers, serializer: JSON, string_fastpath: true)
 * const transcoder = dalliTranscoder({ serializer: "json", stringFastpath: true });
 * const data = new TextEncoder().encode('{"id":7}');
 * assertEquals(await transcoder.encode({ id: 7 }), { flags: 1, data });
 * assertEquals(transcoder.textFlags, 4);
 * ```
 */
export const dalliTranscoder: DalliTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: DalliTranscoderOptions = {}): Transcoder {
  const resolved = resolve(options);
  const { compressMinSize, stringFastpath, raw } = resolved;
  return {
    flagBits: ALL_BITS,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => raw ? encodeRaw(value) : encode(value, resolved),
    decode: (item, limits) => decode(item, resolved, limits),
    ...(raw ? { textFlags: 0 } : {}),
    ...(stringFastpath && !raw
      ? { textFlags: UTF8, longestText: longestBelow(compressMinSize) }
      : {}),
  };
}

function resolve(options: DalliTranscoderOptions): AllOf<DalliTranscoderOptions> {
  checkNames(options, ["serializer", "compressor", "compressMinSize", "stringFastpath", "raw"]);
  const { serializer = "marshal", compressor = "zlib", compressMinSize = 4096 } = options;
  const { stringFastpath = false, raw = false } = options;
  checkChoice("serializer", serializer, ["marshal", "json"]);
  checkChoice("compressor", compressor, ["zlib", "gzip"]);
  checkThreshold("compressMinSize", compressMinSize);
  checkBoolean("stringFastpath", stringFastpath);
  checkBoolean("raw", raw);
  return { serializer, compressor, compressMinSize, stringFastpath, raw };
}

function encodeRaw(value: unknown): EncodedValue {
  if (typeof value === "string") return { flags: 0, data: encodeText(value) };
  if (value instanceof Uint8Array) return { flags: 0, data: new Uint8Array(value) };
  const why = "with the option raw, dalli stores strings and bytes only";
  throw new ValidationException(`Cannot store value: ${why}`, value);
}

function encode(
  value: unknown,
  options: AllOf<DalliTranscoderOptions>,
): EncodedValue | Promise<EncodedValue> {
  const { compressor, compressMinSize } = options;
  const item = writing(value, () => serialize(value, options));
  if (item.data.length < compressMinSize) return item;
  // dalli stores what it has compressed even where that has become longer.
  return deflate(item.data, compressor === "gzip" ? "gzip" : "deflate", Infinity)
    .then((data) => data === undefined ? item : { flags: item.flags | COMPRESSED, data });
}

function serialize(
  value: unknown,
  { serializer, stringFastpath }: AllOf<DalliTranscoderOptions>,
): EncodedValue {
  if (stringFastpath && typeof value === "string") return { flags: UTF8, data: encodeText(value) };
  if (stringFastpath && value instanceof Uint8Array) {
    return { flags: 0, data: new Uint8Array(value) };
  }
  const data = serializer === "marshal"
    ? writeMarshal(value)
    : encodeText(writeJson(value, RUBY_JSON));
  return { flags: SERIALIZED, data };
}

function decode(
  { flags, data }: EncodedValue,
  options: AllOf<DalliTranscoderOptions>,
  limits: DecodeLimits | undefined,
): unknown {
  if ((flags & ~ALL_BITS) !== 0) {
    const why = `its flags are ${flags}, which dalli does not write: it needs another transcoder`;
    throw new ClientException(`Cannot read item: ${why}`, flags);
  }
  if ((flags & COMPRESSED) === 0) return deserialize(flags, data, options);
  return inflate(data, limits).then((expanded) => deserialize(flags, expanded, options));
}

function deserialize(
  flags: number,
  data: Uint8Array,
  { serializer, stringFastpath, raw }: AllOf<DalliTranscoderOptions>,
): unknown {
  if ((flags & SERIALIZED) !== 0) {
    return serializer === "marshal" ? readMarshal(data) : readJson(data);
  }
  if ((flags & UTF8) !== 0) return decodeText(data);
  return stringFastpath && !raw ? new Uint8Array(data) : textOrBytes(data);
}
