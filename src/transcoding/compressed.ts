import { ValidationException } from "../errors.ts";
import { checkChoice, checkInteger, checkNames, invalidOption } from "../option_checks.ts";
import type { CompressedFormat } from "./compression.ts";
import { checkEncoded, checkTranscoder, isReserved } from "./item_codec.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "./transcoder.ts";

/** What is compressed, and how. Every option may be left out. */
export interface CompressionOptions {
  /** Items of so many bytes or more are compressed, 0 to 1,073,741,824; 1,024 by default. */
  readonly threshold?: number;
  /**
   * The format to compress in; `"gzip"` by default. Items in `"gzip"` and `"deflate"`, which have a checksum,
   * are read in any case. Items in `"deflate-raw"` are read only if it is the option: it has no checksum, and
   * what is damaged may read as another value.
   */
  readonly format?: CompressedFormat;
  /**
   * The bit of the flags that says that an item is compressed, a power of two from 1 to 2,147,483,648; 128 by
   * default. It must be one that the transcoder inside does not use.
   */
  readonly flag?: number;
  /**
   * The longest value, in bytes before compression, that is stored or expanded, 1 to 1,073,741,824;
   * 134,217,728 (128 MiB) by default. A client's own `maxValueBytes` holds too, if it is less.
   */
  readonly maxValueBytes?: number;
}

interface Compression extends Required<CompressionOptions> {
  /** Bytes that it gave to be encoded, or was given to decode, are not this one's own. */
  readonly borrowsData: boolean;
}

const FORMATS: readonly CompressedFormat[] = ["gzip", "deflate", "deflate-raw"];

/** A string of so many UTF-16 code units takes up to three times as many bytes. */
const MOST_BYTES_PER_UNIT = 3;
const LARGEST = 2 ** 30;

/**
 * Makes a transcoder that compresses the items of another one, if they have `threshold` bytes or more and
 * become shorter by it. All others are stored as the other transcoder stores them. Items are read whether they
 * are compressed or not: put `compressed` around the transcoder of a running deployment, first in the clients
 * that read, then in those that write. It uses the platform's `CompressionStream`, or `node:zlib` where there
 * is none, as on Bun 1.2.
 *
 * A compressed item has the other's flags and one bit more, `flag`. The default, 128, is in none of the flags
 * that the transcoders of this library write, and in no type that Python moecache or EnyimMemcached know.
 * These, and the transcoders of this library without `compressed`, refuse to read a compressed item, and read
 * all others. With `flag: 8` and `format: "deflate"`, items are those that pymemcache, python-memcached and
 * pylibmc compress with zlib; with `flag: 2`, those of dalli.
 *
 * Compressing and expanding are asynchronous: a value is sent when it has been compressed, and operations that
 * are issued meanwhile may overtake it. A compressed item cannot be counted, and `append` and `prepend` damage
 * it. A counter is too short to be compressed.
 *
 * An item that is damaged, or expands beyond `maxValueBytes`, is a `ClientException`. Expanding ends there, and
 * takes little more memory than that.
 *
 * @param inner The transcoder whose items are compressed.
 * @param options `threshold` in bytes, `format`, `flag` and `maxValueBytes`.
 * @returns The transcoder.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example Large values compressed, small ones as they are
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
 * assertEquals(item?.flags, 130); // JSON's 2 and the 128 of what is compressed
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
      return encoded instanceof Promise ? encoded.then(finish) : finish(encoded);
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

/** The length of the longest string that takes fewer bytes than the threshold with any characters. */
function longestBelow(threshold: number): number {
  return Math.max(Math.ceil(threshold / MOST_BYTES_PER_UNIT) - 1, 0);
}

function compressItem(
  item: EncodedValue,
  { flag, threshold, format, maxValueBytes }: Compression,
): EncodedValue | Promise<EncodedValue> {
  const { flags, data } = item;
  if ((flags & flag) !== 0) {
    const why = `its flags, ${flags}, have the bit ${flag} that compressed items are told by`;
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

/** Bytes that are only lent are copied, since expanding them goes on afterwards. */
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

/** The bit has to tell compressed items from others, and to leave the flags of strings usable. */
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
