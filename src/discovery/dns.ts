/** Servers that a name stands for. @module */

import { SocketError } from "../errors.ts";
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkNames,
  invalidOption,
  isHostName,
} from "../option_checks.ts";
import type { HostAddress } from "../server_address.ts";
import { type ResolveDns, resolveDns, type SrvRecord } from "../transport/resolve_dns.ts";
import type { TlsOptions } from "../transport/transport.ts";
import type { Discovery } from "./discovery.ts";
import { RecordLookup } from "./record_lookup.ts";

/** The kinds of records that hold addresses, by family. */
const ADDRESSES = { 4: ["A"], 6: ["AAAA"], both: ["A", "AAAA"] } as const;

/** How {@linkcode dns} goes about it. */
export interface DnsOptions {
  /** TCP port of the servers, 1 to 65,535; 11211 unless given. SRV records bring their own. */
  readonly port?: number;
  /**
   * Whether the name is that of a service, `"_memcache._tcp.example.com"`, whose SRV records tell host names,
   * ports and weights. Only servers of the lowest priority number are taken. `false` unless given.
   */
  readonly srv?: boolean;
  /** Which addresses to ask for: 4 for A records, 6 for AAAA; both unless given. */
  readonly family?: 4 | 6;
  /** Milliseconds between two look-ups, 1 to 2,147,483,647; 60,000 unless given. */
  readonly interval?: number;
  /** Asks the domain name system, in place of the runtime's own resolver. */
  readonly resolve?: ResolveDns;
}

/**
 * Discovers the servers that a name of the domain name system stands for, as with a headless service of
 * Kubernetes: each of its addresses is a server. It is resolved again after `interval`, and soon after a
 * server has failed.
 *
 * Servers are named by IP address, `10.0.0.1:11211`, and those of SRV records by host name; they come in the
 * order of their names, so that clients which are told them in another order agree. Where TLS is spoken,
 * certificates are checked against `name`, or the host name of the SRV record.
 *
 * Where one of A and AAAA records cannot be had, the other's addresses do, together with those that the first
 * had when it could be had last: servers that left the list for a failure's sake would take their keys with
 * them. A family that has no addresses any more keeps them too, until three look-ups have found so, since
 * Deno's resolver tells a name server's failure from there being none no better. A look-up fails when neither
 * can be had. The first look-up has nothing to keep: with one family failing it begins without it, so give
 * `family` where the servers have addresses of one only. A question that gets no answer at all takes the
 * look-up's whole time, and fails it.
 *
 * The runtime's resolver is `Deno.resolveDns` on Deno and `node:dns` elsewhere, Cloudflare's workers included
 * with `nodejs_compat`, which ask a public name server. Neither reads the hosts file, and the name is to be given
 * in full.
 *
 * @param name The name, without a port.
 * @param options Ports, kinds of records, and how often to ask.
 * @returns What goes into `ClientOptions.discovery`.
 * @throws {ValidationException} When the name is none, or an option is invalid.
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
 *   // Instead of the runtime's resolver, for this example.
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
  if (!isHostName(name)) throw invalidOption("name", name, "a name");
  checkInteger("port", port, 1, 65535);
  checkBoolean("srv", srv);
  if (family !== undefined) checkChoice("family", family, [4, 6]);
  checkFunction("resolve", resolve);
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
  if (typeof record !== "string") throw new SocketError("an address record is no address");
  const address = { hostname: record, port };
  // The dot that ends an absolute name is in no certificate.
  return tls === undefined
    ? address
    : { ...address, tls: { serverName: name.replace(/\.$/, ""), ...tls } };
}

function checkSrv(record: string | SrvRecord): SrvRecord {
  const { target, port, priority, weight } = record as SrvRecord;
  const isWhole = typeof target === "string" &&
    [port, priority, weight].every((number) => Number.isInteger(number) && number >= 0);
  if (!isWhole) throw new SocketError("an SRV record has no target, port, priority and weight");
  // RFC 2782: a record with the root for its target says that there is no such service.
  if (/^\.?$/.test(target)) {
    throw new SocketError("its SRV record says that there is no such service");
  }
  return { target: target.replace(/\.$/, ""), port, priority, weight };
}

/** Those of the lowest number; the others are for when these are gone. */
function preferred(records: readonly SrvRecord[]): SrvRecord[] {
  const lowest = Math.min(...records.map(({ priority }) => priority));
  return records.filter(({ priority }) => priority === lowest);
}

function fromSrv({ target, port, weight }: SrvRecord, _: number, all: SrvRecord[]): HostAddress {
  // Servers of one weight are as good as unweighted: a name server may well make a hundred of them all.
  const isEven = all.every((other) => other.weight === weight);
  return { hostname: target, port, weight: isEven ? 1 : Math.max(weight, 1) };
}

/** Each server once, in the order of the names. */
function inOrder(servers: readonly HostAddress[]): HostAddress[] {
  const byName = new Map(servers.map((server) => [`${server.hostname} ${server.port}`, server]));
  return Array.from(byName.keys()).sort().map((name) => byName.get(name)!);
}
