/** What clients have besides their commands: their servers, events, and closing. @module */

import type { ServerAddress } from "../server_address.ts";
import type { ServerEvent } from "./server_event.ts";
import type { ServerStatus } from "./status.ts";

/** The servers of a client: their status, changes of the list, events, and closing. */
export interface ServerControl {
  /**
   * The current status of the servers, in the order of the list, followed by those of a gutter. With the option
   * `discovery`, the list may still be empty.
   *
   * @example A server that has answered
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * assertEquals(client.servers[0]?.state, "idle");
   * await client.get("key");
   * assertEquals(client.servers[0]?.state, "up");
   * ```
   */
  readonly servers: readonly ServerStatus[];

  /**
   * Changes the list of servers for later operations. Pending operations end on the servers where they began, and
   * connections to servers that stay are kept.
   *
   * @param servers One server or a list.
   * @returns Resolves when all operations on the removed servers have ended and their sockets are closed. `items` and
   * `watch` continue there until they end.
   * @throws {ValidationException} When an address is invalid. The old list is kept then.
   * @throws {SocketError} When the client is closed.
   *
   * @example Moving to another server
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using old = await MemcachedServer.listen();
   * await using next = await MemcachedServer.listen();
   * await using client = new Client(old.address);
   *
   * const stored = client.set("key", "value"); // on the old one
   * await client.setServers([next.address]);
   * await stored;
   * assertEquals(await client.get("key"), undefined); // on the new one
   * ```
   */
  setServers(servers: ServerAddress | readonly ServerAddress[]): Promise<void>;

  /**
   * Listens to the events of the servers.
   *
   * @param type `error`, `down`, `up` or `reconnect`; see {@linkcode ServerEvent}.
   * @param listener Called with the event.
   * @param options As for any `EventTarget`.
   */
  addEventListener(
    type: "error" | "down" | "up" | "reconnect",
    listener: ((event: ServerEvent) => void) | { handleEvent(event: ServerEvent): void } | null,
    options?: boolean | AddEventListenerOptions,
  ): void;

  /**
   * Closes the client. Pending and later operations are rejected with a `SocketError`. Closing again does nothing.
   *
   * An open client keeps the process alive only while operations are pending.
   *
   * @returns A promise that resolves when every socket is closed.
   * @throws The runtime's error when a socket cannot be closed.
   */
  close(): Promise<void>;
}
