/** What a client tells of its servers. @module */

import type { ServerEventType } from "./connection/server_health.ts";
import type { SocketError } from "./errors.ts";

/**
 * Something that happened to one of a client's servers:
 *
 * - `error`: a connection could not be opened, was lost while operations waited on it, or owed a reply
 *   that is overdue; or the servers could not be discovered, and `server` is whom they were to be learnt from.
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

/** Is told of a {@linkcode ServerEvent}. */
export type ServerEventListener =
  | ((event: ServerEvent) => void)
  | { handleEvent(event: ServerEvent): void };
