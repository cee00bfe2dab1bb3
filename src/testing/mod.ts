/**
 * An in-process memcached for tests and demos.
 *
 * {@linkcode MemcachedServer} answers as memcached 1.6.18 does, its error lines included, and calls
 * itself `1.6.18-moecache`. It speaks
 *
 * - the text commands `get`, `gets`, `gat`, `gats`, `set`, `add`, `replace`, `append`, `prepend`,
 *   `cas`, `delete`, `incr`, `decr`, `touch`, `flush_all`, `version`, `verbosity`, `stats` and `quit`;
 * - the meta commands `mg`, `ms`, `md`, `ma`, `mn` and `me` with every flag of that version: leases,
 *   stale items, base64 keys, opaques and quiet mode among them, and no flag that came later;
 * - `lru_crawler metadump`, which lists all keys, and as much of `lru_crawler` as makes sense without
 *   a crawler;
 * - `watch`, which turns a connection into a log of lookups, stores, evictions and connections.
 *
 * With the option `cluster` it tells the servers of a cluster with `config get cluster`, as ElastiCache and
 * Memorystore do.
 *
 * With the option `auth` it demands authentication, as memcached does with `-Y`.
 *
 * It keeps memcached's limits: keys of 250 bytes, items of 1 MiB and a memory limit beyond which the
 * item used longest ago goes.
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
export { type ListenOptions, MemcachedServer, type MemcachedServerOptions } from "./server.ts";
export type { ServerConnection, ServerListener, SocketAddress } from "./server_connection.ts";
