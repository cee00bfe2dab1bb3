/**
 * Views of a client: functions that take commands on keys and return commands on keys. They compose, and a program
 * that does not import them does not pay for them.
 *
 * | view | what it adds |
 * | --- | --- |
 * | {@linkcode nearCache} | the hottest values in this process, with a bound on their age |
 * | {@linkcode largeValues} | values beyond memcached's item limit, and streams |
 * | {@linkcode spread} | hot keys on several servers |
 * | {@linkcode replicas} | several fleets with the same values |
 * | {@linkcode tagged} | values that are invalidated by tag |
 * | {@linkcode hashedKeys} | any string as a key |
 * | {@linkcode typed} | values checked against a schema |
 *
 * @example Two views together
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { hashedKeys, tagged } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const pages = tagged(hashedKeys(client));
 * await pages.set("https://example.com/a page", "<h1>Hello</h1>", 60, { tags: ["menu"] });
 * await pages.invalidateTag("menu");
 * assertEquals(await pages.get("https://example.com/a page"), undefined);
 * ```
 *
 * @module
 */

export { hashedKeys, type HashedKeysOptions } from "./hashed_keys.ts";
export type { KeyHash } from "./key_hash.ts";
export { type LargeValueCommands, largeValues, type LargeValuesOptions } from "./large_values.ts";
export { nearCache, type NearCacheCommands, type NearCacheOptions } from "./near_cache.ts";
export { type ReplicaCommands, replicas, type ReplicasOptions } from "./replicas.ts";
export { type ReplicaEvents, ReplicaFailure } from "./replicas/replica_events.ts";
export { spread, type SpreadOptions } from "./spread.ts";
export { tagged, type TaggedCommands, type TaggedOptions, type TagOptions } from "./tagged.ts";
export {
  type Schema,
  type SchemaIssue,
  type SchemaResult,
  typed,
  type TypedCommands,
  type TypedOptions,
} from "./typed.ts";
