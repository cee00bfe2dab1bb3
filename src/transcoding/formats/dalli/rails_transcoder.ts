/** The entries of Rails' cache. @module */

import { concat } from "@std/bytes/concat";
import { ClientException } from "../../../errors.ts";
import { checkChoice, checkNames } from "../../../option_checks.ts";
import { writing } from "../../format_parts.ts";
import { decodeText, encodeText } from "../../text.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "../../transcoder.ts";
import { checkThreshold, deflate, inflate } from "../deflated.ts";
import { ALL_BITS, dalliTranscoder } from "./dalli_transcoder.ts";
import { readMarshal, RubyObject } from "./read_marshal.ts";
import { writeMarshal } from "./write_marshal.ts";

/** The settings of Rails and of its cache store that concern values; both are optional. */
export interface RailsTranscoderOptions {
  /**
   * `config.active_support.cache_format_version`, in which entries are written; `"7.1"` by default, as with
   * `config.load_defaults 7.1` and later. `"6.1"` is for Rails 6.1 only, which reads plain values as well as entries:
   * they are written as plain values, which later versions do not read. All formats are read.
   */
  readonly format?: "7.1" | "7.0" | "6.1" | undefined;
  /**
   * The store's `compress_threshold`: values of at least this many bytes are compressed if they become shorter, 0 to
   * 1,073,741,824, or `Infinity` for none, as with `compress: false`; 1,024 by default. It has no effect on format
   * `"6.1"`.
   */
  readonly compressThreshold?: number | undefined;
}

/** A transcoder for the entries of Rails' cache. Call it to make one with options. */
export interface RailsTranscoder extends Transcoder {
  /**
   * Makes a transcoder for the entries of Rails' cache.
   *
   * @param options `format` and `compressThreshold` in bytes.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: RailsTranscoderOptions): Transcoder;
}

/** dalli's bit for what Marshal has written. */
const SERIALIZED = 1;
const ENTRY = "ActiveSupport::Cache::Entry";
/** Format 7.1: `\0\x11`, the type, when it expires as a double, the length of the version, the version, the value. */
const SIGNATURE = [0, 0x11];
const NO_EXPIRY = -1;
const NO_VERSION = -1;
const HEADER_BYTES = 15;
const COMPRESSED_BIT = 0x80;
const TYPES = { marshal: 1, utf8: 2, bytes: 3, ascii: 4 } as const;
/** Format 7.0: a byte that tells whether the rest is compressed. */
const PLAIN = 0;
const COMPRESSED = 1;
/** How Marshal begins: the versions of its format. */
const MARSHAL_MAJOR = 4;
const ZLIB = 0x78;
/** Marshal of an entry up to its value: format 6.1, without the variables that Rails takes for nil where they are missing. */
const OBJECT = `\x04\x08o:\x20${ENTRY}\x06:\x0b@value`;
const MARSHAL_HEADER_BYTES = 2;

/**
 * Stores values as the entries of Rails' cache with `:mem_cache_store`: what `Rails.cache.write` writes and
 * `Rails.cache.read` reads. The value within is that of `dalliTranscoder`, whose table shows which JavaScript value
 * becomes which of Ruby's. Use it as a transcoder, or call it to make one with options.
 *
 * Entries are written without a version and without an expiry: only memcached's exptime is in effect. When
 * they are read, both are ignored. So an entry that Rails wrote with `race_condition_ttl` is read for up to five minutes
 * longer than in Rails.
 *
 * Values that Rails wrote with `raw: true`, counters included, read as a string, or as a `Uint8Array` if they are not
 * UTF-8. Entries of the `:message_pack` serializer, and objects such as records of Rails, are a `ClientException`.
 *
 * @example A value that Rails reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { railsTranscoder } from "@moecache/moecache/formats/dalli";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: railsTranscoder });
 *
 * await client.set("basket", { books: 3 }); // Rails.cache.read("basket")
 * assertEquals(await client.get("basket"), { books: 3 });
 * ```
 */
export const railsTranscoder: RailsTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: RailsTranscoderOptions = {}): Transcoder {
  checkNames(options, ["format", "compressThreshold"]);
  const { format = "7.1", compressThreshold = 1024 } = options;
  checkChoice("format", format, ["7.1", "7.0", "6.1"]);
  checkThreshold("compressThreshold", compressThreshold);
  const shared = {
    flagBits: ALL_BITS,
    borrowsData: true,
    handsOverData: true,
    decode: (item: EncodedValue, limits?: DecodeLimits) => decode(item, limits),
  } as const;
  if (format === "6.1") return { ...shared, encode: packIn61 };
  const pack = format === "7.1" ? packIn71 : packIn70;
  return { ...shared, encode: (value) => pack(value, compressThreshold) };
}

/** A plain value; but bytes that would be read as an entry of a later version are in one. */
function packIn61(value: unknown): EncodedValue | Promise<EncodedValue> {
  if (!(value instanceof Uint8Array) || !(isIn71(value) || isIn70(value))) {
    return dalliTranscoder.encode(value);
  }
  const marshal = writeMarshal(value).subarray(MARSHAL_HEADER_BYTES);
  return { flags: SERIALIZED, data: concat([encodeText(OBJECT), marshal]) };
}

