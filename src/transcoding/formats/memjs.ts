/** The format of npm's `memjs`. @module */

import { checkNames } from "../../option_checks.ts";
import { encodeText } from "../text.ts";
import type { EncodedValue, Transcoder } from "../transcoder.ts";
import { describe, ownBytes, unstorable, writing } from "../format_parts.ts";

/** A transcoder for memjs's format. Call it to make one. */
export interface MemjsTranscoder extends Transcoder<string | Uint8Array> {
  /**
   * Makes a transcoder for memjs's format.
   *
   * @param options None: an empty object.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is set.
   */
  (options?: Readonly<Record<never, never>>): Transcoder<string | Uint8Array>;
}

/**
 * Stores values in the format of the npm package `memjs`: strings and bytes go in, and bytes come out. Use it as a
 * transcoder, or call it to make one; it has no options.
 *
 * | JavaScript | stored | flags |
 * | --- | --- | --- |
 * | `string` | UTF-8; reads as a `Uint8Array` | 0 |
 * | `Uint8Array` | the bytes | 0 |
 *
 * Storing any other value throws a `ValidationException`; it is an error in memjs too. All items are read as bytes,
 * whatever their flags: memjs returns a `Buffer`.
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
