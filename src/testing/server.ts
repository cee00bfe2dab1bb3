/**
 * The embedded server: it listens, and handles connections.
 *
 * @module
 */

import { writeAll } from "../transport/byte_channel.ts";
import { BufferPool } from "./buffers.ts";
import { ClientConnection } from "./client_connection.ts";
import { dialectOf } from "./dialect.ts";
import { EventLog } from "./event_log.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { ItemStore } from "./items/item_store.ts";
import { listen } from "./listener.ts";
import {
  describeAddress,
  formatAddress,
  isDisconnection,
  type ServerConnection,
  type ServerListener,
  type SocketAddress,
} from "./server_connection.ts";
import {
  checkCluster,
  checkListener,
  type ListenOptions,
  type MemcachedServerOptions,
  resolveOptions,
  type ServerSettings,
} from "./server_options.ts";
import type { ServerState } from "./server_state.ts";
import { Statistics } from "./statistics.ts";
import { systemClock } from "../waiting.ts";

const TOO_MANY_CONNECTIONS = "ERROR Too many open connections\r\n";

/** How often to look for connections that have been idle for too long, in milliseconds. */
const LONGEST_IDLE_CHECK = 100;

/**
 * An in-process memcached for tests and demos. It speaks the text protocol of memcached 1.6.18 over a real socket, byte
 * for byte, including the meta commands, `lru_crawler metadump` and `watch`. Its items are lost when it is closed.
 *
 * It does not support the binary protocol, UDP, SASL, or the commands `slabs` and `lru`, which manage memcached's
 * memory.
 *
 * @example A client and its server in one process
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("key", "value");
 * assertEquals(await client.get("key"), "value");
 * ```
 *
 * @example A clock that the test controls
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * let time = Date.now();
 * await using server = await MemcachedServer.listen({ now: () => time });
 * await using client = new Client(server.address);
 *
 * await client.set("key", "value", 60);
 * time += 60_000;
 * assertEquals(await client.get("key"), undefined);
 * ```
 *
 * @example Faults that the test injects
 * ```ts
 * import { Client, SocketError } from "@moecache/moecache";
 * import { type Fault, MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * let fault: Fault | undefined;
 * await using server = await MemcachedServer.listen({
 *   fault: ({ command }) => command === "get" ? fault : undefined,
 * });
 * await using client = new Client(server.address);
 * await client.set("key", "value");
 *
 * fault = { drop: "before" };
 * await assertRejects(() => client.get("key"), SocketError);
 *
 * fault = { delay: 20, reply: "SERVER_ERROR out of order" };
 * await assertRejects(() => client.get("key"), Error, "out of order");
 *
 * fault = undefined;
 * assertEquals(await client.get("key"), "value");
 * ```
 */
export class MemcachedServer implements AsyncDisposable {
  readonly #listener: ServerListener;
  readonly #state: ServerState;
  readonly #connections = new Set<ClientConnection>();
  readonly #conversations = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  #cancelIdleCheck = (): void => {};
  #lastConnectionId = 0;
  #closing: Promise<void> | undefined;

  /**
   * Serves the connections of a listener. For a TCP port, use {@linkcode MemcachedServer.listen}.
   *
   * @param listener Accepts connections. The server closes it.
   * @param options Clock, limits and faults.
   *
   * @throws {ValidationException} When an option is unknown or invalid, or what is passed is not a listener.
   *
   * @example A server on a unix socket
   * ```ts
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * const path = `${await Deno.makeTempDir()}/memcached.sock`;
   * const listener = Deno.listen({ transport: "unix", path });
   * await using server = new MemcachedServer(listener);
   *
   * assertEquals(server.address, path);
   * ```
   */
  constructor(listener: ServerListener, options: MemcachedServerOptions = {}) {
    const settings = resolveOptions(options);
    checkListener(listener);
    this.#listener = listener;
    this.#state = createState(listener.addr, settings, () => this.#connections);
    if (settings.idleTimeout < Infinity) this.#checkIdle(settings.idleTimeout);
    this.#accepting = this.#accept();
  }

  /**
   * Starts a server.
   *
   * @param options Where to listen, clock, limits and faults.
   * @returns The server, which accepts connections already.
   *
   * @throws {ValidationException} When an option is unknown or invalid.
   * @throws {Error} If something listens on the port already: Deno's `AddrInUse`, or Node's error with
   * the code `EADDRINUSE`.
   *
   * @example A server on any free port
   * ```ts
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertMatch } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   *
   * assertMatch(server.address, /^127\.0\.0\.1:\d+$/);
   * ```
   */
  static async listen(options: ListenOptions = {}): Promise<MemcachedServer> {
    const { hostname, port } = resolveOptions(options);
    return new MemcachedServer(await listen(hostname, port), options);
  }

