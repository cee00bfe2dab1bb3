/** Discovers servers through a configuration endpoint. @module */

import type { EndReason } from "../connection/connect.ts";
import { Connection } from "../connection/connection.ts";
import { ClientException, SocketError } from "../errors.ts";
import { checkChoice, checkNames, checkTimeout } from "../option_checks.ts";
import type { Command } from "../protocol/command.ts";
import {
  CLUSTER_KEY,
  type ClusterNode,
  ConfigCommand,
  readClusterConfig,
} from "../protocol/commands/config.ts";
import { RetrievalCommand } from "../protocol/commands/retrieval.ts";
import {
  type HostAddress,
  resolveServers,
  securityOf,
  type ServerAddress,
} from "../server_address.ts";
import { Counters } from "../observation.ts";
import { chooseTls } from "../transport/tls_options.ts";
import type { Transport } from "../transport/transport.ts";
import { systemClock } from "../waiting.ts";
import type { Discovery, DiscoveryContext } from "./discovery.ts";

/** The options of {@linkcode elastiCache}. */
export interface ElastiCacheOptions {
  /**
   * The names of nodes: `"hostname"`, the default, or `"ip"`. If the endpoint returns only one of the two, that one is
   * used. The ring is made of these names, so all programs of a deployment must use the same kind; EnyimMemcached uses
   * IP addresses. With TLS, certificates are always checked against host names.
   */
  readonly address?: "hostname" | "ip" | undefined;
  /** Milliseconds between two look-ups, 1 to 2,147,483,647; 60,000 by default. */
  readonly interval?: number | undefined;
}

/** The maximum length of a reply: enough for thousands of nodes. */
const LONGEST_CONFIG = 1 << 20;

/**
 * Discovers the nodes of an Amazon ElastiCache cluster, or of a Google Memorystore instance. It sends `config get
 * cluster` to the configuration endpoint. If the endpoint does not know this command, as ElastiCache's memcached before
 * 1.4.14, it sends `get AmazonElastiCache:cluster`. Each look-up opens a connection and closes it. Nothing else is sent
 * to the endpoint.
 *
 * The client's `tls`, `auth`, `dial` and timeouts apply to the endpoint as well. TLS and authentication in the
 * endpoint's address apply to the nodes as well.
 *
 * @param endpoint The configuration endpoint: `"my-cluster.x1y2z3.cfg.use1.cache.amazonaws.com:11211"`.
 * @param options The names of nodes, and how often to look up.
 * @returns The value for `ClientOptions.discovery`.
 * @throws {ValidationException} When the endpoint's address or an option is invalid.
 *
 * @example A cluster that grows
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { elastiCache } from "@moecache/moecache/discovery";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using first = await MemcachedServer.listen();
 * await using second = await MemcachedServer.listen();
 * await using endpoint = await MemcachedServer.listen({ cluster: [first.address] });
 *
 * const discovery = elastiCache(endpoint.address, { interval: 10 });
 * await using client = new Client([], { discovery });
 * await client.set("key", "value");
 * assertEquals(client.servers.length, 1);
 *
 * endpoint.setCluster([first.address, second.address]);
 * while (client.servers.length === 1) await new Promise((resolve) => setTimeout(resolve, 10));
 * assertEquals(client.servers.map(({ name }) => name), [first.address, second.address]);
 * ```
 *
 * @example In-transit encryption
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { elastiCache } from "@moecache/moecache/discovery";
 *
 * const endpoint = "my-cluster.x1y2z3.clustercfg.use1.cache.amazonaws.com";
 * await using client = new Client([], { discovery: elastiCache(endpoint), tls: true });
 * ```
 */
