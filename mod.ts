/**
 * A memcached client for Deno, Bun, Node and edge workers. It shares a deployment with the Python
 * library moecache and with EnyimMemcached: the same server for every key, the same bytes and flags for
 * every string.
 *
 * @example Storing, reading and deleting
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 *
 * await using server = await MemcachedServer.listen(); // or a real memcached
 * await using client = new Client([server.address], { timeout: 1000, connectTimeout: 5000 });
 *
 * await client.set("some_key", "Some value");
 * const value = await client.get("some_key");
 * await client.delete("another_key");
 * ```
 *
 * @module
 */

export { BareClient, Client, type FlushOptions, type ItemsOptions } from "./src/client.ts";
export type {
  BareClientOptions,
  ClientOptions,
  CounterOptions,
  Failover,
  Gutter,
  OperationOptions,
} from "./src/client_options.ts";
export type { DiscoveredServers, Discovery, DiscoveryContext } from "./src/discovery/discovery.ts";
export { dns, type DnsOptions } from "./src/discovery/dns.ts";
export { elastiCache, type ElastiCacheOptions } from "./src/discovery/elasti_cache.ts";
export {
  ClientException,
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  SocketError,
  type SocketErrorOptions,
  TimeoutError,
  ValidationException,
} from "./src/errors.ts";
export { CountingCommands } from "./src/counting_commands.ts";
export type { GetOrSetOptions, Load } from "./src/get_or_set.ts";
export { type InvalidateOptions, LeasingCommands } from "./src/leasing_commands.ts";
export type { ItemMetadata } from "./src/protocol/commands/metadump.ts";
export { Namespace } from "./src/namespace.ts";
export type { ItemInfo, MetaReply, MetaStatus, MetaVerb } from "./src/protocol/commands/meta.ts";
export type { CasOutcome } from "./src/protocol/commands/storage.ts";
export type {
  ConnectionClosedEvent,
  ConnectionOpenedEvent,
  EventOrigin,
  EvictionEvent,
  ItemGetEvent,
  ItemStoreEvent,
  OtherEvent,
  SkippedEvent,
  WatchEvent,
  WatchKind,
} from "./src/protocol/commands/watch.ts";
export { ReadingCommands } from "./src/reading_commands.ts";
export { StoringCommands } from "./src/storing_commands.ts";
export type { Credentials } from "./src/protocol/commands/authentication.ts";
export type { Stats } from "./src/protocol/commands/stats.ts";
export type { Exptime } from "./src/protocol/exptime.ts";
export type { KeyLocation } from "./src/key_location.ts";
export { crc32Modulo } from "./src/routing/crc32_modulo.ts";
export { dalliRing } from "./src/routing/dalli_ring.ts";
export { enyimCoreRing, type EnyimCoreRingOptions } from "./src/routing/enyim_core_ring.ts";
export { enyimKetama } from "./src/routing/enyim_ketama.ts";
export type { EnyimLabel } from "./src/routing/enyim_label.ts";
export type { KeyHash } from "./src/routing/hashes/key_hash.ts";
export { ketama, type KetamaOptions } from "./src/routing/ketama.ts";
export { libmemcachedRing, type LibmemcachedRingOptions } from "./src/routing/libmemcached_ring.ts";
export type {
  Explanation,
  Locator,
  LocatorFactory,
  RingPoint,
  Server,
} from "./src/routing/locator.ts";
export { memjsModulo } from "./src/routing/memjs_modulo.ts";
export { migrate, type Placement } from "./src/routing/migrate.ts";
export { modula, type ModulaOptions } from "./src/routing/modula.ts";
export { moecacheRing, type MoecacheRingOptions } from "./src/routing/moecache_ring.ts";
export {
  npmMemcacheModula,
  type NpmMemcacheModulaOptions,
} from "./src/routing/npm_memcache_modula.ts";
export { npmMemcacheRing, type NpmMemcacheRingOptions } from "./src/routing/npm_memcache_ring.ts";
export type { NpmMemcacheHash } from "./src/routing/npm_memcache_hash.ts";
export { rendezvous } from "./src/routing/rendezvous.ts";
export { twemproxyModula, type TwemproxyModulaOptions } from "./src/routing/twemproxy_modula.ts";
export type { HostAddress, PathAddress, ServerAddress } from "./src/server_address.ts";
export { ServerEvent, type ServerEventListener } from "./src/server_event.ts";
export type { ServerState } from "./src/connection/server_node.ts";
export type { ServerStatus } from "./src/server_status.ts";
export type { DnsRecordType, ResolveDns, SrvRecord } from "./src/transport/resolve_dns.ts";
export type {
  Dial,
  DialOptions,
  Endpoint,
  Receiver,
  TlsOptions,
  Transport,
} from "./src/transport/transport.ts";
export type { DecodeLimits, EncodedValue, Transcoder } from "./src/transcoding/transcoder.ts";
export { compressed, type CompressionOptions } from "./src/transcoding/compressed.ts";
export type { CompressedFormat } from "./src/transcoding/compression.ts";
export {
  type DateTimeKind,
  type DotNetFractionType,
  type DotNetIntegerType,
  type DotNetType,
  DotNetValue,
} from "./src/transcoding/enyim/dot_net_types.ts";
export {
  type EnyimTranscoder,
  enyimTranscoder,
  type EnyimTranscoderOptions,
} from "./src/transcoding/enyim_transcoder.ts";
export {
  type JsonTranscoder,
  jsonTranscoder,
  type JsonTranscoderOptions,
} from "./src/transcoding/json_transcoder.ts";
export {
  type RawTranscoder,
  rawTranscoder,
  type RawTranscoderOptions,
} from "./src/transcoding/raw_transcoder.ts";
export {
  type MoecacheTranscoder,
  moecacheTranscoder,
  type MoecacheTranscoderOptions,
} from "./src/transcoding/moecache_transcoder.ts";
export type { WatchStream } from "./src/watch_stream.ts";
export type { Change, UpdateOptions } from "./src/update.ts";
export { Complex, frozenSet, tuple } from "./src/transcoding/pickle/python_types.ts";
