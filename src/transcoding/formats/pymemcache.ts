/** The formats of pymemcache, which depend on its serde. @module */

import { ClientException, quote } from "../../errors.ts";
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  invalidOption,
  takeOptions,
} from "../../option_checks.ts";
import { encodeLatin1 } from "../pickle/strings.ts";
import { decodeText, encodeText } from "../text.ts";
import type { EncodedValue, Transcoder } from "../transcoder.ts";
import { describe, ownBytes, unstorable, writing } from "../format_parts.ts";
import { readJson, writeJson } from "./json_text.ts";
import { PYTHON_JSON } from "./python_json.ts";
import { numberText } from "./python_numbers.ts";
import {
  checkPickleOptions,
  COMPRESSED,
  INTEGER,
  kindOf as kindOfKnown,
  PICKLE_OPTIONS,
  type PythonKind,
  type PythonPickleOptions,
  type PythonPickleProtocol,
  pythonValues,
  TEXT,
  zlibCompressed,
} from "./python_values.ts";

/** Flags of the serde for JSON that pymemcache's documentation shows. */
const JSON_TEXT = 1;
const JSON_VALUE = 2;
const DEFAULT_MIN_COMPRESS_LEN = 400;

/** How a string becomes bytes in a client without a serde. */
export type PymemcacheEncoding = "ascii" | "utf-8" | "latin-1";

/** Which serde the other programs have, and how it is set. All options are optional. */
export interface PymemcacheTranscoderOptions extends Omit<PythonPickleOptions, "pickleProtocol"> {
  /**
   * The pickle protocol for writing, 0 to 5; 5 by default, as `pickle_serde` does on Python 3.8 and later. `false`
   * means a client without a serde.
   */
  readonly pickleProtocol?: PythonPickleProtocol | false | undefined;
  /** Whether long items are compressed, as `compressed_serde` does; `false` by default. */
  readonly compress?: boolean | undefined;
  /** With `compress`: items of more bytes than this are compressed, 1 to 1,000,000,000; 400 by default. */
  readonly minCompressLen?: number | undefined;
  /**
   * How strings are written by a client without a serde: `"ascii"`, pymemcache's default, `"utf-8"` or `"latin-1"`.
   * Where no other option is set, it means a client without a serde.
   */
  readonly encoding?: PymemcacheEncoding | undefined;
  /** Whether values are written as by the serde for JSON of pymemcache's documentation; `false` by default. */
  readonly json?: boolean | undefined;
}

