/** What the client does with values on their way to and from memcached. @module */

/** A value as memcached holds it. */
export interface EncodedValue {
  /** The item's client flags, a 32-bit unsigned integer that memcached keeps and returns. */
  flags: number;
  /** The item's bytes. */
  data: Uint8Array;
}

/** What decoding an item may take, and what it may do with the item. */
export interface DecodeLimits {
  /**
   * The longest value, in bytes, that an item may expand to: the client's own `maxValueBytes`. A transcoder
   * whose values are not longer than their items need not look at it.
   */
  readonly maxValueBytes: number;
  /**
   * `true` when the item's bytes are the transcoder's own, although it borrows: it may change them, and the
   * value may be a view of them. The client says so of large ones, which need no copy then.
   */
  readonly ownsData?: boolean;
}

/**
 * Turns values into flags and bytes, and back. A `Client` uses one for all that it stores. The default is
 * `moecacheTranscoder`; others are `jsonTranscoder`, `rawTranscoder`, `compressed` and, from
 * `@moecache/moecache/formats`, `enyimTranscoder`. The type parameter is the type of the values.
 *
 * `encode` throws a `ValidationException` for a value that it cannot represent; `decode` throws a
 * `ClientException` for an item that it does not read. Either may return a promise. Operations whose
 * values take a promise are sent when it resolves, and may be overtaken by those issued after them.
 *
 * @example JSON under flags 2
 * ```ts
 * import { Client, type Transcoder } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const json: Transcoder = {
 *   encode: (value) => ({ flags: 2, data: new TextEncoder().encode(JSON.stringify(value)) }),
 *   decode: ({ data }) => JSON.parse(new TextDecoder().decode(data)),
 * };
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: json });
 *
 * await client.set("point", { x: 1, y: 2 });
 * assertEquals(await client.get("point"), { x: 1, y: 2 });
 * ```
 */
export interface Transcoder<Value = unknown> {
  /**
   * Turns a value into the flags and bytes that memcached stores. The time that a promise takes is not
   * part of the operation's `timeout`; the same goes for {@linkcode decode}.
   */
  encode(value: Value): EncodedValue | Promise<EncodedValue>;
  /** Turns an item's flags and bytes back into the value. A client passes limits that hold for it. */
  decode(item: EncodedValue, limits?: DecodeLimits): Value | Promise<Value>;
  /**
   * Set this when strings are stored as their plain UTF-8 bytes under one value of the flags. The client then
   * writes strings into its outgoing buffer without calling `encode`, and begins counters, whose text is a
   * number, under these flags instead of 0. It must not be one from 0x6d6f6500 to 0x6d6f65ff, which are
   * reserved for what the client itself stores.
   */
  readonly textFlags?: number;
  /**
   * Set this to every bit that the flags of encoded items may have, if these are known. `compressed` then
   * refuses a `flag` among them when it is made, and not only when it stores the first such value.
   */
  readonly flagBits?: number;
  /**
   * Set this along with `textFlags` when that is true of short strings only: the length, in UTF-16 code
   * units, of the longest one that the client may write without calling `encode`.
   */
  readonly longestText?: number;
  /**
   * Set this to `true` when nobody changes or transfers the bytes that `encode` returned until they have
   * been sent. The client then sends them without a copy of its own.
   */
  readonly handsOverData?: boolean;
  /**
   * Set this to `true` when `decode` has finished with `data` by the time it returns and keeps no
   * view of it. The client then passes a view of its read buffer instead of a copy.
   */
  readonly borrowsData?: boolean;
}
