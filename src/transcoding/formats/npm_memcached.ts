/** The format of npm's `memcached`. @module */

import { ClientException } from "../../errors.ts";
import { checkNames } from "../../option_checks.ts";
import { decodeLatin1, encodeLatin1 } from "../pickle/strings.ts";
import { decodeText, encodeText } from "../text.ts";
import type { EncodedValue, Transcoder } from "../transcoder.ts";
import { writing } from "../format_parts.ts";
import { readJson, readNumber, writeJson } from "./javascript_values.ts";

const TEXT = 0;
const JSON_VALUE = 2;
const BYTES = 4;
const NUMBER = 8;

/** A transcoder for the format of npm's memcached. Call it to make one. */
export interface NpmMemcachedTranscoder extends Transcoder {
  /**
   * Makes a transcoder for the format of npm's memcached.
   *
   * @param options None: an empty object.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is set.
   */
  (options?: Readonly<Record<never, never>>): Transcoder;
}

/**
 * Stores values in the format of the npm package `memcached`. Use it as a transcoder, or call it to make one; it has no
 * options.
 *
 * | JavaScript | stored | flags |
 * | --- | --- | --- |
 * | `string` | UTF-8 | 0 |
 * | `Uint8Array` | a character for each byte, in UTF-8; reads as a `Uint8Array` | 4 |
 * | `number` | `String(number)`, so that -0 becomes 0 | 8 |
 * | all else | what `JSON.stringify` makes of it: a `Date` becomes a string, a `Map` becomes `{}` | 2 |
 *
 * A carriage return and a line feed have a backslash before them in all of these, which is removed on reading. So
 * a string with a backslash before a line break that another client stored loses the backslash.
 *
 * As in the package, flags are compared as a whole, and items with other flags are text. Invalid JSON throws a
 * `ClientException`; in the package it ends the process. An invalid number and bytes that are not UTF-8 throw one too;
 * the package reads `NaN` and replacement characters. Storing a value that `JSON.stringify` refuses throws a
 * `ValidationException`.
 *
 * @example Values that npm's memcached reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { npmMemcachedTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: npmMemcachedTranscoder });
 *
 * await client.set("poem", "one\ntwo");
 * assertEquals(await client.get("poem"), "one\ntwo");
 * assertEquals(await client.inspect("poem").then((item) => item?.size), 8);
 * ```
 */
export const npmMemcachedTranscoder: NpmMemcachedTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: Readonly<Record<never, never>> = {}): Transcoder {
  checkNames(options, []);
  return {
    flagBits: JSON_VALUE | BYTES | NUMBER,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => writing(value, () => encode(value)),
    decode: ({ flags, data }) => decode(flags, unescape(decodeText(data))),
  };
}

function encode(value: unknown): EncodedValue {
  if (value instanceof Uint8Array) return item(BYTES, decodeLatin1(value));
  switch (typeof value) {
    case "string":
      return item(TEXT, value);
    case "number":
      return item(NUMBER, String(value));
  }
  return item(JSON_VALUE, writeJson(value));
}

function item(flags: number, text: string): EncodedValue {
  return { flags, data: encodeText(text.replace(/[\r\n]/g, "\\$&")) };
}

function unescape(text: string): string {
  return text.replace(/\\([\r\n])/g, "$1");
}

function decode(flags: number, text: string): unknown {
  switch (flags) {
    case JSON_VALUE:
      return readJson(text);
    case NUMBER:
      return readNumber(text, "NaN");
    case BYTES:
      return readBytes(text);
  }
  return text;
}

function readBytes(text: string): Uint8Array {
  const bytes = encodeLatin1(text);
  if (bytes !== undefined) return bytes;
  throw new ClientException("Cannot read item: one of its characters is not a byte", text);
}
