/**
 * What clients count, and what their servers' `stats` say, in Prometheus' text format.
 *
 * @example The metrics of a client, as a page
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { prometheus } from "@moecache/moecache/prometheus";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertStringIncludes } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.get("key");
 * const response = new Response(await prometheus(client), {
 *   headers: { "Content-Type": "text/plain; version=0.0.4" },
 * });
 * assertStringIncludes(await response.text(), `moecache_misses_total{client="moecache"} 1\n`);
 * ```
 *
 * @module
 */

import type { ClientMetrics } from "../channel_contexts.ts";
import { checkBoolean, checkNames, invalidOption } from "../option_checks.ts";
import { addClientMetrics } from "./prometheus/client_metrics.ts";
import { Exposition, type Labels } from "./prometheus/exposition.ts";
import { addServerStats } from "./prometheus/server_stats.ts";

/** The part of a client that is asked: a `Client` and a `BareClient` have it. */
export interface MeteredClient {
  /** What it has counted. */
  metrics(): ClientMetrics;
  /** Its servers. */
  readonly servers: readonly { readonly name: string; readonly isGutter: boolean }[];
  /** The statistics of each of its servers; a `BareClient` has no such method. */
  stats?(): Promise<Record<string, string>[]>;
}

/** The options of {@linkcode prometheus}. */
export interface PrometheusOptions {
  /** What the names of all metrics begin with; `"moecache_"` by default. */
  readonly prefix?: string | undefined;
  /**
   * Whether the servers are asked for their `stats`; `false` by default. A server that does not answer has
   * `server_up` 0, and the other metrics are still written.
   */
  readonly servers?: boolean | undefined;
}

const PREFIX = /^(?:[a-zA-Z_:][\w:]*)?$/;

/**
 * Writes the metrics of clients in Prometheus' text format, version 0.0.4.
 *
 * @param clients A client, or several. Those with the same `clientName` are added up.
 * @param options The prefix, and whether the servers are asked.
 * @returns The text, for a response of the type `text/plain; version=0.0.4`.
 * @throws {ValidationException} When `clients` holds anything but clients, when an option is invalid, or when `servers`
 * is given for a client without `stats`.
 *
 * @example With what the servers say
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { prometheus } from "@moecache/moecache/prometheus";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertMatch } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { clientName: "pages" });
 *
 * const text = await prometheus([client], { prefix: "app_memcached_", servers: true });
 * assertMatch(text, /^app_memcached_server_up\{client="pages",server=".*"\} 1$/m);
 * ```
 */
export async function prometheus(
  clients: MeteredClient | readonly MeteredClient[],
  options: PrometheusOptions = {},
): Promise<string> {
  checkNames(options, ["prefix", "servers"]);
  const { prefix = "moecache_", servers = false } = options;
  if (typeof prefix !== "string" || !PREFIX.test(prefix)) {
    throw invalidOption("prefix", prefix, "the beginning of a metric's name");
  }
  checkBoolean("servers", servers);
  const all: readonly MeteredClient[] = [clients].flat();
  for (const client of all) {
    if (typeof client?.metrics !== "function") throw invalidOption("client", client, "a client");
  }
  const exposition = new Exposition(prefix);
  for (const client of all) addClientMetrics(exposition, client.metrics());
  if (servers) {
    const answers = await Promise.all(all.map(askServers));
    exposition.declare("server_up", "gauge", "Whether a server has answered stats.");
    for (const [labels, stats] of answers.flat()) {
      exposition.set("server_up", labels, stats === undefined ? 0 : 1);
      addServerStats(exposition, labels, stats ?? {});
    }
  }
  return exposition.toString();
}

type Answer = readonly [labels: Labels, stats: Record<string, string> | undefined];

/** Asks each server of a client; those that have failed have no statistics. */
async function askServers(client: MeteredClient): Promise<Answer[]> {
  if (client.stats === undefined) {
    throw invalidOption("servers", true, "absent for a client without stats");
  }
  const { client: name } = client.metrics();
  // Gutters are not asked.
  const asked = () => client.servers.filter(({ isGutter }) => !isGutter);
  const label = (server: string) => ({ client: name, server });
  try {
    const all = await client.stats();
    return asked().slice(0, all.length).map((server, i) => [label(server.name), all[i]]);
  } catch (error) {
    const { results } = Object(error) as { results?: ReadonlyMap<string, Record<string, string>> };
    // The error of a single server comes alone. Another one, such as that of a closed client, is of no server.
    if (results === undefined && asked().length !== 1) throw error;
    return asked().map((server) => [label(server.name), results?.get(server.name)]);
  }
}
