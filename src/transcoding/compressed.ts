/** A transcoder around another one: it compresses the bytes of large values. @module */

import { ValidationException } from "../errors.ts";
import {
  type AllOf,
  checkChoice,
  checkInteger,
  checkNames,
  invalidOption,
  isPromise,
} from "../option_checks.ts";
import type { CompressedFormat } from "./compression.ts";
import { checkEncoded, checkTranscoder, isReserved } from "./item_codec.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "./transcoder.ts";

/** The options of {@linkcode compressed}; all are optional. */
export interface CompressionOptions {
  /** Items of at least this many bytes are compressed, 0 to 1,073,741,824; 1,024 by default. */
  readonly threshold?: number | undefined;
  /**
   * The format to compress in; `"gzip"` by default. Items in `"gzip"` and `"deflate"` are always read. Items in
   * `"deflate-raw"` are read only with this option: the format has no checksum, so a damaged item may be read as
   * another value.
   */
  readonly format?: CompressedFormat | undefined;
  /**
   * The bit of the flags that marks a compressed item, a power of two from 1 to 2,147,483,648; 128 by default. The
   * inner transcoder must not use this bit.
   */
  readonly flag?: number | undefined;
  /**
   * The maximum length of a value in bytes before compression, 1 to 1,073,741,824; 134,217,728 (128 MiB) by default. It
   * applies to storing and to reading. If the client's `maxValueBytes` is less, that applies.
   */
  readonly maxValueBytes?: number | undefined;
}

interface Compression extends AllOf<CompressionOptions> {
  /** Whether the transcoder has to copy the bytes. */
  readonly borrowsData: boolean;
}

const FORMATS: readonly CompressedFormat[] = ["gzip", "deflate", "deflate-raw"];

/** A UTF-16 code unit takes up to three bytes in UTF-8. */
const MOST_BYTES_PER_UNIT = 3;
const LARGEST = 2 ** 30;

/**
 * Makes a transcoder that compresses the items of another transcoder, if they have `threshold` bytes or more and
 * compression makes them shorter. Other items are stored uncompressed. Both compressed and uncompressed items can be
 * read. So a running deployment can add `compressed`: first in the clients that read, then in the clients that write.
 * It uses the platform's `CompressionStream`, or `node:zlib` if there is none, as on Bun 1.2.
 *
 * A compressed item has the flags of the inner transcoder and the bit `flag`. The default, 128, is not used by Python
 * moecache or EnyimMemcached, and of the other transcoders of this library only by `phpMemcachedTranscoder`, which
 * compresses by itself. Clients without `compressed` refuse to read a compressed item, and read all others. With
 * `flag: 8` and `format: "deflate"`, the format is that of pymemcache, python-memcached and pylibmc with zlib; with
 * `flag: 2`, that of dalli.
 *
 * Compressing and expanding are asynchronous: a value is sent when it has been compressed, and later operations may be
 * sent before it. `append` and `prepend` damage a compressed item, and `incr` and `decr` refuse it. A counter is too
 * short to be compressed.
 *
 * Reading an item that is damaged, or that expands beyond `maxValueBytes`, throws a `ClientException`. Expanding stops
 * at that length, and uses little more memory.
 *
 * @param inner The inner transcoder, whose items are compressed.
 * @param options `threshold` in bytes, `format`, `flag` and `maxValueBytes`.
 * @returns The transcoder.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example Large values are compressed, small ones are not
 * ```ts
 * import { Client, compressed, jsonTranscoder } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assert, assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const transcoder = compressed(jsonTranscoder, { threshold: 1000 });
 * await using client = new Client(server.address, { transcoder });
 *
 * await client.set("large", "moe".repeat(1000));
 * assertEquals(await client.get("large"), "moe".repeat(1000));
 * const item = await client.inspect("large");
 * assertEquals(item?.flags, 130); // JSON's 2, and 128 for a compressed item
 * assert(item!.size! < 100);
 * ```
 */
