/** What a client knows of its servers. @module */

import type { ServerState } from "./connection/server_node.ts";
import type { SocketError } from "./errors.ts";
import type { Member } from "./fleet.ts";

/** One of a client's servers, as it was when it was asked for. */
export interface ServerStatus {
  /** `host:port` as the user gave it, or the path of a unix socket. */
  readonly name: string;
  /** Its share relative to the others. */
  readonly weight: number;
  /**
   * `idle` without a connection, as every server is before its first operation; `connecting`; `up`; or
   * `down` after `failuresBeforeDead` failures in a row.
   */
  readonly state: ServerState;
  /** How many sockets are open. */
  readonly connections: number;
  /** How many operations wait for it. */
  readonly pending: number;
  /** How many times in a row it has failed. */
  readonly failures: number;
  /** Why it failed last, if it has failed since it answered. */
  readonly error: SocketError | undefined;
  /** How many operations `failover: "miss"` has made misses of, or dropped, for its sake. */
  readonly missed: number;
  /** Whether it stands in for others that are down, as part of a gutter. */
  readonly isGutter: boolean;
}

/** Describes a server. */
export function describeServer(
  { server, node }: Member,
  { missed, isGutter }: Pick<ServerStatus, "missed" | "isGutter">,
): ServerStatus {
  return {
    name: server.name,
    weight: server.weight,
    state: node.state,
    connections: node.openConnections,
    pending: node.pending,
    failures: node.failures,
    error: node.lastError,
    missed,
    isGutter,
  };
}