export function elastiCache(
  endpoint: ServerAddress,
  options: ElastiCacheOptions = {},
): Discovery {
  checkNames(options, ["address", "interval"]);
  const { address = "hostname", interval } = options;
  const { name } = resolveServers([endpoint], { tls: undefined, credentials: undefined })[0]!;
  checkChoice("address", address, ["hostname", "ip"]);
  if (interval !== undefined) checkTimeout("interval", interval);
  const security = securityOf(endpoint);
  return {
    name,
    ...(interval === undefined ? {} : { interval }),
    async lookUp(context) {
      const { version, nodes } = readClusterConfig(await askForConfig(endpoint, name, context));
      const tls = chooseTls(security.tls, context.tls);
      const secured = { ...security, tls: tls ?? false };
      return { version, servers: nodes.map((node) => addressOf(node, address, secured)) };
    },
  };
}

function addressOf(
  { hostname, ip, port }: ClusterNode,
  address: "hostname" | "ip",
  security: Pick<HostAddress, "tls" | "auth">,
): HostAddress {
  const [first, second] = address === "ip" ? [ip, hostname] : [hostname, ip];
  const named = { ...security, hostname: first || second, port };
  // A node's certificate contains its host name, even if the client connects to its IP address.
  if (typeof security.tls !== "object" || hostname === "") return named;
  return { ...named, tls: { serverName: hostname, ...security.tls } };
}

/** Sends the current command, and then the old one. */
async function askForConfig(
  endpoint: ServerAddress,
  server: string,
  { signal, connect }: DiscoveryContext,
): Promise<string> {
  signal.throwIfAborted();
  const inquiry = new Inquiry(server, (signal) => connect(endpoint, signal));
  const giveUp = () => inquiry.end(reasonOf(signal, server));
  signal.addEventListener("abort", giveUp);
  try {
    return await askNow(inquiry).catch((error) => {
      if (!(error instanceof ClientException && error.item === "ERROR")) throw error;
      return askBefore(inquiry);
    });
  } catch (error) {
    // Not a copy of the reason, which may be the caller's own error.
    throw signal.aborted ? reasonOf(signal, server) : error;
  } finally {
    signal.removeEventListener("abort", giveUp);
    await inquiry.close();
  }
}

function askNow(inquiry: Inquiry): Promise<string> {
  return inquiry.ask(new ConfigCommand());
}

async function askBefore(inquiry: Inquiry): Promise<string> {
  const read = (_flags: number, data: Uint8Array) => new TextDecoder().decode(data);
  const text = await inquiry.ask(new RetrievalCommand("get", CLUSTER_KEY, read));
  if (typeof text === "string") return text;
  throw new ClientException(
    "it has no configuration: it is a server, not the endpoint of a cluster",
  );
}

/** A connection to an endpoint for one look-up. The look-up's signal ends it. */
class Inquiry {
  readonly #connection: Connection;
  #ended: EndReason | undefined;

  constructor(server: string, dial: (signal: AbortSignal) => Promise<Transport>) {
    const times = { timeout: Infinity, connectTimeout: Infinity, stallTimeout: Infinity };
    const timing = { ...times, timesConnectingApart: false, clock: systemClock };
    const counters = new Counters("elastiCache");
    const options = { server, dial, ...timing, direct: true, counters };
    this.#connection = new Connection({ ...options, maxValueBytes: LONGEST_CONFIG }, {
      opened() {},
      answered() {},
      ended: (_, { reason, unwritten }) => {
        this.#ended = reason;
        for (const command of unwritten) command.failUnsent(reason);
      },
    });
  }

  /** Sends a command. */
  ask<Result>(command: Command<Result>): Promise<Result> {
    return new Promise((resolve) => {
      if (this.#ended !== undefined) throw this.#ended;
      this.#connection.submit(command.settleBy(resolve));
    });
  }

  /** Rejects the pending commands with this reason. */
  end(reason: SocketError): void {
    this.#connection.end(reason);
  }

  async close(): Promise<void> {
    this.#connection.drain();
    await this.#connection.closed;
  }
}

function reasonOf({ reason }: AbortSignal, server: string): SocketError {
  if (reason instanceof SocketError) return reason;
  return new SocketError(`Cannot ask ${server}: the look-up was aborted`, {
    server,
    cause: reason,
  });
}