export function compressed<Value = unknown>(
  inner: Transcoder<Value>,
  options: CompressionOptions = {},
): Transcoder<Value> {
  checkNames(options, ["threshold", "format", "flag", "maxValueBytes"]);
  const compression = resolveCompression(inner, options);
  const { borrowsData, threshold } = compression;
  const { textFlags, longestText = Infinity, handsOverData = false } = inner;
  const finish = (encoded: EncodedValue) => {
    return compressItem(checkEncoded(encoded, handsOverData), compression);
  };
  return {
    encode(value) {
      const encoded = inner.encode(value);
      return isPromise(encoded) ? encoded.then(finish) : finish(encoded);
    },

    decode(item, limits) {
      if ((item.flags & compression.flag) === 0) return inner.decode(item, limits);
      return expandItem(item, compression, limits).then((expanded) =>
        inner.decode(expanded, limits)
      );
    },

    handsOverData: true,
    borrowsData,
    flagBits: ((inner.flagBits ?? 0) | compression.flag) >>> 0,
    ...(textFlags === undefined ? {} : {
      textFlags,
      longestText: Math.min(longestText, longestBelow(threshold)),
    }),
  };
}

/** The length of the longest string that takes fewer bytes than the threshold, whatever its characters. */
function longestBelow(threshold: number): number {
  return Math.max(Math.ceil(threshold / MOST_BYTES_PER_UNIT) - 1, 0);
}

function compressItem(
  item: EncodedValue,
  { flag, threshold, format, maxValueBytes }: Compression,
): EncodedValue | Promise<EncodedValue> {
  const { flags, data } = item;
  if ((flags & flag) !== 0) {
    const why = `its flags, ${flags}, contain the bit ${flag}, which marks compressed items`;
    throw new ValidationException(`Cannot store value: ${why}`, item);
  }
  if (data.byteLength > maxValueBytes) {
    const why = `it takes ${data.byteLength} bytes, and maxValueBytes is ${maxValueBytes}`;
    throw new ValidationException(`Cannot store value: ${why}`, item);
  }
  if (data.byteLength < threshold) return item;
  return import("./compression.ts").then(async ({ compress }) => {
    const fewer = await compress(data, format);
    return fewer === undefined ? item : { flags: (flags | flag) >>> 0, data: fewer };
  });
}

/** Borrowed bytes are copied, because expanding continues after `decode` has returned. */
async function expandItem(
  { flags, data }: EncodedValue,
  { flag, format, maxValueBytes, borrowsData }: Compression,
  limits: DecodeLimits | undefined,
): Promise<EncodedValue> {
  const most = Math.min(maxValueBytes, limits?.maxValueBytes ?? maxValueBytes);
  const own = borrowsData ? new Uint8Array(data) : data;
  const { decompress } = await import("./compression.ts");
  return {
    flags: (flags & ~flag) >>> 0,
    data: await decompress(own, format === "deflate-raw", most),
  };
}

/**
 * Checks that the bit distinguishes compressed items from others, and that the flags of compressed strings are valid.
 */
function checkFlag<Value>(flag: number, { textFlags = 0, flagBits = 0 }: Transcoder<Value>): void {
  const flagsOfText = (textFlags | flag) >>> 0;
  let why: string;
  if ((textFlags & flag) !== 0) why = `the flags of strings, ${textFlags}, have it already`;
  else if ((flagBits & flag) !== 0) why = "the transcoder inside uses it already";
  else if (isReserved(flagsOfText)) why = `compressed strings have reserved flags, ${flagsOfText}`;
  else return;
  throw new ValidationException(`Cannot use flag ${flag}: ${why}`, flag);
}

function resolveCompression<Value>(
  inner: Transcoder<Value>,
  options: CompressionOptions,
): Compression {
  const { threshold = 1024, format = "gzip", flag = 128, maxValueBytes = 2 ** 27 } = options;
  checkTranscoder(inner);
  checkInteger("threshold", threshold, 0, LARGEST);
  checkChoice("format", format, FORMATS);
  checkInteger("maxValueBytes", maxValueBytes, 1, LARGEST);
  checkInteger("flag", flag, 1, 2 ** 31);
  if ((flag & (flag - 1)) !== 0) throw invalidOption("flag", flag, "a power of two");
  checkFlag(flag, inner);
  const { borrowsData = false } = inner;
  return { threshold, format, flag, maxValueBytes, borrowsData };
}
