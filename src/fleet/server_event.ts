/** The events of a client's servers. @module */

import type { ServerEventType } from "../connection/server_handle.ts";
import type { SocketError } from "../errors.ts";

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
