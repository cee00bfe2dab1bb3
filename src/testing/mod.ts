/**
 * An in-process memcached for tests and demos.
 *
 * {@linkcode MemcachedServer} answers as memcached 1.6.18 does, its error lines included, and calls
 * itself `1.6.18-moecache`. It speaks
 *
 * - the text commands `get`, `gets`, `bget`, `gat`, `gats`, `set`, `add`, `replace`, `append`, `prepend`,
 *   `cas`, `delete`, `incr`, `decr`, `touch`, `flush_all`, `cache_memlimit`, `version`, `verbosity`, `stats`
 *   (with `items`, `slabs`, `settings`, `conns`, `detail`, `cachedump` and `reset`) and `quit`;
 * - the meta commands `mg`, `ms`, `md`, `ma`, `mn` and `me` with every flag of that version: leases,
 *   stale items, base64 keys, opaques and quiet mode among them, and no flag that came later;
 * - `lru_crawler metadump`, which lists all keys, and as much of `lru_crawler` as makes sense without
 *   a crawler;
 * - `watch`, which turns a connection into a log of lookups, stores, evictions and connections.
 *
 * It keeps memcached's limits: keys of 250 bytes, items of 1 MiB and a memory limit of 64 MiB, beyond which the
 * item used longest ago goes. What items take is what the process takes for them: a limit is a limit of memory.
 *
 * Options make it another server:
 *
 * | option | |
 * | --- | --- |
 * | `fault` | fails as a test wants it to: refuses, waits, ends the connection, or answers something else inside a reply |
 * | `imitate` | knows only what an older memcached or twemproxy knows, and says it as they do |
 * | `auth` | demands authentication, as memcached does with `-Y`, or as MemCachier does |
 * | `cluster` | names the servers of a cluster with `config get cluster`, as ElastiCache and Memorystore do |
 * | `memoryLimit`, `maxItemSize`, `evictions`, `maxConnections`, `idleTimeout` | memcached's `-m`, `-I`, `-M`, `-c` and `-o idle_timeout` |
 * | `now` | its clock, so that a test need not wait |
 *
 * {@linkcode deadBackend} makes the hook for `fault` that answers as a proxy does which cannot reach a server.
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