function packIn71(value: unknown, threshold: number): EncodedValue | Promise<EncodedValue> {
  const { type, payload } = writing(value, () => payloadOf(value));
  return shortened(
    payload,
    threshold,
    (bytes, isCompressed) => entryIn71(isCompressed ? type | COMPRESSED_BIT : type, bytes),
  );
}

function payloadOf(value: unknown): { type: number; payload: Uint8Array } {
  if (typeof value === "string") return { type: TYPES.utf8, payload: encodeText(value) };
  if (value instanceof Uint8Array) return { type: TYPES.bytes, payload: value };
  return { type: TYPES.marshal, payload: writeMarshal(value) };
}

function entryIn71(type: number, payload: Uint8Array): Uint8Array {
  const entry = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(entry.buffer);
  entry.set([...SIGNATURE, type]);
  view.setFloat64(3, NO_EXPIRY, true);
  view.setInt32(11, NO_VERSION, true);
  entry.set(payload, HEADER_BYTES);
  return entry;
}

function packIn70(value: unknown, threshold: number): EncodedValue | Promise<EncodedValue> {
  const payload = writing(value, () => writeMarshal(value === null ? [] : [value]));
  return shortened(payload, threshold, (bytes, isCompressed) => {
    const entry = new Uint8Array(1 + bytes.length);
    entry[0] = isCompressed ? COMPRESSED : PLAIN;
    entry.set(bytes, 1);
    return entry;
  });
}

/** An item with an entry, compressed if it becomes shorter by it. */
function shortened(
  payload: Uint8Array,
  threshold: number,
  entryOf: (bytes: Uint8Array, isCompressed: boolean) => Uint8Array,
): EncodedValue | Promise<EncodedValue> {
  // To dalli, an entry is a String of Ruby's.
  const itemOf = (bytes: Uint8Array, isCompressed: boolean) => ({
    flags: SERIALIZED,
    data: writeMarshal(entryOf(bytes, isCompressed)),
  });
  if (payload.length < threshold) return itemOf(payload, false);
  return deflate(payload, "deflate", payload.length - 1)
    .then((shorter) => shorter === undefined ? itemOf(payload, false) : itemOf(shorter, true));
}

function decode(item: EncodedValue, limits: DecodeLimits | undefined): unknown {
  // What is raw, or compressed by dalli itself, is no entry: Rails compresses those.
  if (item.flags !== SERIALIZED) return dalliTranscoder.decode(item, limits);
  const value = readMarshal(item.data, ENTRY);
  if (value instanceof RubyObject) return valueOf(value, limits);
  if (!(value instanceof Uint8Array)) return value;
  return isIn71(value)
    ? unpackIn71(value, limits)
    : isIn70(value)
    ? unpackIn70(value, limits)
    : value;
}

/** The value of an entry that is an object of Ruby's: format 6.1. */
function valueOf({ variables }: RubyObject, limits: DecodeLimits | undefined): unknown {
  const value = variables.get("@value");
  if (variables.get("@compressed") !== true || !(value instanceof Uint8Array)) return value;
  return inflate(value, limits).then((bytes) => readMarshal(bytes));
}

function isIn71(entry: Uint8Array): boolean {
  return entry.length >= HEADER_BYTES && SIGNATURE.every((byte, at) => entry[at] === byte);
}

function unpackIn71(entry: Uint8Array, limits: DecodeLimits | undefined): unknown {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  const type = view.getUint8(2);
  const versionBytes = Math.max(view.getInt32(11, true), 0);
  if (versionBytes > entry.length - HEADER_BYTES) {
    throw broken("the version of the entry of Rails' cache ends behind it");
  }
  const payload = entry.subarray(HEADER_BYTES + versionBytes);
  if ((type & COMPRESSED_BIT) === 0) return valueIn71(type, payload);
  return inflate(payload, limits).then((bytes) => valueIn71(type & ~COMPRESSED_BIT, bytes));
}

function valueIn71(type: number, payload: Uint8Array): unknown {
  if (type === TYPES.utf8 || type === TYPES.ascii) return decodeText(payload);
  if (type === TYPES.bytes) return new Uint8Array(payload);
  if (type === TYPES.marshal) return readMarshal(payload);
  throw broken(`its type in Rails' cache is ${type}, which Rails does not write`);
}

function isIn70(entry: Uint8Array): boolean {
  return entry[0] === PLAIN && entry[1] === MARSHAL_MAJOR ||
    entry[0] === COMPRESSED && entry[1] === ZLIB;
}

function unpackIn70(entry: Uint8Array, limits: DecodeLimits | undefined): unknown {
  const payload = entry.subarray(1);
  if (entry[0] === PLAIN) return valueIn70(payload);
  return inflate(payload, limits).then(valueIn70);
}

function valueIn70(payload: Uint8Array): unknown {
  const members = readMarshal(payload);
  if (Array.isArray(members)) return members.length === 0 ? null : members[0];
  throw broken("the entry of Rails' cache is not a list");
}

function broken(state: string): ClientException {
  return new ClientException(`Cannot read item: ${state}`);
}
