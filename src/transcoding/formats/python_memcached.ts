/** The format of python-memcached. @module */

import { checkInteger, checkNames } from "../../option_checks.ts";
import type { Transcoder } from "../transcoder.ts";
import {
  checkPickleOptions,
  INTEGER,
  kindOf,
  PICKLE_OPTIONS,
  type PythonPickleOptions,
  pythonValues,
  TEXT,
  zlibCompressed,
} from "./python_values.ts";

/** How values are pickled and compressed: `pickleProtocol` is 0 by default, as for the client. All are optional. */
export interface PythonMemcachedTranscoderOptions extends PythonPickleOptions {
  /**
   * Items of more bytes than this are compressed, except integers, 1 to 1,000,000,000; 0, the default, compresses
   * nothing. It is python-memcached's `min_compress_len`.
   */
  readonly minCompressLen?: number | undefined;
}

/** A transcoder for python-memcached's format. Call it to make one with options. */
export interface PythonMemcachedTranscoder extends Transcoder {
  /**
   * Makes a transcoder for python-memcached's format.
   *
   * @param options `pickleProtocol`, `classes`, `keepUnreadable`, `tupleKeys` and `minCompressLen`.
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
 * of the flags 16, 2, 4 and 1 that is set decides. So strings of Python moecache and EnyimMemcached read as strings.
 * Other flags are a `ClientException`, and so is text that is marked as an integer and is not one; python-memcached
 * raises an error too. A pickle that cannot be read is a `ClientException`; in python-memcached it is a miss. Reading a
 * pickle never runs code.
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
  checkNames(options, [...PICKLE_OPTIONS, "minCompressLen"]);
  const { minCompressLen = 0 } = options;
  const pickles = checkPickleOptions(options, 0);
  checkInteger("minCompressLen", minCompressLen, 0, 1e9);
  const flags = { bytes: 0, text: TEXT, integer: INTEGER };
  const values = pythonValues({ flags, kindOf, ...pickles });
  const packed = zlibCompressed(values, minCompressLen === 0 ? undefined : minCompressLen + 1);
  return {
    ...packed,
    // Integers stay as they are, however long: most are counted.
    encode: (value) =>
      (typeof value === "number" || typeof value === "bigint" ? values : packed).encode(value),
  };
}
