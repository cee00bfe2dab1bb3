/** The format of Python's pylibmc. @module */

import { checkInteger, checkNames } from "../../option_checks.ts";
import type { Transcoder } from "../transcoder.ts";
import {
  checkPickleOptions,
  PICKLE,
  PICKLE_OPTIONS,
  type PythonKind,
  type PythonPickleOptions,
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

/** How values are pickled and compressed: `pickleProtocol` is 5 by default, as for the client. All are optional. */
export interface PylibmcTranscoderOptions extends PythonPickleOptions {
  /**
   * Items of at least this many bytes are compressed, 1 to 1,000,000,000; 0, the default, compresses nothing. It is
   * pylibmc's `min_compress_len`.
   */
  readonly minCompressLen?: number | undefined;
}

/** A transcoder for pylibmc's format. Call it to make one with options. */
export interface PylibmcTranscoder extends Transcoder {
  /**
   * Makes a transcoder for pylibmc's format.
   *
   * @param options `pickleProtocol`, `classes`, `keepUnreadable`, `tupleKeys` and `minCompressLen`.
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
 * says that an item is compressed with zlib; such items are always read. As for pylibmc, the bits above 31 do not
 * matter, and what the others say has to be one of these. All else is a `ClientException`. Reading a pickle never runs
 * code.
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
  checkNames(options, [...PICKLE_OPTIONS, "minCompressLen"]);
  const { minCompressLen = 0 } = options;
  const pickles = checkPickleOptions(options, 5);
  checkInteger("minCompressLen", minCompressLen, 0, 1e9);
  const flags = { bytes: 0, text: TEXT, integer: INTEGER, boolean: BOOLEAN };
  const kindOf = (flags: number) => KINDS[flags & KNOWN_BITS];
  const values = pythonValues({ flags, kindOf, ...pickles });
  return zlibCompressed(values, minCompressLen === 0 ? undefined : minCompressLen);
}
