/** Routes operations while the servers are being discovered. @module */

import "../loaded_already.ts";
import type { ResolvedOptions } from "../client_options.ts";
import { longestWait } from "../connection/connect.ts";
import type { RoomCheck } from "../connection/refusals.ts";
import { deferred } from "../waiting/promises.ts";
import type { Discovery } from "../discovery/discovery.ts";
import { DiscoveryLoop } from "../discovery/discovery_loop.ts";
import { openForLookUp } from "./look_up_socket.ts";
import { type Waiter, WaitingRoom } from "./waiting_room.ts";
import { messageOf, SocketError, TimeoutError } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import type { Found, Route, UseNodes } from "./route.ts";
import type { ReachOptions } from "./servers.ts";
import type { ServerAddress } from "../server_address.ts";
import type { TlsOptions } from "../transport/transport.ts";
import { untilAborted } from "../waiting.ts";

/** The maximum time of a look-up in milliseconds; less if the client's time limits are less. */
const LONGEST_LOOK_UP = 10_000;
/** The minimum number of milliseconds between two look-ups when servers fail. */
const SHORTEST_INTERVAL = 1_000;

/** The functions of the client that discovery needs. */
export interface Deployment {
  /** Whether any servers are known. */
  readonly hasServers: () => boolean;
  /**
   * Sets the list of servers.
   *
   * @returns Resolves when the servers that left the list are closed.
   * @throws {ValidationException} At once, when the list is invalid.
   */
  readonly setServers: (servers: readonly ServerAddress[]) => Promise<void>;
  /** The TLS options of servers whose addresses have none. */
  readonly tls: TlsOptions | undefined;
  /** How a server at an address is reached: as the client's own servers. Throws a ValidationException for an invalid one. */
  readonly reach: (address: ServerAddress) => ReachOptions;
  /** Whether there is room for an operation where others wait. */
  readonly room: RoomCheck;
  /** Called with the error of a failed look-up. */
  readonly failed: (error: SocketError) => void;
}

/**
 * Sets the discovered servers in a client, and routes its operations: at once if servers are known, otherwise when they
 * are. The first operation starts the first look-up.
 */
export class DiscoveringRouter implements Route {
  /** An operation may be sent later, or to another server. */
  readonly keepsOrder = false;
  readonly #route: Route;
  readonly #deployment: Deployment;
  readonly #options: ResolvedOptions;
  readonly #discovery: Discovery;
  readonly #loop: DiscoveryLoop;
  readonly #room: WaitingRoom;
  #lastError: SocketError | undefined;
  #closed: SocketError | undefined;

