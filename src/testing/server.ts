/**
 * The socket part of the embedded server.
 *
 * @module
 */

import type { Credentials } from "../protocol/credentials.ts";
import { type CloseReason, describeArrival, describeDeparture } from "./event_lines.ts";
import { EventLog } from "./event_log.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { ItemStore } from "./item_store.ts";
import { isDisconnection, listen, processId } from "./listener.ts";
import {
  formatAddress,
  peerOf,
  readToEnd,
  type ServerConnection,
  type ServerListener,
  type SocketAddress,
  writeAll,
  writeEach,
} from "./server_connection.ts";
import type { ConnectionInfo, ServerState } from "./server_state.ts";
import { Session } from "./session.ts";
import { Statistics } from "./statistics.ts";
import type { Watcher } from "./watcher.ts";

const DEFAULT_HOSTNAME = "127.0.0.1";
const DEFAULT_MEMORY_LIMIT = 64 * 1024 * 1024;
const DEFAULT_MAX_ITEM_SIZE = 1024 * 1024;
const READ_BUFFER_LENGTH = 64 * 1024;

/** What {@linkcode MemcachedServer} may be told about itself. */
export interface MemcachedServerOptions {
  /**
   * The clock, in milliseconds since 1970. Given one of its own, a test lets items expire without
   * waiting.
   *
   * @default {Date.now}
   */
  readonly now?: () => number;
  /**
   * What all items may weigh together, in bytes; the one used longest ago is evicted first.
   *
   * @default {67108864}
   */
  readonly memoryLimit?: number;
  /**
   * What one item may weigh, in bytes: its key and value, and some sixty bytes more.
   *
   * @default {1048576}
   */
  readonly maxItemSize?: number;
  /**
   * Who alone may use the server, and has to authenticate first, as with memcached's `-Y`; everybody
   * unless given.
   */
  readonly auth?: Credentials;
  /**
   * The addresses, `host:port`, of the servers that `config get cluster` tells, as the configuration endpoint
   * of an ElastiCache cluster or a Memorystore instance does; without them the command is not known.
   */
  readonly cluster?: readonly string[];
}

/** Where {@linkcode MemcachedServer.listen} listens, and {@linkcode MemcachedServerOptions}. */
export interface ListenOptions extends MemcachedServerOptions {
  /**
   * Name or address to listen on.
   *
   * @default {"127.0.0.1"}
   */
  readonly hostname?: string;
  /**
   * Port to listen on; 0 is any free one.
   *
   * @default {0}
   */
  readonly port?: number;
}

/**
 * An in-process memcached for tests and demos. It speaks the text protocol of memcached 1.6.18 over a
 * real socket, byte for byte, meta commands, `lru_crawler metadump` and `watch` included, and forgets
 * everything when it is closed.
 *
 * There is no binary protocol, no UDP, no SASL, and none of the commands that tune
 * memcached's memory: `slabs`, `lru` and `cache_memlimit`.
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
 * @example Time that passes when the test says so
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
 */
export class MemcachedServer implements AsyncDisposable {
  readonly #listener: ServerListener;
  readonly #state: ServerState;
  readonly #connections = new Map<ServerConnection, ConnectionInfo>();
  readonly #conversations = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  #nextConnectionId = 1;
  #closing: Promise<void> | undefined;

