/**
 * The client options of whole stacks: the ring, the format of values and that of keys.
 *
 * @example A client that shares a cache with Django
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { django } from "@moecache/moecache/stacks";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { ...django(), timeout: 1000 });
 * await client.set("user:1", { name: "Ada" });
 * ```
 *
 * @module
 */

export type { DjangoKeysOptions } from "../keys/django_keys.ts";
export type { EnyimKeysOptions } from "../keys/enyim_keys.ts";
export type { EnyimCoreRingOptions } from "../routing/enyim_core_ring.ts";
export type { KeyHash } from "../routing/hashes/key_hash.ts";
export type { SpymemcachedHash } from "../routing/spymemcached_hash.ts";
export type { SpymemcachedKetamaOptions } from "../routing/spymemcached_ketama.ts";
export type {
  DateTimeKind,
  DotNetFractionType,
  DotNetIntegerType,
} from "../transcoding/enyim/dot_net_types.ts";
export type { EnyimTranscoderOptions } from "../transcoding/enyim_transcoder.ts";
export type { RailsTranscoderOptions } from "../transcoding/formats/dalli/rails_transcoder.ts";
export type { EnyimCoreTranscoderOptions } from "../transcoding/formats/enyim_core.ts";
export type {
  SpymemcachedKind,
  SpymemcachedTranscoderOptions,
} from "../transcoding/formats/java/spymemcached_transcoder.ts";
export type { PhpCompression } from "../transcoding/formats/php/php_compression.ts";
export type {
  PhpMemcachedTranscoderOptions,
  PhpSerializer,
} from "../transcoding/formats/php/php_memcached_transcoder.ts";
export type { RailsKeysOptions } from "../keys/rails_keys.ts";
export {
  django,
  djangoPylibmc,
  type DjangoPylibmcOptions,
  djangoPythonMemcached,
} from "./django.ts";
export {
  enyim,
  enyimCore,
  type EnyimCoreOptions,
  type EnyimOptions,
  type EnyimStack,
} from "./enyim.ts";
export type { LibmemcachedDistributionOptions } from "./libmemcached_locator.ts";
export { php, type PhpOptions } from "./php.ts";
export { rails, type RailsOptions } from "./rails.ts";
export { spring, type SpringOptions } from "./spring.ts";
