import { checkNames } from "../../option_checks.ts";
import { decodeText, decodeUtf8, encodeText } from "../text.ts";
import type { EncodedValue, Transcoder } from "../transcoder.ts";
import { describe, unstorable, writing } from "../format_parts.ts";

/** A transcoder for the format of npm's memcache, and a function that makes others. */
export interface NpmMemcacheTranscoder extends Transcoder<string | Uint8Array> {
  /**
   * Makes a transcoder for the format of npm's memcache.
   *
   * @param options There are none: an object without properties.
   * @returns The transcoder.
   * @throws {ValidationException} When there is an option.
   */
  (options?: Readonly<Record<never, never>>): Transcoder<string | Uint8Array>;
}

/**
 * Stores values in the format of the npm package `memcache`: text, and nothing else. It is a transcoder as it is, and a
 * function that makes others, for which there are no options.
 *
 * | JavaScript | stored | flags |
 * | --- | --- | --- |
 * | `string` | UTF-8 | 0 |
 * | `Uint8Array` that is UTF-8 | the bytes; they read as a string | 0 |
 *
 * All else is a `ValidationException`: the package stores neither numbers, nor bytes that are not UTF-8. Items read as
 * text, whatever their flags are, as they do there. What is not UTF-8 is a `ClientException` here, and has replacement
 * characters there.
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
