/**
 * Finds the list of servers, through ElastiCache's and Memorystore's configuration endpoint or through DNS: for
 * `ClientOptions.discovery`.
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
export { elastiCache, type ElastiCacheOptions } from "./elasti_cache.ts";
export type { DnsRecordType, ResolveDns, SrvRecord } from "../transport/resolve_dns.ts";
