import { checkInteger, checkNames } from "../../option_checks.ts";
import type { Transcoder } from "../transcoder.ts";
import {
  checkPickleProtocol,
  PICKLE,
  type PythonKind,
  type PythonPickleProtocol,
  pythonValues,
  TEXT,
  zlibCompressed,
} from "./python_values.ts";

/** pylibmc has the two the other way round than all other clients. */
const BOOLEAN = 2;
const INTEGER = 4;
/** It looks at no other bits. */
const KNOWN_BITS = 31;

const KINDS: Readonly<Record<number, PythonKind>> = {
  0: "bytes",
  [PICKLE]: "pickle",
  [BOOLEAN]: "boolean",
  [INTEGER]: "integer",
  [TEXT]: "text",
};

/** The options for pickling and compressing values; all are optional. */
export interface PylibmcTranscoderOptions {
  /** The pickle protocol for writing, 0 to 5; 5 by default, as in pylibmc on Python 3.8 and later. */
  readonly pickleProtocol?: PythonPickleProtocol;
  /**
   * Items of at least this many bytes are compressed, 1 to 1,000,000,000; 0, the default, compresses nothing. It is
   * pylibmc's `min_compress_len`.
   */
  readonly minCompressLen?: number;
}

/** A transcoder for pylibmc's format. Call it to make one with options. */
export interface PylibmcTranscoder extends Transcoder {
  /**
   * Makes a transcoder for pylibmc's format.
   *
   * @param options `pickleProtocol` and `minCompressLen`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: PylibmcTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of pylibmc, and of Django's `PyLibMCCache` on it. Use it as a transcoder, or call it to
 * make one with options.
 *
 * | JavaScript | Python | flags |
 * | --- | --- | --- |
 * | `string` | `str` | 16 |
 * | `Uint8Array` | `bytes` | 0 |
 * | `number` that is a safe integer, `bigint` | `int`, in decimal digits; of up to 4,300 of them | 4 |
 * | `boolean` | `bool`, as `1` or `0`, which pylibmc reads as an `int` | 2 |
 * | all else | a pickle of what {@linkcode moecacheTranscoder} says; -0 is a `float` | 1 |
 *
 * Any other integer under flags 2 reads as a number, as it does there: other clients store integers under 2. The bit 8
 * says that an item is compressed with zlib; such items are always read. As in pylibmc, bits above 31 are ignored, and
 * the others must be one of these; otherwise reading throws a `ClientException`. Reading a pickle never runs code.
 *
 * @example Values that pylibmc reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { pylibmcTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: pylibmcTranscoder });
 *
 * await client.set("user:1", { name: "Ada", born: 1815 });
 * assertEquals(await client.get("user:1"), { name: "Ada", born: 1815 });
 * ```
 */
export const pylibmcTranscoder: PylibmcTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: PylibmcTranscoderOptions = {}): Transcoder {
  checkNames(options, ["pickleProtocol", "minCompressLen"]);
  const { pickleProtocol = 5, minCompressLen = 0 } = options;
  checkPickleProtocol(pickleProtocol);
  checkInteger("minCompressLen", minCompressLen, 0, 1e9);
  const flags = { bytes: 0, text: TEXT, integer: INTEGER, boolean: BOOLEAN };
  const kindOf = (flags: number) => KINDS[flags & KNOWN_BITS];
  const values = pythonValues({ flags, kindOf, pickleProtocol });
  return zlibCompressed(values, minCompressLen === 0 ? undefined : minCompressLen);
}
