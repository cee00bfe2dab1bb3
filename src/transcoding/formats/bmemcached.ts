import { checkBoolean, checkNames } from "../../option_checks.ts";
import type { Transcoder } from "../transcoder.ts";
import {
  checkPickleProtocol,
  INTEGER,
  LONG,
  PICKLE,
  type PythonKind,
  type PythonPickleProtocol,
  pythonValues,
  zlibCompressed,
} from "./python_values.ts";

/** The bit that means text for every other client. */
const BYTES = 16;
/** Only longer items are compressed. */
const COMPRESSION_THRESHOLD = 128;

/** The options for pickling and compressing values; all are optional. */
export interface BmemcachedTranscoderOptions {
  /** The pickle protocol for writing, 0 to 5; 0 by default, as in python-binary-memcached. */
  readonly pickleProtocol?: PythonPickleProtocol;
  /**
   * Whether items of more than 128 bytes are compressed; `false` by default. python-binary-memcached compresses
   * them unless its `compress_level` is 0, and reads both.
   */
  readonly compress?: boolean;
}

/** A transcoder for python-binary-memcached's format. Call it to make one with options. */
export interface BmemcachedTranscoder extends Transcoder {
  /**
   * Makes a transcoder for python-binary-memcached's format.
   *
   * @param options `pickleProtocol` and `compress`.
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
 * The bit 8 says that an item is compressed with zlib; such items are always read. Flags 0 and 16 have the opposite
 * meaning in all other Python clients: text from pymemcache is read as bytes, as in python-binary-memcached. The first
 * set bit of 16, 2, 4 and 1 decides the type, and without any the item is text. Text that is not UTF-8, an invalid
 * integer and an unreadable pickle throw a `ClientException`. Reading a pickle never runs code.
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
  checkNames(options, ["pickleProtocol", "compress"]);
  const { pickleProtocol = 0, compress = false } = options;
  checkPickleProtocol(pickleProtocol);
  checkBoolean("compress", compress);
  const flags = { bytes: BYTES, text: 0, integer: INTEGER };
  const values = pythonValues({ flags, kindOf, pickleProtocol });
  return zlibCompressed(values, compress ? COMPRESSION_THRESHOLD + 1 : undefined);
}

function kindOf(flags: number): PythonKind {
  if ((flags & BYTES) !== 0) return "bytes";
  if ((flags & (INTEGER | LONG)) !== 0) return "integer";
  return (flags & PICKLE) === 0 ? "text" : "pickle";
}