  /** The server's address: `host:port`, or the path of a unix socket. */
  get address(): string {
    return formatAddress(this.#listener.addr);
  }

  /** The name or address that the server listens on; empty for a unix socket. */
  get hostname(): string {
    return this.#state.hostname;
  }

  /** The port that the server listens on; 0 for a unix socket. */
  get port(): number {
    return this.#state.port;
  }

  /** The number of open connections. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * Changes the servers in the reply to `config get cluster`, and increments the configuration's version.
   *
   * @param addresses The addresses of the servers, `host:port` each.
   *
   * @throws {ValidationException} When they are not a list of `host:port`.
   *
   * @example A cluster that moves
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { elastiCache } from "@moecache/moecache/discovery";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using before = await MemcachedServer.listen();
   * await using after = await MemcachedServer.listen();
   * await using endpoint = await MemcachedServer.listen({ cluster: [before.address] });
   * endpoint.setCluster([after.address]);
   *
   * await using client = new Client([], { discovery: elastiCache(endpoint.address) });
   * await client.set("key", "value");
   * assertEquals(client.servers.map(({ name }) => name), [after.address]);
   * ```
   */
  setCluster(addresses: readonly string[]): void {
    checkCluster(addresses);
    this.#state.cluster = addresses;
    this.#state.clusterVersion++;
  }

  /**
   * Closes every connection at once, and continues to listen. To a client this looks like the restart of a proxy.
   *
   * @example A client that connects again
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   * await client.set("key", "value");
   *
   * server.closeConnections();
   * assertEquals(server.connectionCount, 0);
   * ```
   */
  closeConnections(): void {
    for (const connection of [...this.#connections]) connection.close();
  }

  /**
   * Stops listening and closes every connection. Closing again does nothing.
   *
   * @returns Resolves when everything is closed.
   *
   * @example A server that stops and starts again, empty
   * ```ts
   * import { MemcachedServer } from "@moecache/moecache/testing";
   *
   * const server = await MemcachedServer.listen();
   * await server.close();
   *
   * await using successor = await MemcachedServer.listen({ port: server.port });
   * ```
   */
  close(): Promise<void> {
    return this.#closing ??= this.#end();
  }

  /** Closes the server, as {@linkcode MemcachedServer.close} does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    this.#cancelIdleCheck();
    this.#listener.close();
    this.closeConnections();
    await this.#accepting;
    this.closeConnections();
    await Promise.all(this.#conversations);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      const conversation = this.#connections.size < this.#state.maxConnections
        ? this.#admit(connection).converse()
        : this.#turnAway(connection);
      this.#conversations.add(conversation);
      conversation.finally(() => this.#conversations.delete(conversation));
    }
  }

  #admit(accepted: ServerConnection): ClientConnection {
    this.#state.statistics.count("total_connections");
    const connection = new ClientConnection(
      accepted,
      this.#state,
      ++this.#lastConnectionId,
      (ended) => this.#connections.delete(ended),
    );
    this.#connections.add(connection);
    return connection;
  }

  async #turnAway(connection: ServerConnection): Promise<void> {
    this.#state.statistics.count("rejected_connections");
    try {
      const refusal = new TextEncoder().encode(TOO_MANY_CONNECTIONS);
      await writeAll(connection, refusal);
    } catch (error) {
      if (!isDisconnection(error)) throw error;
    } finally {
      connection.close();
    }
  }

  /** Regularly closes connections that have been idle for too long. */
  #checkIdle(timeout: number): void {
    this.#cancelIdleCheck = systemClock.after(Math.min(timeout, LONGEST_IDLE_CHECK), () => {
      for (const connection of [...this.#connections]) connection.closeIfIdle(timeout);
      this.#checkIdle(timeout);
    });
  }
}

function createState(
  address: SocketAddress,
  settings: ServerSettings,
  connections: () => Iterable<ClientConnection>,
): ServerState {
  const { now, memoryLimit, maxItemSize, evictions, auth, authDialect } = settings;
  const statistics = new Statistics();
  const events = new EventLog(now);
  const store = new ItemStore({ now, memoryLimit, maxItemSize, evictions, statistics, events });
  const { hostname = "", port = 0, path } = address;
  return {
    ...{ now, store, statistics, events, hostname, port, connections },
    buffers: new BufferPool(),
    dialect: dialectOf(settings.imitate),
    flagBits: settings.flagBits,
    gatekeeper: auth && new Gatekeeper(auth, authDialect, statistics),
    fault: settings.fault,
    pid: processId(),
    address: describeAddress(address),
    path: path ?? undefined,
    maxConnections: settings.maxConnections,
    idleTimeout: settings.idleTimeout,
    startTime: store.clock.time,
    verbosity: 0,
    crawlerEnabled: true,
    crawlersRunning: 0,
    largeReads: 0,
    cluster: settings.cluster,
    clusterVersion: 1,
  };
}

/** The id of this process, if it has one. */
function processId(): number {
  const { process } = globalThis as { process?: { pid?: number } };
  return process?.pid ?? 0;
}
