/** Bytes and text as they are. @module */

import { ValidationException } from "../errors.ts";
import { checkBoolean, checkFewNames } from "../option_checks.ts";
import { isFlags } from "./item_codec.ts";
import type { EncodedValue, Transcoder } from "./transcoder.ts";

/** The options of {@linkcode rawTranscoder}; all are optional. */
export interface RawTranscoderOptions {
  /** Whether an item is read with its flags, as `{ flags, data }`; `false` by default. */
  readonly withFlags?: boolean | undefined;
  /**
   * Set this to `true` if your program does not change or transfer bytes before the operation that stores them has
   * ended. They are then sent without a copy. `false` by default.
   */
  readonly handsOverData?: boolean | undefined;
}

/** A transcoder that stores bytes unchanged. Call it to make one with options. */
export interface RawTranscoder extends Transcoder<Uint8Array | EncodedValue> {
  /**
   * Makes a transcoder that stores bytes unchanged, and reads items with their flags.
   *
   * @param options `withFlags: true`, for reading items with their flags; `handsOverData`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options: RawTranscoderOptions & { readonly withFlags: true }): Transcoder<EncodedValue>;
  /**
   * Makes a transcoder that stores bytes unchanged.
   *
   * @param options `handsOverData`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: RawTranscoderOptions): Transcoder<Uint8Array | EncodedValue>;
}

/**
 * Stores and reads bytes unchanged. Use it as a transcoder, or call it to make one with options.
 *
 * A `Uint8Array` is stored with flags 0, and `{ flags, data }` with its `flags`. Storing anything else, including a
 * string, throws a `ValidationException`. Items with any flags can be read: as a new `Uint8Array`, or with
 * `rawTranscoder({ withFlags: true })` as `{ flags, data }`, which can be stored again unchanged.
 *
 * Counters begin with flags 0, and are read as the bytes of their digits. Flags from 0x6d6f6500 to 0x6d6f65ff are
 * reserved for leases of `getOrSet`: storing them is refused, and reading them is a miss.
 *
 * @example Bytes, and an item with its flags
 * ```ts
 * import { Client, rawTranscoder } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: rawTranscoder });
 *
 * await client.set("bytes", Uint8Array.of(1, 2, 3));
 * assertEquals(await client.get("bytes"), Uint8Array.of(1, 2, 3));
 *
 * const transcoder = rawTranscoder({ withFlags: true });
 * await using items = new Client(server.address, { transcoder });
 * await items.set("item", { flags: 42, data: Uint8Array.of(4) });
 * assertEquals(await items.get("item"), { flags: 42, data: Uint8Array.of(4) });
 * ```
 */
export const rawTranscoder: RawTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder as RawTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(
  options: RawTranscoderOptions = {},
): Transcoder<Uint8Array | EncodedValue> {
  checkFewNames(options, ["withFlags", "handsOverData"]);
  const { withFlags = false, handsOverData = false } = options;
  checkBoolean("withFlags", withFlags);
  checkBoolean("handsOverData", handsOverData);
  return {
    handsOverData,
    encode,
    decode: withFlags ? ({ flags, data }) => ({ flags, data }) : ({ data }) => data,
  };
}

function encode(value: Uint8Array | EncodedValue): EncodedValue {
  if (value instanceof Uint8Array) return { flags: 0, data: value };
  const { flags, data } = value ?? {} as Partial<EncodedValue>;
  if (isFlags(flags) && data instanceof Uint8Array) return { flags, data };
  const why = "it is neither a Uint8Array nor { flags, data }";
  throw new ValidationException(`Cannot store value: ${why}`, value);
}
