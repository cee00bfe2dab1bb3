/** The format of npm's `memcache-client`. @module */

import { checkBoolean, checkNames } from "../../option_checks.ts";
import { decodeText, encodeText } from "../text.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "../transcoder.ts";
import { ownBytes, writing } from "../format_parts.ts";
import { readJson, readNumber, writeJson } from "./javascript_values.ts";

const TEXT = 0;
const COMPRESSED = 1;
const JSON_VALUE = 2;
const NUMBER = 4;
const BYTES = 8;
/** memcache-client looks at no other bits for the type. */
const TYPE_BITS = JSON_VALUE | NUMBER | BYTES;

/** Strings of so many UTF-16 code units, and bytes of that number, are compressed. */
const COMPRESSION_LENGTH = 100;
/** For where the client sets no limit. */
const MOST_BYTES = 2 ** 27;

/** Whether values are compressed. */
export interface MemcacheClientTranscoderOptions {
  /**
   * Whether values of at least 100 characters or bytes are compressed with zstd, as by memcache-client's `{ compress:
   * true }` and the compressor that its README names, `zstd.ts`; `false` by default. Node has zstd from 22.15 on.
   */
  readonly compress?: boolean | undefined;
}

/** A transcoder for memcache-client's format. Call it to make one with options. */
export interface MemcacheClientTranscoder extends Transcoder {
  /**
   * Makes a transcoder for memcache-client's format.
   *
   * @param options `compress`.
   * @returns The transcoder.
   * @throws {ValidationException} When the option is invalid.
   */
  (options?: MemcacheClientTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of the npm package `memcache-client`. Use it as a transcoder, or call it to make one with
 * options.
 *
 * | JavaScript | stored | flags |
 * | --- | --- | --- |
 * | `string` | UTF-8 | 0 |
 * | `Uint8Array` | the bytes | 8 |
 * | `number` | what `JSON.stringify` makes of it: -0 becomes 0; `NaN`, `Infinity` and `-Infinity` become `null`, which reads as `NaN` | 4 |
 * | all else | what `JSON.stringify` makes of it: a `Date` becomes a string, a `Map` becomes `{}` | 2 |
 *
 * With `compress`, values of at least 100 characters or bytes are compressed with zstd and have the bit 1. Compressed
 * items are always read; without zstd in the runtime this throws a `ClientException`. Deno, Bun, and Node from 22.15 on
 * have zstd. memcache-client itself cannot store a boolean, but reads one.
 *
 * As in memcache-client, the bits 2, 4 and 8 together decide the type, and other combinations are text. Invalid JSON,
 * an invalid number and text that is not UTF-8 throw a `ClientException`; memcache-client reads `NaN` and replacement
 * characters. Storing a value that `JSON.stringify` refuses throws a `ValidationException`.
 *
 * @example Values that memcache-client reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { memcacheClientTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: memcacheClientTranscoder });
 *
 * await client.set("user:1", { name: "Ada", born: 1815 });
 * assertEquals(await client.get("user:1"), { name: "Ada", born: 1815 });
 * assertEquals(await client.inspect("user:1").then((item) => item?.flags), 2);
 * ```
 */
export const memcacheClientTranscoder: MemcacheClientTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: MemcacheClientTranscoderOptions = {}): Transcoder {
  checkNames(options, ["compress"]);
  const { compress = false } = options;
  checkBoolean("compress", compress);
  return {
    textFlags: TEXT,
    ...(compress ? { longestText: COMPRESSION_LENGTH - 1 } : {}),
    flagBits: COMPRESSED | TYPE_BITS,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => {
      const { flags, data } = writing(value, () => plainItem(value));
      const isLong = (typeof data === "string" ? data.length : data.byteLength) >=
        COMPRESSION_LENGTH;
      const bytes = typeof data === "string" ? encodeText(data) : new Uint8Array(data);
      return compress && isLong ? compressItem(flags, bytes) : { flags, data: bytes };
    },
    decode: (item, limits) =>
      (item.flags & COMPRESSED) === 0 ? decode(item, limits) : decodeCompressed(item, limits),
  };
}

function plainItem(value: unknown): { flags: number; data: string | Uint8Array } {
  if (value instanceof Uint8Array) return { flags: BYTES, data: value };
  if (typeof value === "string") return { flags: TEXT, data: value };
  return { flags: typeof value === "number" ? NUMBER : JSON_VALUE, data: writeJson(value) };
}

async function compressItem(flags: number, data: Uint8Array): Promise<EncodedValue> {
  const { zstdCompress } = await import("../zstd.ts");
  return { flags: flags | COMPRESSED, data: await zstdCompress(data) };
}

function decode({ flags, data }: EncodedValue, limits?: DecodeLimits): unknown {
  switch (flags & TYPE_BITS) {
    case BYTES:
      return ownBytes(data, limits);
    case NUMBER:
      return readNumber(decodeText(data), "null");
    case JSON_VALUE:
      return readJson(decodeText(data));
  }
  return decodeText(data);
}

async function decodeCompressed(
  { flags, data }: EncodedValue,
  limits: DecodeLimits | undefined,
): Promise<unknown> {
  const own = new Uint8Array(data);
  const { zstdDecompress } = await import("../zstd.ts");
  const expanded = await zstdDecompress(own, limits?.maxValueBytes ?? MOST_BYTES);
  return decode({ flags, data: expanded }, { maxValueBytes: MOST_BYTES, ownsData: true });
}
