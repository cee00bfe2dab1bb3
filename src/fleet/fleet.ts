/** All servers of a client, with failover and discovery, which are loaded when they are needed. @module */

import type { ClientMetrics } from "../channel_contexts.ts";
import type { ResolvedGutter, ResolvedOptions } from "../client_options.ts";
import { connect } from "../connection/connect.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { SocketError } from "../errors.ts";
import { NAMES, publish } from "../observation.ts";
import type { Command } from "../protocol/command.ts";
import { resolveServers, type ServerAddress } from "../server_address.ts";
import { chooseTls } from "../transport/tls_options.ts";
import type { Transport } from "../transport/transport.ts";
import { allEnded } from "../waiting.ts";
import type { DiscoveringRouter } from "./discovering_router.ts";
import type { FailoverRouter } from "./failover_router.ts";
import { type Found, type Route, Router } from "./router.ts";
import { dialerOf, type ReportServer } from "./servers.ts";
import { describeServer, ServerEvent, type ServerStatus } from "./status.ts";

/** Makes the router of a client, with failover and discovery in front of it. */
export class Fleet {
  /** The route of all commands. */
  readonly route: Route;
  readonly #options: ResolvedOptions;
  readonly #router: Router;
  readonly #dispatch: (event: ServerEvent) => void;
  readonly #lazy: LazyRoute | undefined;
  #failover: FailoverRouter | undefined;
  #discovering: DiscoveringRouter | undefined;

  /**
   * @param servers The caller's addresses; with discovery the list may be empty.
   * @param dispatch Called with the events of the servers.
   * @throws {ValidationException} When an address is invalid.
   */
  constructor(
    servers: ServerAddress | readonly ServerAddress[],
    options: ResolvedOptions,
    dispatch: (event: ServerEvent) => void,
  ) {
    const { discovery, failover, retries, proxy } = options;
    const isUnknown = discovery !== undefined && Array.isArray(servers) && servers.length === 0;
    const resolved = isUnknown ? [] : resolveServers(servers, options);
    this.#options = options;
    this.#dispatch = dispatch;
    this.#router = new Router(resolved, options, this.#report);
    const isPlain = discovery === undefined && failover === "error" && retries === 0 &&
      proxy === undefined;
    if (!isPlain) this.#lazy = new LazyRoute(this.#router, () => this.#load());
    this.route = this.#lazy ?? this.#router;
  }

  /** The status of the servers and of the spare servers. */
  status(): ServerStatus[] {
    const failover = this.#failover;
    const { members } = this.#router;
    return [
      ...members.map((member) => {
        return describeServer(member, { missed: failover?.missedOf(member) ?? 0, isGutter: false });
      }),
      ...failover?.standIns.map((member) => {
        return describeServer(member, { missed: 0, isGutter: true });
      }) ?? [],
    ];
  }

  /** What has been counted until now. */
  metrics(): ClientMetrics {
    const pending = this.status().reduce((sum, { pending }) => sum + pending, 0);
    return this.#options.counters.snapshot(pending);
  }

  /**
   * Changes the list of servers for later operations.
   *
   * @returns Resolves when all operations on the removed servers have ended.
   * @throws {ValidationException} When an address is invalid. The old list is kept then.
   * @throws {SocketError} When the client is closed.
   */
  async setServers(servers: ServerAddress | readonly ServerAddress[]): Promise<void> {
    const retired = this.#take(servers);
    this.#discovering?.admit();
    await retired;
  }

  /** Rejects pending and later operations; resolves when every socket is closed. */
  async close(): Promise<void> {
    const closed = this.#router.close();
    const loaded = this.#lazy?.close(new SocketError("Cannot use any server: the client is closed"))
      .then(() => allEnded([this.#failover?.close(), this.#discovering?.close()]));
    await allEnded([closed, loaded]);
  }

  #take(servers: ServerAddress | readonly ServerAddress[]): Promise<void> {
    const retired = this.#router.setServers(resolveServers(servers, this.#options));
    this.#failover?.serversChanged();
    return retired;
  }

  readonly #report: ReportServer = (type, server, error) => {
    // Before listeners are called, and before operations of the server continue on another one.
    if (type === "up" || type === "down") this.#failover?.serversChanged();
    if (error !== undefined) this.#discovering?.serverFailed();
    if (type === "reconnect") this.#options.counters.reconnects++;
    this.#tell(type, server, error);
  };

  readonly #tell: ReportServer = (type, server, error) => {
    const { client } = this.#options.counters;
    publish(NAMES.server, () => ({ state: type, server, error, client }));
    this.#dispatch(new ServerEvent(type, server, error, client));
  };

