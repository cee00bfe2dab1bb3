/**
 * `config get cluster`, which is not memcached's but ElastiCache's and Memorystore's.
 *
 * @module
 */

import type { ServerState } from "../server_state.ts";
import type { Command, Outcome } from "./command.ts";

/** `config get cluster` */
export const config: Command = { minTokens: 1, run };

function run({ cluster, clusterVersion }: ServerState, tokens: readonly string[]): Outcome {
  // Where there is no cluster, the server knows no such command, as memcached does not.
  if (cluster === undefined || tokens[1] !== "get") return "ERROR";
  if (tokens[2] !== "cluster" || tokens.length > 3) return "END";
  const text = `${clusterVersion}\n${cluster.map(describeNode).join(" ")}\n`;
  // Parts of a reply are characters of one byte each.
  const { length } = text;
  return { kind: "reply", parts: [`CONFIG cluster 0 ${length}\r\n${text}\r\nEND\r\n`] };
}

/** `host|ip|port`, of which the address is there where the host is one. */
function describeNode(address: string): string {
  const end = address.lastIndexOf(":");
  const hostname = address.slice(0, end).replace(/^\[(.*)\]$/, "$1");
  const ip = /^[\d.]+$|:/.test(hostname) ? hostname : "";
  return [hostname, ip, address.slice(end + 1)].join("|");
}
