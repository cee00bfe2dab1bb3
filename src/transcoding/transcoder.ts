/** What the client does with values on their way to and from memcached. @module */

/** A value as memcached holds it. */
export interface EncodedValue {
  /** The item's client flags, a 32-bit unsigned integer that memcached keeps and returns. */
  flags: number;
  /** The item's bytes. */
  data: Uint8Array;
}

/**
 * Turns values into flags and bytes, and back. A `Client` uses one for all it stores; the default is
 * `moecacheTranscoder`.
 *
 * `encode` throws a `ValidationException` for a value that it cannot represent; `decode` throws a
 * `ClientException` for an item that it does not read. Either may return a promise.
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
export interface Transcoder {
  /**
   * Turns a value into the flags and bytes that memcached stores. The time that a promise takes is not
   * part of the operation's `timeout`; the same goes for {@linkcode decode}.
   */
  encode(value: unknown): EncodedValue | Promise<EncodedValue>;
  /** Turns an item's flags and bytes back into the value. */
  decode(item: EncodedValue): unknown;
  /**
   * Set this when strings are stored as their plain UTF-8 bytes under one value of the flags. The
   * client then writes strings into its outgoing buffer without asking `encode`.
   */
  readonly textFlags?: number;
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
