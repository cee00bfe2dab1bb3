/**
 * A memcached client for Deno, Bun, Node and edge workers. By default it chooses the same server for every key, and
 * stores strings with the same bytes and flags, as the Python library moecache and as EnyimMemcached.
 *
 * @example Storing, reading and deleting
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 *
 * await using server = await MemcachedServer.listen(); // or a real memcached
 * await using client = new Client(server.address, { timeout: 1000 });
 *
 * await client.set("user:1", { name: "Ada" }, 60); // expires in 60 seconds
 * console.log(await client.get("user:1")); // { name: "Ada" }
 * console.log(await client.get("user:2")); // undefined: there is no such key
 * console.log(await client.delete("user:1")); // true: it existed
 * ```
 *
 * @module
 */

export { BareClient } from "./src/bare_client.ts";
export type { ClientMetrics } from "./src/channel_contexts.ts";
export { Client } from "./src/client.ts";
export type { BareClientOptions, ClientOptions, Failover, Gutter } from "./src/client_options.ts";
export type { BareKeyCommands } from "./src/commands/bare_key_commands.ts";
export type { KeyCommands } from "./src/commands/key_commands.ts";
export type {
  CounterOptions,
  GetOrSetOptions,
  InvalidateOptions,
  OperationOptions,
  UpdateOptions,
} from "./src/commands/operation_options.ts";
export {
  ClientException,
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  SocketError,
  TimeoutError,
  ValidationException,
} from "./src/errors.ts";
export type { Discovery } from "./src/discovery/discovery.ts";
export type { ItemsOptions } from "./src/features/items.ts";
export { Namespace } from "./src/features/namespace.ts";
export type { FlushOptions } from "./src/features/server_commands.ts";
export type { WatchStream } from "./src/features/watch.ts";
export { CHANNELS } from "./src/observation.ts";
export type { ServerControl } from "./src/fleet/server_control.ts";
export { ServerEvent } from "./src/fleet/server_event.ts";
export type { ServerStatus } from "./src/fleet/status.ts";
export type { KeyExplanation, KeyLocation } from "./src/routing/locator.ts";
export type { Credentials } from "./src/protocol/credentials.ts";
export type { ItemInfo, MetaReply, MetaVerb } from "./src/protocol/commands/meta.ts";
export type { ItemMetadata } from "./src/protocol/commands/metadump.ts";
export type { Stats } from "./src/protocol/commands/stats.ts";
export type { CasOutcome } from "./src/protocol/commands/storage.ts";
export type { WatchEvent, WatchKind } from "./src/protocol/commands/watch.ts";
export type { KeyFormat } from "./src/protocol/key_format.ts";
export type { Exptime } from "./src/protocol/exptime.ts";
export type { Locator, LocatorFactory, Server } from "./src/routing/locator.ts";
export { moecacheRing } from "./src/routing/moecache_ring.ts";
export type { HostAddress, PathAddress, ServerAddress } from "./src/server_address.ts";
export { compressed, type CompressionOptions } from "./src/transcoding/compressed.ts";
export type { CompressedFormat } from "./src/transcoding/compression.ts";
export {
  type JsonTranscoder,
  jsonTranscoder,
  type JsonTranscoderOptions,
} from "./src/transcoding/json_transcoder.ts";
export {
  type MoecacheTranscoder,
  moecacheTranscoder,
  type MoecacheTranscoderOptions,
} from "./src/transcoding/moecache_transcoder.ts";
export { Complex } from "./src/transcoding/complex.ts";
export { frozenSet, tuple } from "./src/transcoding/pickle/containers.ts";
export {
  type RawTranscoder,
  rawTranscoder,
  type RawTranscoderOptions,
} from "./src/transcoding/raw_transcoder.ts";
export type { DecodeLimits, EncodedValue, Transcoder } from "./src/transcoding/transcoder.ts";
export type {
  Dial,
  DialOptions,
  Endpoint,
  Receiver,
  TlsOptions,
  Transport,
} from "./src/transport/transport.ts";
export type { Clock } from "./src/waiting.ts";
