/** The format of npm's `memcache`. @module */

import { checkNames } from "../../option_checks.ts";
import { decodeText, decodeUtf8, encodeText } from "../text.ts";
import type { EncodedValue, Transcoder } from "../transcoder.ts";
import { describe, unstorable, writing } from "../format_parts.ts";

/** A transcoder for the format of npm's memcache. Call it to make one. */
export interface NpmMemcacheTranscoder extends Transcoder<string | Uint8Array> {
  /**
   * Makes a transcoder for the format of npm's memcache.
   *
   * @param options None: an empty object.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is set.
   */
  (options?: Readonly<Record<never, never>>): Transcoder<string | Uint8Array>;
}

/**
 * Stores values in the format of the npm package `memcache`: text, and nothing else. Use it as a transcoder, or call it
 * to make one; it has no options.
 *
 * | JavaScript | stored | flags |
 * | --- | --- | --- |
 * | `string` | UTF-8 | 0 |
 * | `Uint8Array` that is UTF-8 | the bytes; they read as a string | 0 |
 *
 * Storing any other value throws a `ValidationException`: the package stores neither numbers, nor bytes that are not
 * UTF-8. All items are read as text, whatever their flags. Bytes that are not UTF-8 throw a `ClientException`; the
 * package reads replacement characters.
 *
 * @example Text that npm's memcache reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { npmMemcacheTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: npmMemcacheTranscoder });
 *
 * await client.set("user:1", JSON.stringify({ name: "Ada" }));
 * assertEquals(await client.get("user:1"), '{"name":"Ada"}');
 * ```
 */
export const npmMemcacheTranscoder: NpmMemcacheTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(
  options: Readonly<Record<never, never>> = {},
): Transcoder<string | Uint8Array> {
  checkNames(options, []);
  return {
    textFlags: 0,
    flagBits: 0,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => writing(value, () => encode(value)),
    decode: ({ data }) => decodeText(data),
  };
}

function encode(value: unknown): EncodedValue {
  if (typeof value === "string") return { flags: 0, data: encodeText(value) };
  if (!(value instanceof Uint8Array)) {
    throw unstorable(`npm's memcache has no format for ${describe(value)}, only for text`, value);
  }
  const data = new Uint8Array(value);
  if (isUtf8(data)) return { flags: 0, data };
  throw unstorable("npm's memcache has no format for bytes that are not UTF-8", value);
}

function isUtf8(data: Uint8Array): boolean {
  try {
    decodeUtf8(data);
    return true;
  } catch {
    return false;
  }
}