  /** Takes the servers that were discovered. */
  #discovered(servers: readonly ServerAddress[]): Promise<void> {
    const names = () => this.#router.members.map(({ server }) => server.name);
    const before = names();
    const retired = this.#take(servers);
    publish(NAMES.discovery, () => {
      const after = names();
      const added = after.filter((name) => !before.includes(name));
      const removed = before.filter((name) => !after.includes(name));
      return { added, removed, client: this.#options.counters.client };
    });
    return retired;
  }

  /** Loads failover and discovery. */
  async #load(): Promise<Route> {
    const route = await this.#loadRoute();
    if (this.#options.proxy === undefined) return route;
    const { ProxyRouter } = await import("./proxy_router.ts");
    return new ProxyRouter(route);
  }

  async #loadRoute(): Promise<Route> {
    const { failover, retries, discovery } = this.#options;
    let route: Route = this.#router;
    if (failover !== "error" || retries > 0) {
      const { FailoverRouter } = await import("./failover_router.ts");
      const gutter = typeof failover === "string" ? undefined : this.#makeGutter(failover);
      route = this.#failover = new FailoverRouter(this.#router, gutter, this.#options);
    }
    if (discovery === undefined) return route;
    const { DiscoveringRouter } = await import("./discovering_router.ts");
    return this.#discovering = new DiscoveringRouter(discovery, route, this.#options, {
      hasServers: () => this.#router.members.length > 0,
      setServers: (servers) => this.#discovered(servers),
      tls: chooseTls(undefined, this.#options.tls),
      connect: (address, signal) => this.#connect(address, signal),
      failed: (error: SocketError) => this.#tell("error", discovery.name, error),
    });
  }

  #makeGutter({ servers }: ResolvedGutter): Router {
    const options = { ...this.#options, failover: "error", retries: 0 } as const;
    return new Router(servers, options, this.#report);
  }

  async #connect(address: ServerAddress, signal: AbortSignal): Promise<Transport> {
    const [server] = resolveServers([address], this.#options);
    signal.throwIfAborted();
    const dial = dialerOf(server!, this.#options);
    const transport = await connect({ ...this.#options, server: server!.name, dial, signal });
    if (this.#options.direct) return transport;
    const { readable, writable } = transport;
    return { readable, writable, close: () => transport.close() };
  }
}

/** A command that waits for the route to be loaded. */
interface Waiting {
  readonly key: string;
  readonly command: Command;
}

/** A route whose code is loaded by the first operation. Operations wait in order until it is loaded. */
class LazyRoute implements Route {
  /** It is unknown, when an operation is submitted, when and where it will be sent. */
  readonly keepsOrder = false;
  readonly #router: Router;
  readonly #load: () => Promise<Route>;
  #loading: Promise<void> | undefined;
  #route: Route | undefined;
  #waiting: Waiting[] = [];

  /** @param router Locates keys until the route is loaded. */
  constructor(router: Router, load: () => Promise<Route>) {
    this.#router = router;
    this.#load = load;
  }

  submit(key: string, command: Command): void {
    if (this.#route !== undefined) return this.#route.submit(key, command);
    this.#waiting.push({ key, command });
    this.#ready().catch((error) => this.#giveUp(error));
  }

  nodes(
    server?: string | number,
    signal?: AbortSignal,
  ): readonly ServerNode[] | Promise<readonly ServerNode[]> {
    if (this.#route !== undefined) return this.#route.nodes(server, signal);
    return this.#ready().then(() => this.#route!.nodes(server, signal));
  }

  find(key: string): Found {
    return (this.#route ?? this.#router).find(key);
  }

  /** Rejects waiting operations; resolves when loading has ended. */
  async close(error: SocketError): Promise<void> {
    this.#giveUp(error);
    await Promise.allSettled([this.#loading]);
  }

  #ready(): Promise<void> {
    return this.#loading ??= this.#load().then((route) => {
      for (const { key, command } of this.#waiting.splice(0)) {
        if (!command.settled) submitTo(route, key, command);
      }
      this.#route = route;
    }).catch((error) => {
      // The next operation tries again.
      this.#loading = undefined;
      throw error;
    });
  }

  #giveUp(error: unknown): void {
    for (const { command } of this.#waiting.splice(0)) command.failForGood(error);
  }
}

function submitTo(route: Route, key: string, command: Command): void {
  try {
    route.submit(key, command);
  } catch (error) {
    command.failForGood(error);
  }
}
