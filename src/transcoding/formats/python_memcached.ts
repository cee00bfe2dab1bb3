import { checkInteger, checkNames } from "../../option_checks.ts";
import type { Transcoder } from "../transcoder.ts";
import {
  checkPickleProtocol,
  INTEGER,
  LONG,
  PICKLE,
  type PythonKind,
  type PythonPickleProtocol,
  pythonValues,
  TEXT,
  zlibCompressed,
} from "./python_values.ts";

/** The options for pickling and compressing values; all are optional. */
export interface PythonMemcachedTranscoderOptions {
  /** The pickle protocol for writing, 0 to 5; 0 by default, as in python-memcached. */
  readonly pickleProtocol?: PythonPickleProtocol;
  /**
   * Items of more bytes than this are compressed, except integers, 1 to 1,000,000,000; 0, the default, compresses
   * nothing. It is python-memcached's `min_compress_len`.
   */
  readonly minCompressLen?: number;
}

/** A transcoder for python-memcached's format. Call it to make one with options. */
export interface PythonMemcachedTranscoder extends Transcoder {
  /**
   * Makes a transcoder for python-memcached's format.
   *
   * @param options `pickleProtocol` and `minCompressLen`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: PythonMemcachedTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of python-memcached, and of Django's `MemcachedCache` on it. Use it as a transcoder, or
 * call it to make one with options.
 *
 * | JavaScript | Python | flags |
 * | --- | --- | --- |
 * | `string` | `str` | 16 |
 * | `Uint8Array` | `bytes` | 0 |
 * | `number` that is a safe integer, `bigint` | `int`, in decimal digits; of up to 4,300 of them | 2; 4 is read, too |
 * | all else | a pickle of what {@linkcode moecacheTranscoder} says; -0 is a `float` | 1 |
 *
 * The bit 8 says that an item is compressed with zlib; such items are always read. As in python-memcached, the first
 * set bit of 16, 2, 4 and 1 decides the type, so text from Python moecache and EnyimMemcached is read as text. Other
 * flags and invalid integers throw a `ClientException`; they are errors in python-memcached too. An unreadable pickle
 * throws one as well; python-memcached reads it as a miss. Reading a pickle never runs code.
 *
 * @example Values that python-memcached reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { pythonMemcachedTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: pythonMemcachedTranscoder });
 *
 * await client.set("visits", 5);
 * assertEquals(await client.get("visits"), 5);
 * assertEquals(await client.inspect("visits").then((item) => item?.flags), 2);
 * ```
 */
export const pythonMemcachedTranscoder: PythonMemcachedTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: PythonMemcachedTranscoderOptions = {}): Transcoder {
  checkNames(options, ["pickleProtocol", "minCompressLen"]);
  const { pickleProtocol = 0, minCompressLen = 0 } = options;
  checkPickleProtocol(pickleProtocol);
  checkInteger("minCompressLen", minCompressLen, 0, 1e9);
  const flags = { bytes: 0, text: TEXT, integer: INTEGER };
  const values = pythonValues({ flags, kindOf, pickleProtocol });
  const packed = zlibCompressed(values, minCompressLen === 0 ? undefined : minCompressLen + 1);
  return {
    ...packed,
    // Integers stay as they are, however long: most are counted.
    encode: (value) =>
      (typeof value === "number" || typeof value === "bigint" ? values : packed).encode(value),
  };
}

/** What python-memcached and pymemcache take flags for, the bit of what is compressed aside. */
export function kindOf(flags: number): PythonKind | undefined {
  if (flags === 0) return "bytes";
  if ((flags & TEXT) !== 0) return "text";
  if ((flags & (INTEGER | LONG)) !== 0) return "integer";
  return (flags & PICKLE) === 0 ? undefined : "pickle";
}
