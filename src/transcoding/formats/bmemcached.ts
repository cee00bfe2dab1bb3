/** The format of python-binary-memcached. @module */

import { checkBoolean, checkNames } from "../../option_checks.ts";
import type { Transcoder } from "../transcoder.ts";
import {
  checkPickleOptions,
  INTEGER,
  LONG,
  PICKLE,
  PICKLE_OPTIONS,
  type PythonKind,
  type PythonPickleOptions,
  pythonValues,
  zlibCompressed,
} from "./python_values.ts";

/** The bit that means text for every other client. */
const BYTES = 16;
/** Only longer items are compressed. */
const COMPRESSION_THRESHOLD = 128;

/** How values are pickled and compressed: `pickleProtocol` is 0 by default, as for the client. All are optional. */
export interface BmemcachedTranscoderOptions extends PythonPickleOptions {
  /**
   * Whether items of more than 128 bytes are compressed; `false` by default. python-binary-memcached compresses
   * them unless its `compress_level` is 0, and reads both.
   */
  readonly compress?: boolean | undefined;
}

/** A transcoder for python-binary-memcached's format. Call it to make one with options. */
export interface BmemcachedTranscoder extends Transcoder {
  /**
   * Makes a transcoder for python-binary-memcached's format.
   *
   * @param options `pickleProtocol`, `classes`, `keepUnreadable`, `tupleKeys` and `compress`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: BmemcachedTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of python-binary-memcached (`bmemcached`), and of django-bmemcached. Use it as a
 * transcoder, or call it to make one with options.
 *
 * | JavaScript | Python | flags |
 * | --- | --- | --- |
 * | `string` | `str` | 0 |
 * | `Uint8Array` | `bytes` | 16 |
 * | `number` that is a safe integer, `bigint` | `int`, in decimal digits; of up to 4,300 of them | 2; 4 is read, too |
 * | all else | a pickle of what {@linkcode moecacheTranscoder} says; -0 is a `float` | 1 |
 *
 * The bit 8 says that an item is compressed with zlib; such items are always read. Flags 0 and 16 are the other way
 * round for all other Python clients: what pymemcache stores as text reads as bytes here, as it does in
 * python-binary-memcached. As there, the first of the flags 16, 2, 4 and 1 that is set decides, and without one the
 * item is text. A `ClientException` is thrown for text that is not UTF-8, for text that is marked as an integer and is
 * not one, and for a pickle that cannot be read. Reading a pickle never runs code.
 *
 * @example Values that python-binary-memcached reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { bmemcachedTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const transcoder = bmemcachedTranscoder({ compress: true });
 * await using client = new Client(server.address, { transcoder });
 *
 * await client.set("poem", "moe ".repeat(100));
 * assertEquals(await client.get("poem"), "moe ".repeat(100));
 * assertEquals(await client.inspect("poem").then((item) => item?.flags), 8);
 * ```
 */
export const bmemcachedTranscoder: BmemcachedTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: BmemcachedTranscoderOptions = {}): Transcoder {
  checkNames(options, [...PICKLE_OPTIONS, "compress"]);
  const { compress = false } = options;
  const pickles = checkPickleOptions(options, 0);
  checkBoolean("compress", compress);
  const flags = { bytes: BYTES, text: 0, integer: INTEGER };
  const values = pythonValues({ flags, kindOf, ...pickles });
  return zlibCompressed(values, compress ? COMPRESSION_THRESHOLD + 1 : undefined);
}

function kindOf(flags: number): PythonKind {
  if ((flags & BYTES) !== 0) return "bytes";
  if ((flags & (INTEGER | LONG)) !== 0) return "integer";
  return (flags & PICKLE) === 0 ? "text" : "pickle";
}
