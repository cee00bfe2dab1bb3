/**
 * The value formats of dalli, Ruby's memcached client, and of the cache of Rails, which uses it.
 *
 * @example A value that Ruby wrote
 * ```ts
 * import { dalliTranscoder } from "@moecache/moecache/formats/dalli";
 * import { assertEquals } from "@std/assert";
 *
 * const data = Uint8Array.of(4, 8, 0x5b, 7, 0x54, 0x69, 6); // Marshal.dump([true, 1])
 * assertEquals(await dalliTranscoder.decode({ flags: 1, data }), [true, 1]);
 * ```
 *
 * @module
 */

export {
  type DalliTranscoder,
  dalliTranscoder,
  type DalliTranscoderOptions,
} from "./dalli_transcoder.ts";
export {
  type RailsTranscoder,
  railsTranscoder,
  type RailsTranscoderOptions,
} from "./rails_transcoder.ts";