  /**
   * Serves what a listener accepts; {@linkcode MemcachedServer.listen} is the way to one on a TCP
   * port.
   *
   * @param listener What accepts connections. The server closes it.
   * @param options Clock and limits.
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
    this.#listener = listener;
    this.#state = createState(listener.addr, options, () => this.#connections.values());
    this.#accepting = this.#accept();
  }

  /**
   * Starts a server.
   *
   * @param options Where to listen, clock and limits.
   * @returns The server, which accepts connections already.
   *
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
    const { hostname = DEFAULT_HOSTNAME, port = 0 } = options;
    return new MemcachedServer(await listen(hostname, port), options);
  }

  /** Where the server listens, `host:port` or the path of a unix socket. */
  get address(): string {
    return formatAddress(this.#listener.addr);
  }

  /** The name or address the server listens on; empty for a unix socket. */
  get hostname(): string {
    return this.#state.hostname;
  }

  /** The port the server listens on; 0 for a unix socket. */
  get port(): number {
    return this.#state.port;
  }

  /** How many connections are open. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * Tells other servers from now on with `config get cluster`, and a higher version.
   *
   * @param addresses Where the servers listen, `host:port` each.
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
    this.#state.cluster = addresses;
    this.#state.clusterVersion++;
  }

  /**
   * Ends every connection at once, whatever was under way on it, and goes on listening: what a
   * client sees of a restarted proxy.
   *
   * @example A client that dials anew
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
    for (const connection of [...this.#connections.keys()]) this.#drop(connection);
  }

  /**
   * Stops listening and ends every connection. Closing twice is closing once.
   *
   * @returns When nothing of the server is left.
   *
   * @example A server that goes away and comes back empty
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

  /** Closes the server: see {@linkcode MemcachedServer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    this.#listener.close();
    this.closeConnections();
    await this.#accepting;
    this.closeConnections();
    await Promise.all(this.#conversations);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      const conversation = this.#converse(connection, this.#admit(connection));
      this.#conversations.add(conversation);
      conversation.finally(() => this.#conversations.delete(conversation));
    }
  }

  #admit(connection: ServerConnection): number {
    connection.setNoDelay?.();
    const id = this.#nextConnectionId++;
    const peer = formatAddress(connection.remoteAddr);
    const info = { id, peer, lastCommandTime: this.#state.store.time };
    this.#connections.set(connection, info);
    this.#state.events.log("connevents", () => describeArrival(peerOf(connection, info.id)));
    this.#state.statistics.count("total_connections");
    return id;
  }

  async #converse(connection: ServerConnection, id: number): Promise<void> {
    const session = new Session(this.#state, id);
    try {
      this.#drop(connection, await this.#reply(connection, session));
    } catch (error) {
      if (!isDisconnection(error)) throw error;
    } finally {
      session.watcher?.close();
      this.#drop(connection);
    }
  }

  async #reply(
    connection: ServerConnection,
    session: Session,
  ): Promise<CloseReason | undefined> {
    const buffer = new Uint8Array(READ_BUFFER_LENGTH);
    while (!session.closed) {
      const byteLength = await connection.read(buffer);
      if (byteLength === null) return "normal";
      this.#note(connection, byteLength);
      // The next reply is made when this one is on its way, so that a client that does not read
      // them makes the server wait and not grow.
      for (const reply of session.receive(buffer.subarray(0, byteLength))) {
        await writeAll(connection, reply);
        this.#state.statistics.count("bytes_written", reply.byteLength);
      }
      if (session.watcher !== undefined) return await this.#feed(connection, session.watcher);
    }
    return session.closeReason;
  }

  /** Writes what there is to watch until the client goes. */
  async #feed(connection: ServerConnection, watcher: Watcher): Promise<CloseReason> {
    const end = () => {
      watcher.close();
      this.#drop(connection);
    };
    await Promise.all([
      readToEnd(connection).finally(end),
      writeEach(connection, watcher).finally(end),
    ]);
    return "error";
  }

  #note(connection: ServerConnection, byteLength: number): void {
    this.#state.statistics.count("bytes_read", byteLength);
    const info = this.#connections.get(connection);
    if (info !== undefined) info.lastCommandTime = this.#state.store.time;
  }

  #drop(connection: ServerConnection, reason: CloseReason = "error"): void {
    const info = this.#connections.get(connection);
    if (info === undefined) return;
    this.#connections.delete(connection);
    const peer = peerOf(connection, info.id);
    this.#state.events.log("connevents", () => describeDeparture(peer, reason));
    connection.close();
  }
}

function createState(
  address: SocketAddress,
  options: MemcachedServerOptions,
  connections: () => Iterable<ConnectionInfo>,
): ServerState {
  const {
    now = Date.now,
    memoryLimit = DEFAULT_MEMORY_LIMIT,
    maxItemSize = DEFAULT_MAX_ITEM_SIZE,
    auth,
    cluster,
  } = options;
  const statistics = new Statistics();
  const events = new EventLog(now);
  const store = new ItemStore({ now, memoryLimit, maxItemSize, statistics, events });
  const { hostname = "", port = 0 } = address;
  return {
    ...{ store, statistics, events, hostname, port, connections },
    gatekeeper: auth === undefined ? undefined : new Gatekeeper(auth),
    pid: processId(),
    startTime: store.time,
    verbosity: 0,
    crawlerEnabled: true,
    cluster,
    clusterVersion: 1,
  };
}
