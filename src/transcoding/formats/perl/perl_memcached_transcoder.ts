/** The format of Perl's Cache::Memcached and Cache::Memcached::Fast. @module */

import { ClientException, ValidationException } from "../../../errors.ts";
import { checkBoolean, checkNames } from "../../../option_checks.ts";
import { writing } from "../../format_parts.ts";
import { decodeText, encodeText } from "../../text.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "../../transcoder.ts";
import { textOrBytes } from "../byte_reader.ts";
import { checkThreshold, deflate, inflate, longestBelow } from "../deflated.ts";
import { perlNumber } from "./perl_numbers.ts";
import { readStorable } from "./read_storable.ts";
import { writeStorable } from "./write_storable.ts";

const STORABLE = 1;
const COMPRESSED = 2;
const UTF8 = 4;
const ALL_BITS = STORABLE | COMPRESSED | UTF8;

/** How much of its length a value has to lose by compressing: both clients' default. */
const SAVINGS = 0.2;

/** How the Perl program's client is configured. Every option may be left out. */
export interface PerlMemcachedTranscoderOptions {
  /** Whether strings that are not ASCII are marked as UTF-8: the `utf8` of Cache::Memcached::Fast; `false` by default. */
  readonly utf8?: boolean | undefined;
  /**
   * Values of at least this many bytes are compressed with gzip, if they become a fifth shorter: both clients'
   * `compress_threshold`, 0 to 1,073,741,824; `Infinity`, for none, by default.
   */
  readonly compressThreshold?: number | undefined;
}

/** A transcoder for the format of Perl's clients, and a function that makes others with options. */
export interface PerlMemcachedTranscoder extends Transcoder {
  /**
   * Makes a transcoder for the format of Perl's clients.
   *
   * @param options What the client is configured with: `utf8`, and `compressThreshold` in bytes.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: PerlMemcachedTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of Cache::Memcached and Cache::Memcached::Fast, Perl's clients: scalars as text, and
 * arrays and hashes with Storable. Use it as a transcoder, or call it to make one with options.
 *
 * | JavaScript | Perl | notes |
 * | --- | --- | --- |
 * | `string` | a string | |
 * | `number`, `bigint` | a number | stored as text, and read as a `string`; within an array or hash, integers of 32 bits read as a `number` |
 * | `boolean` | 1 or 0 | Perl has no booleans |
 * | `Uint8Array` | a string | reads as a `string` if it is UTF-8: Perl has one type for both |
 * | `Array` | a reference to an array | |
 * | plain object, `Map` with strings and numbers for keys | a reference to a hash | reads as a plain object; Perl has no order of keys |
 * | `null` within an array or hash | `undef` | by itself it is an error: neither client stores it |
 *
 * Arrays and hashes that occur more than once, or hold themselves, stay so. A reference reads as the value that it refers to.
 * Blessed objects, subs, regular expressions and tied variables are a `ClientException` that names them, and every
 * other value is a `ValidationException`. Storable's `freeze` is read like `nfreeze` if a little-endian machine of 64
 * bits wrote it. Values may be nested 1,000 levels deep.
 *
 * @example Values that Perl reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { perlMemcachedTranscoder } from "@moecache/moecache/formats/perl";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: perlMemcachedTranscoder });
 *
 * await client.set("user:1", { name: "Ada", tags: ["math"] });
 * assertEquals(await client.get("user:1"), { name: "Ada", tags: ["math"] });
 * await client.set("visits", 5);
 * assertEquals(await client.get("visits"), "5");
 * ```
 */
export const perlMemcachedTranscoder: PerlMemcachedTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: PerlMemcachedTranscoderOptions = {}): Transcoder {
  checkNames(options, ["utf8", "compressThreshold"]);
  const { utf8 = false, compressThreshold = Infinity } = options;
  checkBoolean("utf8", utf8);
  checkThreshold("compressThreshold", compressThreshold);
  return {
    ...(utf8 ? {} : { textFlags: 0, longestText: longestBelow(compressThreshold) }),
    flagBits: ALL_BITS,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => {
      const item = writing(value, () => encode(value, utf8));
      return item.data.length < compressThreshold ? item : compress(item);
    },
    decode,
  };
}

function encode(value: unknown, utf8: boolean): EncodedValue {
  switch (typeof value) {
    case "string": {
      const data = encodeText(value);
      return { flags: utf8 && data.length > value.length ? UTF8 : 0, data };
    }
    case "number":
    case "bigint":
      return { flags: 0, data: encodeText(perlNumber(value)) };
    case "boolean":
      return { flags: 0, data: encodeText(value ? "1" : "0") };
  }
  if (value instanceof Uint8Array) return { flags: 0, data: new Uint8Array(value) };
  if (value !== null) return { flags: STORABLE, data: writeStorable(value) };
  throw new ValidationException("Cannot store value: Perl's clients do not store undef", value);
}

async function compress(item: EncodedValue): Promise<EncodedValue> {
  const most = Math.ceil(item.data.length * (1 - SAVINGS)) - 1;
  const data = await deflate(item.data, "gzip", most);
  return data === undefined ? item : { flags: item.flags | COMPRESSED, data };
}

function decode({ flags, data }: EncodedValue, limits?: DecodeLimits): unknown {
  if ((flags & ~ALL_BITS) !== 0) {
    const why = `its flags are ${flags}, which Perl's clients do not write`;
    throw new ClientException(`Cannot read item: ${why}: it needs another transcoder`, flags);
  }
  if ((flags & COMPRESSED) === 0) return decodeExpanded(flags, data);
  return inflate(data, limits).then((expanded) => decodeExpanded(flags, expanded));
}

function decodeExpanded(flags: number, data: Uint8Array): unknown {
  if ((flags & STORABLE) !== 0) return readStorable(data);
  return (flags & UTF8) === 0 ? textOrBytes(data) : decodeText(data);
}
