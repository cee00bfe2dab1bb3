/**
 * Value formats of other clients, for programs that share a memcached deployment with them. Python moecache's format,
 * JSON and plain bytes are in the main entry.
 *
 * @example Values that C# reads and writes with EnyimMemcached
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyimTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: enyimTranscoder });
 *
 * await client.set("visits", 5); // an Int32 in C#
 * assertEquals(await client.get("visits"), 5);
 * ```
 *
 * @module
 */

export {
  type DateTimeKind,
  type DotNetFractionType,
  type DotNetIntegerType,
  type DotNetType,
  DotNetValue,
} from "./enyim/dot_net_types.ts";
export {
  type EnyimTranscoder,
  enyimTranscoder,
  type EnyimTranscoderOptions,
} from "./enyim_transcoder.ts";
export {
  type BmemcachedTranscoder,
  bmemcachedTranscoder,
  type BmemcachedTranscoderOptions,
} from "./formats/bmemcached.ts";
export {
  type EnyimCoreTranscoder,
  enyimCoreTranscoder,
  type EnyimCoreTranscoderOptions,
} from "./formats/enyim_core.ts";
export {
  type MemcacheClientTranscoder,
  memcacheClientTranscoder,
  type MemcacheClientTranscoderOptions,
} from "./formats/memcache_client.ts";
export { type MemjsTranscoder, memjsTranscoder } from "./formats/memjs.ts";
export { type NpmMemcacheTranscoder, npmMemcacheTranscoder } from "./formats/npm_memcache.ts";
export { type NpmMemcachedTranscoder, npmMemcachedTranscoder } from "./formats/npm_memcached.ts";
export {
  type PylibmcTranscoder,
  pylibmcTranscoder,
  type PylibmcTranscoderOptions,
} from "./formats/pylibmc.ts";
export {
  type PymemcacheEncoding,
  type PymemcacheTranscoder,
  pymemcacheTranscoder,
  type PymemcacheTranscoderOptions,
} from "./formats/pymemcache.ts";
export {
  type PythonMemcachedTranscoder,
  pythonMemcachedTranscoder,
  type PythonMemcachedTranscoderOptions,
} from "./formats/python_memcached.ts";
export type { PythonPickleOptions, PythonPickleProtocol } from "./formats/python_values.ts";
