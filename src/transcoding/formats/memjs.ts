import { checkNames } from "../../option_checks.ts";
import { encodeText } from "../text.ts";
import type { EncodedValue, Transcoder } from "../transcoder.ts";
import { describe, ownBytes, unstorable, writing } from "../format_parts.ts";

/** A transcoder for memjs's format, and a function that makes others. */
export interface MemjsTranscoder extends Transcoder<string | Uint8Array> {
  /**
   * Makes a transcoder for memjs's format.
   *
   * @param options There are none: an object without properties.
   * @returns The transcoder.
   * @throws {ValidationException} When there is an option.
   */
  (options?: Readonly<Record<never, never>>): Transcoder<string | Uint8Array>;
}

/**
 * Stores values in the format of the npm package `memjs`: strings and bytes go in, and bytes come out. It is a
 * transcoder as it is, and a function that makes others, for which there are no options.
 *
 * | JavaScript | stored | flags |
 * | --- | --- | --- |
 * | `string` | UTF-8; reads as a `Uint8Array` | 0 |
 * | `Uint8Array` | the bytes | 0 |
 *
 * All else is a `ValidationException`, as it is an error there. Items of all flags read as bytes, as they do there:
 * memjs gives a `Buffer`, and leaves to its caller what it means.
 *
 * @example Text that memjs reads, and that reads as bytes
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { memjsTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: memjsTranscoder });
 *
 * await client.set("name", "Ada");
 * assertEquals(await client.get("name"), new TextEncoder().encode("Ada"));
 * ```
 */
export const memjsTranscoder: MemjsTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(
  options: Readonly<Record<never, never>> = {},
): Transcoder<string | Uint8Array> {
  checkNames(options, []);
  return {
    flagBits: 0,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => writing(value, () => encode(value)),
    decode: ({ data }, limits) => ownBytes(data, limits),
  };
}

function encode(value: unknown): EncodedValue {
  if (typeof value === "string") return { flags: 0, data: encodeText(value) };
  if (value instanceof Uint8Array) return { flags: 0, data: new Uint8Array(value) };
  throw unstorable(`memjs has no format for ${describe(value)}, only for strings and bytes`, value);
}
