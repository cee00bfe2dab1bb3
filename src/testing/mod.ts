/**
 * An in-process memcached for tests and demos.
 *
 * {@linkcode MemcachedServer} answers the classic text commands (`get`, `gets`, `gat`, `gats`, `set`,
 * `add`, `replace`, `append`, `prepend`, `cas`, `delete`, `incr`, `decr`, `touch`, `flush_all`,
 * `version`, `verbosity`, `stats` and `quit`) as memcached 1.6.18 does, its error lines included,
 * and calls itself `1.6.18-moecache`. It keeps memcached's limits: keys of 250 bytes, items of 1 MiB
 * and a memory limit beyond which the item used longest ago goes.
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

export {
  type ListenOptions,
  MemcachedServer,
  type MemcachedServerOptions,
  type ServerConnection,
  type ServerListener,
  type SocketAddress,
} from "./server.ts";
