/** The status and events of a client's servers. @module */

import type { ServerEventType } from "../connection/server_health.ts";
import type { SocketError } from "../errors.ts";
import type { Member } from "./servers.ts";

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

/**
 * An event of one of a client's servers:
 *
 * - `error`: a connection could not be opened, was lost while operations waited for it, or a reply exceeded its time
 *   limit; or the servers could not be discovered, and `server` is the name of the discovery.
 * - `down`: the server has failed `failuresBeforeDead` times in a row.
 * - `up`: a server that was down has replied.
 * - `reconnect`: a connection was opened after an earlier one.
 *
 * @example Logging the events of the servers
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using client = new Client("127.0.0.1:1", { failuresBeforeDead: 1 });
 * const seen: string[] = [];
 * for (const type of ["error", "down"] as const) {
 *   client.addEventListener(type, (event) => seen.push(`${event.server} ${event.type}`));
 * }
 *
 * await assertRejects(() => client.get("key"));
 * assertEquals(seen, ["127.0.0.1:1 error", "127.0.0.1:1 down"]);
 * ```
 */
export class ServerEvent extends Event {
  /** The name of the server, `host:port` as the user wrote it, or of the discovery. */
  readonly server: string;
  /** The error, for `error` and `down`. */
  readonly error: SocketError | undefined;

  /** The name of the client. */
  readonly client: string;

  /**
   * Makes the event.
   *
   * @param type The type of the event.
   * @param server The name of the server.
   * @param error The error, for `error` and `down`.
   * @param client The name of the client; `"moecache"` by default.
   */
  constructor(
    type: ServerEventType,
    server: string,
    error?: SocketError,
    client: string = "moecache",
  ) {
    super(type);
    this.server = server;
    this.error = error;
    this.client = client;
  }
}
