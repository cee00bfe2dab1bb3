/**
 * The value formats of spymemcached, Java's memcached client.
 *
 * @example A value that Java wrote
 * ```ts
 * import { spymemcachedTranscoder } from "@moecache/moecache/formats/java";
 * import { assertEquals } from "@std/assert";
 *
 * const item = { flags: 512, data: Uint8Array.of(1, 44) }; // Integer.valueOf(300)
 * assertEquals(await spymemcachedTranscoder.decode(item), 300);
 * ```
 *
 * @module
 */

export {
  type SpymemcachedKind,
  type SpymemcachedTranscoder,
  spymemcachedTranscoder,
  type SpymemcachedTranscoderOptions,
} from "./spymemcached_transcoder.ts";
