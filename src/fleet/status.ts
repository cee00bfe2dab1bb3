/** What a client tells about its servers: their present state, and events. @module */

import type { ServerEventType } from "../connection/server_health.ts";
import type { SocketError } from "../errors.ts";
import type { Member } from "./servers.ts";

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
  readonly state: "idle" | "connecting" | "up" | "down";
  /** How many sockets are open. */
  readonly connections: number;
  /** How many operations wait for it. */
  readonly pending: number;
  /** How many times in a row it has failed. */
  readonly failures: number;
  /** Why it failed last, if it has failed since it answered. */
  readonly error: SocketError | undefined;
  /** How many operations `failover: "miss"` has turned into misses, or dropped, because of it. */
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

/**
 * Something that happened to one of a client's servers:
 *
 * - `error`: a connection could not be opened, was lost while operations waited on it, or a reply is
 *   overdue; or the servers could not be discovered, and `server` is the name of the discovery.
 * - `down`: that has happened `failuresBeforeDead` times in a row.
 * - `up`: a server that was down has answered.
 * - `reconnect`: a connection was opened after an earlier one.
 *
 * @example Keeping an eye on the servers
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
  /** Name of the server, `host:port` as the user gave it, or of the discovery. */
  readonly server: string;
  /** What went wrong, for `error` and `down`. */
  readonly error: SocketError | undefined;

  /**
   * Makes the event.
   *
   * @param type What happened.
   * @param server Name of the server.
   * @param error What went wrong.
   */
  constructor(type: ServerEventType, server: string, error?: SocketError) {
    super(type);
    this.server = server;
    this.error = error;
  }
}
