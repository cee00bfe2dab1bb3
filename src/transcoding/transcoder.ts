/** The interface of transcoders, which convert values to items and back. @module */

/** A value as memcached stores it. */
export interface EncodedValue {
  /** The item's client flags, a 32-bit unsigned integer that memcached keeps and returns. */
  flags: number;
  /** The item's bytes. */
  data: Uint8Array;
}

/** The limits for decoding an item, and whether its bytes may be kept. */
export interface DecodeLimits {
  /**
   * The maximum length, in bytes, that an item may expand to: the client's `maxValueBytes`. A transcoder that does not
   * expand items can ignore it.
   */
  readonly maxValueBytes: number;
  /**
   * `true` when the transcoder may keep and change the bytes although it has `borrowsData`: the value may then be a
   * view of them. The client sets this for large values, which need no copy then.
   */
  readonly ownsData?: boolean;
}

/**
 * Converts values to flags and bytes, and back. A `Client` uses one transcoder for all values. The default is
 * `moecacheTranscoder`; others are `jsonTranscoder`, `rawTranscoder`, `compressed` and, from
 * `@moecache/moecache/formats`, those of other clients. The type parameter is the type of the values.
 *
 * `encode` throws a `ValidationException` for a value that it cannot represent. `decode` throws a `ClientException` for
 * an item that it cannot read. The client adds the key to the message. Anything else that they throw becomes the `cause`
 * of such an error, which names the command and the key. Either may return a promise. The operation is then sent when the promise resolves, and
 * later operations may be sent before it.
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
   * Converts a value to the flags and bytes that memcached stores. The time that a promise takes counts towards the
   * operation's `timeout`; so does that of {@linkcode decode}.
   */
  encode(value: Value): EncodedValue | Promise<EncodedValue>;
  /** Converts an item's flags and bytes to the value. A client passes its limits. */
  decode(item: EncodedValue, limits?: DecodeLimits): Value | Promise<Value>;
  /**
   * Set this to the flags of strings, if strings are stored as their plain UTF-8 bytes. The client then writes strings
   * directly into its send buffer without calling `encode`, and counters begin with these flags instead of 0. Flags
   * from 0x6d6f6500 to 0x6d6f65ff are reserved for the client.
   */
  readonly textFlags?: number;
  /**
   * Set this to all bits that the flags of encoded items may have, if they are known. `compressed` then refuses a
   * `flag` among them at once, and not only when it stores the first such value.
   */
  readonly flagBits?: number;
  /**
   * Set this together with `textFlags` if only short strings are stored as plain UTF-8: the maximum length, in UTF-16
   * code units, of a string that the client may write without calling `encode`.
   */
  readonly longestText?: number;
  /**
   * Set this to `true` if the bytes that `encode` returned are not changed or transferred before they have been sent.
   * The client then sends them without a copy.
   */
  readonly handsOverData?: boolean;
  /**
   * Set this to `true` if `decode` is finished with `data` when it returns, and keeps no view of it. The client then
   * passes a view of its read buffer instead of a copy.
   */
  readonly borrowsData?: boolean;
  /**
   * Returns the memory that the bytes of a long item are read into, of exactly `byteLength` bytes; a new buffer is used
   * for `undefined`, or another length. It is called only for an item that does not arrive in one piece. `decode` gets
   * this memory as `data` if the transcoder also has `borrowsData`, or if the memory is a whole `ArrayBuffer`; it gets
   * a copy otherwise. An operation that has failed may still write to it.
   */
  readonly place?: ((byteLength: number) => Uint8Array<ArrayBuffer> | undefined) | undefined;
}
