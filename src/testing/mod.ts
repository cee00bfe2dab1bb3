/**
 * A memcached inside the test's process, so that tests and demos need no separate server.
 *
 * {@linkcode MemcachedServer} replies as memcached 1.6.18 does, including its error lines, and reports the version
 * `1.6.18-moecache`. It supports
 *
 * - the text commands `get`, `gets`, `bget`, `gat`, `gats`, `set`, `add`, `replace`, `append`, `prepend`,
 *   `cas`, `delete`, `incr`, `decr`, `touch`, `flush_all`, `cache_memlimit`, `version`, `verbosity`, `stats`
 *   (with `items`, `slabs`, `settings`, `conns`, `detail`, `cachedump` and `reset`) and `quit`;
 * - the meta commands `mg`, `ms`, `md`, `ma`, `mn` and `me` with every flag of that version, including leases, stale
 *   items, base64 keys, opaques and quiet mode;
 * - `lru_crawler metadump`, which lists all keys, and the subcommands of `lru_crawler` that make sense without a
 *   crawler;
 * - `watch`, which turns a connection into a log of lookups, stores, evictions and connections.
 *
 * It has memcached's limits: keys of 250 bytes, items of 1 MiB and a memory limit of 64 MiB, beyond which the least
 * recently used item is evicted. The memory limit applies to the memory that the process really uses for items.
 *
 * Options change its behaviour:
 *
 * | option | |
 * | --- | --- |
 * | `fault` | injects faults: refuses, waits, closes the connection, or replaces a part of a reply |
 * | `imitate` | has only the commands and replies of an older memcached, or of twemproxy |
 * | `auth` | requires authentication, as memcached does with `-Y`, or as MemCachier does |
 * | `cluster` | lists the servers of a cluster in reply to `config get cluster`, as ElastiCache and Memorystore do |
 * | `memoryLimit`, `maxItemSize`, `evictions`, `maxConnections`, `idleTimeout` | memcached's `-m`, `-I`, `-M`, `-c` and `-o idle_timeout` |
 * | `now` | its clock, so that a test need not wait |
 *
 * {@linkcode deadBackend} makes a hook for `fault` that replies as a proxy does when it cannot reach a server.
 *
 * @example Testing against memcached without one
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen({ port: 0 });
 * await using client = new Client(server.address);
 *
 * await client.set("greeting", "hello");
 * assertEquals(await client.get("greeting"), "hello");
 * ```
 *
 * @module
 */

export type { Credentials } from "../protocol/credentials.ts";
export type { ImitatedServer } from "./dialect.ts";
export {
  deadBackend,
  type DeadKeys,
  type Fault,
  type FaultHook,
  type FaultRequest,
} from "./faults.ts";
export type { AuthDialect } from "./gatekeeper.ts";
export { MemcachedServer } from "./server.ts";
export type { ServerConnection, ServerListener, SocketAddress } from "./server_connection.ts";
export type { ListenOptions, MemcachedServerOptions } from "./server_options.ts";
