/**
 * The value formats of PHP's two memcached clients: `Memcached` (php-memcached) and `Memcache` (pecl/memcache).
 *
 * @example A value that PHP wrote
 * ```ts
 * import { phpMemcachedTranscoder } from "@moecache/moecache/formats/php";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new TextEncoder().encode('a:1:{s:2:"id";i:7;}'); // serialize(["id" => 7])
 * assertEquals(await phpMemcachedTranscoder.decode({ flags: 4, data }), { id: 7 });
 * ```
 *
 * @module
 */

export {
  type PhpMemcachedTranscoder,
  phpMemcachedTranscoder,
  type PhpMemcachedTranscoderOptions,
  type PhpSerializer,
} from "./php_memcached_transcoder.ts";
export type { PhpCompression } from "./php_compression.ts";
export {
  type PhpMemcacheTranscoder,
  phpMemcacheTranscoder,
  type PhpMemcacheTranscoderOptions,
} from "./php_memcache_transcoder.ts";
