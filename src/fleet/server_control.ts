/** What clients have besides their commands: their servers, figures, events, and closing. @module */

import type { ClientMetrics } from "../channel_contexts.ts";
import type { ServerAddress } from "../server_address.ts";
import type { ServerEvent } from "./server_event.ts";
import type { ServerStatus } from "./status.ts";

/** The servers of a client: their status, figures, changes of the list, events, and closing. */
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
   * What the client has counted since it was made: operations, hits and misses, errors, bytes, and how long requests
   * took. It always counts. The page "observability" of the documentation explains the figures.
   *
   * @returns The counts, which do not change any more.
   *
   * @example How many gets found something
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("a", 1);
   * await Promise.all([client.get("a"), client.get("b")]);
   * const { operations, hits, misses } = client.metrics();
   * assertEquals({ operations, hits, misses }, { operations: { set: 1, get: 2 }, hits: 1, misses: 1 });
   * ```
   */
  metrics(): ClientMetrics;

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
   *
   * @example Noticing servers that are down
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * await using client = new Client("127.0.0.1:1", { failuresBeforeDead: 1 });
   * const down: string[] = [];
   * client.addEventListener("down", ({ server }) => down.push(server));
   *
   * await assertRejects(() => client.get("key"));
   * assertEquals(down, ["127.0.0.1:1"]);
   * ```
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
   * While the client claims a key for `lock`, `once` or `getOrSet`, or stores what they computed, it first waits for
   * that, for up to a second, so that the claim does not block others.
   *
   * @returns A promise that resolves when every socket is closed.
   * @throws The runtime's error when a socket cannot be closed.
   *
   * @example Closing without `await using`
   * ```ts
   * import { Client, SocketError } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertRejects } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * const client = new Client(server.address);
   *
   * await client.set("key", "value");
   * await client.close();
   * await assertRejects(() => client.get("key"), SocketError, "the client is closed");
   * ```
   */
  close(): Promise<void>;
}
