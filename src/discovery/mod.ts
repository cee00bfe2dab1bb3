/**
 * Where the list of servers comes from, for `ClientOptions.discovery`: ElastiCache's and Memorystore's
 * configuration endpoint, or DNS.
 *
 * @example Servers that a name in DNS stands for
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
export { elastiCache, type ElastiCacheOptions } from "./elasti_cache.ts";
export type { DnsRecordType, ResolveDns, SrvRecord } from "../transport/resolve_dns.ts";