/** A transcoder for pymemcache's formats. Call it to make one with options. */
export interface PymemcacheTranscoder extends Transcoder {
  /**
   * Makes a transcoder for one of pymemcache's formats.
   *
   * @param options `pickleProtocol`, `classes`, `keepUnreadable`, `tupleKeys`, `compress`, `minCompressLen`, `encoding` and `json`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid, or does not go with another.
   */
  (options?: PymemcacheTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of pymemcache with its `pickle_serde`, and of Django's `PyMemcacheCache`. Use it as a
 * transcoder, or call it to make one for pymemcache's other serdes.
 *
 * | JavaScript | Python | flags |
 * | --- | --- | --- |
 * | `string` | `str` | 16 |
 * | `Uint8Array` | `bytes` | 0 |
 * | `number` that is a safe integer, `bigint` | `int`, in decimal digits; of up to 4,300 of them | 2; 4 is read, too |
 * | all else | a pickle of what {@linkcode moecacheTranscoder} says; -0 is a `float` | 1 |
 *
 * With `compress`, as for `compressed_serde`, items of more than 400 bytes are compressed with zlib if they become
 * shorter, and have the bit 8. Compressed items are always read.
 *
 * As in pymemcache, the first of the flags 16, 2, 4 and 1 that is set decides, and without one the item is bytes. So
 * strings of Python moecache and EnyimMemcached read as strings. Text that is marked as an integer and is not one is a
 * `ClientException`; pymemcache raises an error too. A pickle that cannot be read is a `ClientException`; in pymemcache
 * it is a miss. Reading a pickle never runs code.
 *
 * With `json`, for the `JsonSerde` of pymemcache's documentation: a string with flags 1, and under flags 2 the JSON
 * that Python writes of `null`, booleans, numbers, a `bigint`, arrays, plain objects and Maps, which become objects.
 * `NaN` and `Infinity` stand in it literally, and long integers read as a `bigint`. Bytes and a `Date` cannot be
 * written, and other flags are a `ClientException`, as there.
 *
 * With `encoding` or `pickleProtocol: false`, for a client without a serde: strings in that encoding, bytes, and
 * numbers as Python's `str()` writes them, all under flags 0. All items read as bytes, whatever their flags are.
 *
 * @example Values that pymemcache reads with compressed_serde
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { pymemcacheTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const transcoder = pymemcacheTranscoder({ compress: true });
 * await using client = new Client(server.address, { transcoder });
 *
 * await client.set("poem", "moe ".repeat(200));
 * assertEquals(await client.get("poem"), "moe ".repeat(200));
 * assertEquals(await client.inspect("poem").then((item) => item?.flags), 16 + 8);
 * ```
 */
export const pymemcacheTranscoder: PymemcacheTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(given: PymemcacheTranscoderOptions = {}): Transcoder {
  const names = [...PICKLE_OPTIONS, "compress", "minCompressLen", "encoding", "json"];
  const options = takeOptions(given, names);
  checkValues(options);
  const { pickleProtocol, compress = false, encoding, json = false } = options;
  const { minCompressLen = DEFAULT_MIN_COMPRESS_LEN } = options;
  const isPickled = PICKLE_OPTIONS.some((name) =>
    (options as Record<string, unknown>)[name] !== undefined
  );
  const isBare = pickleProtocol === false ||
    (encoding !== undefined && !isPickled && !compress && !json);
  checkCombination(options, isBare);
  if (isBare) return withoutSerde(encoding ?? "ascii");
  const values = json
    ? jsonSerde()
    : pickleSerde({ ...options, pickleProtocol: pickleProtocol ?? 5 });
  return compress ? zlibCompressed(values, minCompressLen + 1) : readingCompressed(values);
}

function checkValues(options: PymemcacheTranscoderOptions): void {
  const {
    pickleProtocol = 5,
    compress = false,
    minCompressLen = 1,
    encoding = "ascii",
    json = false,
  } = options;
  checkPickleOptions(
    { ...options, pickleProtocol: pickleProtocol === false ? 0 : pickleProtocol },
    5,
  );
  checkBoolean("compress", compress);
  checkInteger("minCompressLen", minCompressLen, 1, 1e9);
  checkChoice("encoding", encoding, ["ascii", "utf-8", "latin-1"]);
  checkBoolean("json", json);
}

function checkCombination(options: PymemcacheTranscoderOptions, isBare: boolean): void {
  const { compress = false, minCompressLen, json = false } = options;
  if (json || isBare) {
    for (const name of PICKLE_OPTIONS) {
      const value = options[name as keyof PymemcacheTranscoderOptions];
      if (value === undefined || (isBare && value === false)) continue;
      throw invalidOption(name, value, "left out where nothing is pickled");
    }
  }
  if (isBare && json) {
    throw invalidOption(
      "json",
      json,
      "left out with pickleProtocol: false, which stands for no serde",
    );
  }
  if (isBare && compress) {
    throw invalidOption("compress", compress, "left out without a serde, which compresses nothing");
  }
  if (!compress && minCompressLen !== undefined) {
    throw invalidOption("minCompressLen", minCompressLen, "left out without compress: true");
  }
}

function pickleSerde(options: PythonPickleOptions): Transcoder {
  return pythonValues({
    flags: { bytes: 0, text: TEXT, integer: INTEGER },
    kindOf: (flags): PythonKind => kindOfKnown(flags) ?? "bytes",
    ...checkPickleOptions(options, 5),
  });
}

/** `pickle_serde` does not use this bit, so another program may have set it on an item that is not compressed. */
function readingCompressed(values: Transcoder): Transcoder {
  const packed = zlibCompressed(values);
  return {
    ...packed,
    decode: (item, limits) => {
      const isPacked = (item.flags & COMPRESSED) !== 0 && isZlib(item.data);
      return isPacked ? packed.decode(item, limits) : values.decode(item, limits);
    },
  };
}

/** Whether bytes begin as zlib's format does, by RFC 1950. */
function isZlib([method = 0, flags = 0]: Uint8Array): boolean {
  return (method & 0x0f) === 8 && (method << 8 | flags) % 31 === 0;
}

function jsonSerde(): Transcoder {
  return {
    textFlags: JSON_TEXT,
    flagBits: JSON_TEXT | JSON_VALUE,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => {
      if (typeof value === "string") return { flags: JSON_TEXT, data: encodeText(value) };
      const json = writing(value, () => writeJson(value, PYTHON_JSON));
      return { flags: JSON_VALUE, data: encodeText(json) };
    },
    decode: ({ flags, data }) => {
      if (flags === JSON_TEXT) return decodeText(data);
      if (flags === JSON_VALUE) return readJson(data);
      const why = `its flags are ${flags}, neither 1, of a string, nor 2, of JSON`;
      throw new ClientException(`Cannot read item: ${why}`, flags);
    },
  };
}

function withoutSerde(encoding: PymemcacheEncoding): Transcoder<unknown> {
  return {
    flagBits: 0,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => writing(value, () => encodeBare(value, encoding)),
    decode: ({ data }, limits) => ownBytes(data, limits),
  };
}

function encodeBare(value: unknown, encoding: PymemcacheEncoding): EncodedValue {
  switch (typeof value) {
    case "string":
      return { flags: 0, data: encodeString(value, encoding) };
    case "number":
    case "bigint":
      return { flags: 0, data: encodeText(numberText(value)) };
  }
  if (value instanceof Uint8Array) return { flags: 0, data: new Uint8Array(value) };
  throw unstorable(`without a serde, pymemcache has no format for ${describe(value)}`, value);
}

function encodeString(text: string, encoding: PymemcacheEncoding): Uint8Array {
  if (encoding === "utf-8") return encodeText(text);
  const bytes = encodeLatin1(text);
  const fits = bytes !== undefined &&
    (encoding === "latin-1" || bytes.every((byte) => byte < 0x80));
  if (fits) return bytes;
  throw unstorable(`the string ${quote(text)} is not all ${encoding}`, text);
}
