/**
 * Finds the list of servers: in environment variables, through ElastiCache's and Memorystore's configuration endpoint,
 * or through DNS. The last two are for `ClientOptions.discovery`.
 *
 * @example The servers behind a DNS name
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { dns } from "@moecache/moecache/discovery";
 *
 * await using client = new Client([], { discovery: dns("memcached.example.com") });
 * ```
 *
 * @module
 */

export type { DiscoveredServers, Discovery, DiscoveryContext } from "./discovery.ts";
export { dns, type DnsOptions } from "./dns.ts";
export { type Environment, serversFromEnv } from "./servers_from_env.ts";
export { elastiCache, type ElastiCacheOptions } from "./elasti_cache.ts";
export type { DnsRecordType, ResolveDns, SrvRecord } from "../transport/resolve_dns.ts";
