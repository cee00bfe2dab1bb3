import { quote, ValidationException } from "../errors.ts";
import { checkBoolean, checkNames } from "../option_checks.ts";
import { isFlags } from "./item_codec.ts";
import type { EncodedValue, Transcoder } from "./transcoder.ts";

/** How bytes are given and taken. Every option may be left out. */
export interface RawTranscoderOptions {
  /** Whether an item is read with its flags, as `{ flags, data }`; `false` by default. */
  readonly withFlags?: boolean;
  /**
   * Set this to `true` when bytes that have been given to the client are not changed or transferred before the
   * operation has ended. They are then sent without a copy; `false` by default.
   */
  readonly handsOverData?: boolean;
}

/** A transcoder that leaves bytes as they are, and a function that makes others with options. */
export interface RawTranscoder extends Transcoder<Uint8Array | EncodedValue> {
  /**
   * Makes a transcoder that leaves bytes and flags as they are.
   *
   * @param options `withFlags: true`, for reading items with their flags; `handsOverData`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options: RawTranscoderOptions & { readonly withFlags: true }): Transcoder<EncodedValue>;
  /**
   * Makes a transcoder that leaves bytes as they are.
   *
   * @param options `handsOverData`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: RawTranscoderOptions): Transcoder<Uint8Array | EncodedValue>;
}

/**
 * Stores and reads bytes as they are. It is a transcoder as it is, and a function that makes others with
 * options.
 *
 * A `Uint8Array` is stored under flags 0, and `{ flags, data }` under its own flags. Everything else, strings
 * included, is a `ValidationException`. Items of any flags are read: as a `Uint8Array` that is the caller's
 * own, or with `rawTranscoder({ withFlags: true })` as `{ flags, data }`, which can be stored again as it was.
 *
 * Counters begin under flags 0, and are read as the digits of their text. Flags from 0x6d6f6500 to 0x6d6f65ff
 * are reserved for leases of `getOrSet`: they are refused, and read as a miss.
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
  checkNames(options, ["withFlags", "handsOverData"]);
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
  const why = `${quote(value)} is neither a Uint8Array nor { flags, data }`;
  throw new ValidationException(`Cannot store value: ${why}`, value);
}