  /** @param route Routes operations when servers are known. */
  constructor(
    discovery: Discovery,
    route: Route,
    options: ResolvedOptions,
    deployment: Deployment,
  ) {
    this.#discovery = discovery;
    this.#route = route;
    this.#options = options;
    this.#deployment = deployment;
    this.#room = new WaitingRoom(options.clock, () => this.#overdue());
    this.#loop = new DiscoveryLoop({
      discovery,
      clock: options.clock,
      timeout: Math.min(longestWait(options), LONGEST_LOOK_UP),
      shortestInterval: SHORTEST_INTERVAL,
      retryDelay: options.probeDelay,
      maxRetryDelay: options.maxProbeDelay,
      tls: deployment.tls,
      connect: async (address, signal) => {
        return await openForLookUp(this.#deployment.reach(address), signal);
      },
      isAwaited: () => this.pending() > 0,
      found: (servers) => this.#found(servers),
      failed: (error) => this.#fail(error),
    });
  }

  /** Counts the operations that wait until servers are known, and forgets those that were aborted. */
  pending(): number {
    this.#room.sweep();
    return this.#room.pending;
  }

  /** As in {@linkcode Route}; the command waits until servers are known. */
  submit(key: string, command: Command): void {
    if (this.#begin()) return this.#route.submit(key, command);
    const deadline = this.#deadline();
    // It continues with its remaining time, like a command whose connection is lost before it was sent.
    if (deadline < Infinity) command.turn = { deadline, hasConnected: false };
    this.#enter({
      deadline,
      get isOver() {
        return command.settled;
      },
      byteLength: command.byteLength,
      proceed: () => this.#proceed(key, command),
      fail: (error) => command.refuse(error),
    });
  }

  /** As in {@linkcode Route}, when servers are known. */
  withNodes<Result>(
    use: UseNodes<Result>,
    server?: string | number,
    signal?: AbortSignal,
  ): Result | Promise<Result> {
    if (this.#begin()) return this.#route.withNodes(use, server);
    return this.#whenKnown(() => this.#route.withNodes(use, server), signal);
  }

  find(key: string): Found {
    return this.#route.find(key);
  }

  /** Sends the waiting operations, because servers are known now. */
  admit(): void {
    this.#room.admit();
  }

  /** Called when a server has failed: the servers may have changed. */
  serverFailed(): void {
    this.#loop.hurry();
  }

  /** Rejects waiting and later operations; resolves when the sockets of look-ups are closed. */
  async close(): Promise<void> {
    this.#closed ??= new SocketError("Cannot discover servers: the client is closed");
    this.#room.dismiss(this.#closed);
    await this.#loop.stop(this.#closed);
  }

  get #hasServers(): boolean {
    return this.#deployment.hasServers();
  }

  /** Starts looking up servers; returns whether any are known. */
  #begin(): boolean {
    if (this.#hasServers) this.#loop.start();
    return this.#hasServers;
  }

  #enter(waiter: Waiter): void {
    if (this.#closed !== undefined) throw this.#closed;
    this.#checkRoom(waiter);
    this.#room.enter(waiter);
    this.#loop.expect();
  }

  /**
   * Makes sure that there is room for an operation.
   *
   * @throws {SocketError} When there is no room.
   */
  #checkRoom({ byteLength }: Waiter): void {
    const full = this.#deployment.room.fullOf([this.#room], byteLength);
    if (full === undefined) return;
    throw new SocketError(`Cannot discover servers through ${this.#discovery.name}: ${full}`);
  }

  #proceed(key: string, command: Command): void {
    try {
      this.#route.submit(key, command);
    } catch (error) {
      command.refuse(error);
    }
  }

  /** Calls back when servers are known, before later operations are sent. */
  async #whenKnown<Result>(
    use: () => Result | Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = deferred<Result>();
    let isOver = false;
    this.#enter({
      deadline: this.#deadline(),
      get isOver() {
        return isOver;
      },
      byteLength: 0,
      proceed: () => {
        try {
          resolve(use());
        } catch (error) {
          reject(error);
        }
      },
      fail: reject,
    });
    try {
      return await untilAborted(promise, signal);
    } finally {
      isOver = true;
    }
  }

  #found(servers: readonly ServerAddress[]): void {
    this.#deployment.setServers(servers).catch((cause) => {
      const message = `Cannot close the sockets of removed servers: ${messageOf(cause)}`;
      this.#deployment.failed(new SocketError(message, { cause }));
    });
    this.#lastError = undefined;
    this.#room.admit();
  }

  #fail(error: SocketError): void {
    this.#lastError = error;
    this.#room.dismiss(error);
    this.#deployment.failed(error);
  }

  /** The deadline, for an operation issued now, of waiting for servers and a connection. */
  #deadline(): number {
    return this.#options.clock.now() + this.#options.connectTimeout;
  }

  #overdue(): TimeoutError {
    const { connectTimeout } = this.#options;
    const { name } = this.#discovery;
    const last = this.#lastError === undefined ? {} : { cause: this.#lastError };
    const state = `no answer within ${connectTimeout} ms`;
    return new TimeoutError(`Cannot discover servers through ${name}: ${state}`, {
      server: name,
      ...last,
    });
  }
}
