/** The status of a client's servers. @module */

import type { SocketError } from "../errors.ts";
import type { Listed } from "./distribution.ts";

/** The status of a server at the time of the call. */
export interface ServerStatus {
  /** `host:port` as the user wrote it, or the path of a unix socket. */
  readonly name: string;
  /** Its weight relative to the others. */
  readonly weight: number;
  /**
   * `idle` without a connection, as before the first operation; `connecting`; `up`; or `down` after
   * `failuresBeforeDead` failures in a row.
   */
  readonly state: "idle" | "connecting" | "up" | "down";
  /** The number of open sockets. */
  readonly connections: number;
  /** The number of operations that wait for it. */
  readonly pending: number;
  /** The number of failures in a row. */
  readonly failures: number;
  /** The error of the last failure, if it has failed since its last reply. */
  readonly error: SocketError | undefined;
  /** How many operations `failover: "miss"` has turned into misses or dropped because of this server. */
  readonly missed: number;
  /** Whether it is a spare server of a gutter. */
  readonly isGutter: boolean;
}

/** The connections of a server, as far as its status tells of them. */
export interface Connections {
  readonly state: ServerStatus["state"];
  readonly openConnections: number;
  readonly pending: number;
  readonly failures: number;
  readonly lastError: SocketError | undefined;
}

/**
 * Describes a server of a list.
 *
 * @param member The server, and its connections as soon as the client is used.
 * @param missed How many operations have become misses or were dropped because of it.
 */
export function describeServer(
  { server, node }: Listed & { readonly node?: Connections },
  missed: number = 0,
): ServerStatus {
  return {
    name: server.name,
    weight: server.weight,
    state: node?.state ?? "idle",
    connections: node?.openConnections ?? 0,
    pending: node?.pending ?? 0,
    failures: node?.failures ?? 0,
    error: node?.lastError,
    missed,
    isGutter: false,
  };
}
