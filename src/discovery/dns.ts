/** Discovers servers through DNS. @module */

import { SocketError } from "../errors.ts";
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkNames,
  checkTimeout,
  invalidPlace,
  isHostName,
} from "../option_checks.ts";
import type { HostAddress } from "../server_address.ts";
import { type ResolveDns, resolveDns, type SrvRecord } from "../transport/resolve_dns.ts";
import type { TlsOptions } from "../transport/transport.ts";
import type { Discovery } from "./discovery.ts";
import { RecordLookup } from "./record_lookup.ts";

/** The types of address records, by family. */
const ADDRESSES = { 4: ["A"], 6: ["AAAA"], both: ["A", "AAAA"] } as const;

/** The options of {@linkcode dns}. */
export interface DnsOptions {
  /** TCP port of the servers, 1 to 65,535; 11211 by default. SRV records include ports. */
  readonly port?: number | undefined;
  /**
   * Whether the name is a service, such as `"_memcache._tcp.example.com"`, whose SRV records contain host names, ports
   * and weights. Only servers with the lowest priority number are used. `false` by default.
   */
  readonly srv?: boolean | undefined;
  /** Which addresses to ask for: 4 for A records, 6 for AAAA; both by default. */
  readonly family?: 4 | 6 | undefined;
  /** Milliseconds between two look-ups, 1 to 2,147,483,647; 60,000 by default. */
  readonly interval?: number | undefined;
  /** Resolves a name, instead of the runtime's resolver. */
  readonly resolve?: ResolveDns | undefined;
}

/**
 * Discovers the servers behind a DNS name, such as a headless service of Kubernetes: each address is a server. The name
 * is resolved again after `interval`, and soon after a server has failed.
 *
 * The servers' names are IP addresses, `10.0.0.1:11211`, or the host names of SRV records. The list is sorted by name,
 * so that clients agree although DNS returns it in different orders. With TLS, certificates are checked against `name`,
 * or against the host name of the SRV record.
 *
 * If A or AAAA records cannot be resolved, the addresses that they had last stay in the list: removing servers because
 * of a DNS failure would move their keys. If a type has no records any more, its addresses are removed after three
 * look-ups, because Deno's resolver reports a failure of the name server in the same way. A look-up fails when both
 * types fail. The first look-up has no earlier addresses: if one type fails, the client starts without it. So set
 * `family` if the servers have only one type of address. A DNS query without an answer uses up the time limit of the
 * look-up, and the look-up fails.
 *
 * The resolver is `Deno.resolveDns` on Deno and `node:dns` elsewhere. On Cloudflare Workers, with `nodejs_compat`, that
 * asks a public name server. Neither reads the hosts file, and the name must be fully qualified.
 *
 * @param name The name, without a port.
 * @param options The port, the types of records, and how often to look up.
 * @returns The value for `ClientOptions.discovery`.
 * @throws {ValidationException} When the name or an option is invalid.
 *
 * @example A headless service
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { dns } from "@moecache/moecache/discovery";
 *
 * const discovery = dns("memcached.default.svc.cluster.local", { interval: 30_000 });
 * await using client = new Client([], { discovery });
 * ```
 *
 * @example Servers and weights from SRV records
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { dns } from "@moecache/moecache/discovery";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const { hostname, port } = server;
 * const discovery = dns("_memcache._tcp.example.com", {
 *   srv: true,
 *   // Replaces the runtime's resolver in this example.
 *   resolve: () => Promise.resolve([{ target: hostname, port, priority: 0, weight: 1 }]),
 * });
 * await using client = new Client([], { discovery });
 *
 * await client.set("key", "value");
 * assertEquals(client.servers.map(({ name }) => name), [server.address]);
 * ```
 */
export function dns(name: string, options: DnsOptions = {}): Discovery {
  checkNames(options, ["port", "srv", "family", "interval", "resolve"]);
  const { port = 11211, srv = false, family, interval, resolve = resolveDns } = options;
  if (!isHostName(name)) throw invalidPlace("name", name, "a name");
  checkInteger("port", port, 1, 65535);
  checkBoolean("srv", srv);
  if (family !== undefined) checkChoice("family", family, [4, 6]);
  checkFunction("resolve", resolve);
  if (interval !== undefined) checkTimeout("interval", interval);
  const lookup = new RecordLookup(name, srv ? ["SRV"] : ADDRESSES[family ?? "both"], resolve);
  return {
    name,
    ...(interval === undefined ? {} : { interval }),
    async lookUp({ signal, tls }) {
      const records = await lookup.lookUp(signal);
      const servers = srv
        ? preferred(records.map(checkSrv)).map(fromSrv)
        : records.map((record) => fromAddress(record, { port, name, tls }));
      return { servers: inOrder(servers) };
    },
  };
}

function fromAddress(
  record: string | SrvRecord,
  { port, name, tls }: { port: number; name: string; tls: TlsOptions | undefined },
): HostAddress {
  if (typeof record !== "string") throw new SocketError("an address record holds no address");
  const address = { hostname: record, port };
  return tls === undefined
    ? address
    : { ...address, tls: { serverName: withoutFinalDot(name), ...tls } };
}

/** The name without the dot that an absolute name may end with: neither certificates nor lists of servers have it. */
function withoutFinalDot(name: string): string {
  return name.replace(/\.$/, "");
}

function checkSrv(record: string | SrvRecord): SrvRecord {
  const { target, port, priority, weight } = Object(record) as SrvRecord;
  const isWhole = typeof target === "string" &&
    [port, priority, weight].every((number) => Number.isInteger(number) && number >= 0);
  if (!isWhole) throw new SocketError("an SRV record has no target, port, priority and weight");
  // RFC 2782: a record whose target is the root means that the service does not exist.
  if (/^\.?$/.test(target)) {
    throw new SocketError("its SRV record says that there is no such service");
  }
  return { target: withoutFinalDot(target), port, priority, weight };
}

/** The records with the lowest priority number. The others are only backups. */
function preferred(records: readonly SrvRecord[]): SrvRecord[] {
  const lowest = Math.min(...records.map(({ priority }) => priority));
  return records.filter(({ priority }) => priority === lowest);
}

function fromSrv({ target, port, weight }: SrvRecord, _: number, all: SrvRecord[]): HostAddress {
  // Equal weights are dropped: name servers often give every record the same weight, such as 100.
  const isEven = all.every((other) => other.weight === weight);
  return { hostname: target, port, weight: isEven ? 1 : Math.max(weight, 1) };
}

/** The servers without duplicates, sorted by name. */
function inOrder(servers: readonly HostAddress[]): HostAddress[] {
  const byName = new Map(servers.map((server) => [`${server.hostname} ${server.port}`, server]));
  return Array.from(byName.keys()).sort().map((name) => byName.get(name)!);
}
