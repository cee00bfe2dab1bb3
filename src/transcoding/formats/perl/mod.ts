/**
 * The value format of Perl's memcached clients, Cache::Memcached and Cache::Memcached::Fast.
 *
 * @example A value that Perl wrote
 * ```ts
 * import { perlMemcachedTranscoder } from "@moecache/moecache/formats/perl";
 * import { assertEquals } from "@std/assert";
 *
 * const data = Uint8Array.of(5, 11, 2, 0, 0, 0, 1, 8, 0x81); // nfreeze([1])
 * assertEquals(await perlMemcachedTranscoder.decode({ flags: 1, data }), [1]);
 * ```
 *
 * @module
 */

export {
  type PerlMemcachedTranscoder,
  perlMemcachedTranscoder,
  type PerlMemcachedTranscoderOptions,
} from "./perl_memcached_transcoder.ts";
