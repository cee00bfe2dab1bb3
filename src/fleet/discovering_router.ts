/** Operations while the servers are discovered. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { deferred } from "../waiting.ts";
import type { Discovery } from "../discovery/discovery.ts";
import { DiscoveryLoop } from "../discovery/discovery_loop.ts";
import { type Waiter, WaitingRoom } from "./waiting_room.ts";
import { messageOf, SocketError, TimeoutError } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import type { Found, Route } from "./router.ts";
import type { ServerAddress } from "../server_address.ts";
import type { TlsOptions, Transport } from "../transport/transport.ts";
import { untilAborted } from "../waiting.ts";

/** The longest a look-up waits for its answer, in milliseconds, where the client's own times are longer. */
const LONGEST_LOOK_UP = 10_000;
/** The fewest milliseconds from one look-up to the next one that a failing server brings about. */
const REST = 1_000;

/** What discovery asks of the client that it is for. */
export interface Deployment {
  /** Whether some servers are known. */
  readonly hasServers: () => boolean;
  /**
   * Takes a list of servers.
   *
   * @returns Resolves when those that left it are left behind.
   * @throws {ValidationException} At once, when the list is invalid.
   */
  readonly setServers: (servers: readonly ServerAddress[]) => Promise<void>;
  /** How TLS is spoken with servers whose addresses do not say. */
  readonly tls: TlsOptions | undefined;
  /** Opens a socket as the client does to its servers. */
  readonly connect: (address: ServerAddress, signal: AbortSignal) => Promise<Transport>;
  /** Called with the reason when servers could not be looked up. */
  readonly failed: (error: SocketError) => void;
}

/**
 * Gives a client the servers that are discovered, and lets operations go on: at once where there are servers,
 * else when there are. The first operation has the servers looked up.
 */
export class DiscoveringRouter implements Route {
  /** An operation may go to another server, or later. */
  readonly keepsOrder = false;
  readonly #route: Route;
  readonly #deployment: Deployment;
  readonly #options: ResolvedOptions;
  readonly #discovery: Discovery;
  readonly #loop: DiscoveryLoop;
  readonly #room: WaitingRoom;
  #lastError: SocketError | undefined;
  #closed: SocketError | undefined;

  /** @param route Where operations go when servers are known. */
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
      timeout: lookUpTimeout(options),
      rest: REST,
      retryDelay: options.probeDelay,
      maxRetryDelay: options.maxProbeDelay,
      tls: deployment.tls,
      connect: (address, signal) => this.#deployment.connect(address, signal),
      isAwaited: () => this.#room.holds(1),
      found: (servers) => this.#found(servers),
      failed: (error) => this.#fail(error),
    });
  }

  /** As the router's; the command waits where no servers are known yet. */
  submit(key: string, command: Command): void {
    if (this.#begin()) return this.#route.submit(key, command);
    const deadline = this.#deadline();
    // It goes on with the time it has left, as one does whose connection is lost before it was sent.
    if (deadline < Infinity) command.turn = { deadline, hasConnected: false };
    this.#enter({
      deadline,
      get isOver() {
        return command.settled;
      },
      proceed: () => this.#proceed(key, command),
      fail: (error) => command.failForGood(error),
    });
  }

  /** As the router's, when servers are known. */
  nodes(
    server?: string | number,
    signal?: AbortSignal,
  ): readonly ServerNode[] | Promise<readonly ServerNode[]> {
    if (this.#begin()) return this.#route.nodes(server);
    return this.#ready(signal).then(() => this.#route.nodes(server));
  }

  find(key: string): Found {
    return this.#route.find(key);
  }

  /** Lets what waits go on, for the router has been given servers. */
  admit(): void {
    this.#room.admit();
  }

  /** Takes note that a server has failed: it may have left. */
  serverFailed(): void {
    this.#loop.hurry();
  }

  /** Rejects what waits, and whatever comes; resolves when the sockets of look-ups are closed. */
  async close(): Promise<void> {
    this.#closed ??= new SocketError("Cannot discover servers: the client is closed");
    this.#room.dismiss(this.#closed);
    await this.#loop.stop(this.#closed);
  }

  get #hasServers(): boolean {
    return this.#deployment.hasServers();
  }

  /** Sees to it that servers are looked up; tells whether some are known. */
  #begin(): boolean {
    if (this.#hasServers) this.#loop.start();
    return this.#hasServers;
  }

  #enter(waiter: Waiter): void {
    const { maxPending } = this.#options;
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#room.holds(maxPending)) {
      const state = `${maxPending} operations wait for it already, as many as maxPending allows`;
      throw new SocketError(`Cannot discover servers through ${this.#discovery.name}: ${state}`);
    }
    this.#room.enter(waiter);
    this.#loop.expect();
  }

  #proceed(key: string, command: Command): void {
    try {
      this.#route.submit(key, command);
    } catch (error) {
      command.failForGood(error);
    }
  }

  async #ready(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = deferred<void>();
    let isOver = false;
    this.#enter({
      deadline: this.#deadline(),
      get isOver() {
        return isOver;
      },
      proceed: resolve,
      fail: reject,
    });
    try {
      await untilAborted(promise, signal);
    } finally {
      isOver = true;
    }
  }

  #found(servers: readonly ServerAddress[]): void {
    this.#deployment.setServers(servers).catch((cause) => {
      const why = `their sockets cannot be closed: ${messageOf(cause)}`;
      this.#deployment.failed(new SocketError(`Cannot leave servers behind: ${why}`, { cause }));
    });
    this.#lastError = undefined;
    this.#room.admit();
  }

  #fail(error: SocketError): void {
    this.#lastError = error;
    this.#room.dismiss(error);
    this.#deployment.failed(error);
  }

  /** Until when what is issued now may wait for servers and a connection together. */
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

/** How many milliseconds a look-up may take: as long as connecting and one operation. */
function lookUpTimeout(options: ResolvedOptions): number {
  const { timeout, connectTimeout, timesConnectingApart } = options;
  return Math.min(timesConnectingApart ? connectTimeout + timeout : timeout, LONGEST_LOOK_UP);
}
