/** The servers of a client that is used: their connections, failover and discovery. @module */

import "../loaded_already.ts";
import type { ResolvedGutter, ResolvedOptions } from "../client_options.ts";
import { RoomCheck } from "../connection/refusals.ts";
import { cannotLoad, type SocketError } from "../errors.ts";
import { CHANNEL_NAMES, publish } from "../observation.ts";
import type { Locator } from "../routing/locator.ts";
import { type ResolvedServer, resolveServers, type ServerAddress } from "../server_address.ts";
import { chooseTls } from "../transport/tls_options.ts";
import { allEnded } from "../waiting/promises.ts";
import type { DiscoveringRouter } from "./discovering_router.ts";
import type { FailoverRouter } from "./failover_router.ts";
import type { Route } from "./route.ts";
import { Router } from "./router.ts";
import { ServerEvent } from "./server_event.ts";
import { reachOptions, type ReportServer } from "./servers.ts";
import { describeServer, type ServerStatus } from "./status.ts";

/** The router of a client, with failover and discovery in front of it. */
export class RunningFleet {
  readonly #options: ResolvedOptions;
  readonly #router: Router;
  readonly #dispatch: (event: ServerEvent) => void;
  #route: Route;
  #failover: FailoverRouter | undefined;
  #discovering: DiscoveringRouter | undefined;

  /**
   * @param servers The servers; none if they have not been discovered yet.
   * @param locator Their locator, if it has been made.
   * @param dispatch Called with the events of the servers.
   */
  constructor(
    servers: readonly ResolvedServer[],
    locator: Locator | undefined,
    options: ResolvedOptions,
    dispatch: (event: ServerEvent) => void,
  ) {
    this.#options = options;
    this.#dispatch = dispatch;
    this.#route = this.#router = new Router(servers, this.#options, this.#report, locator);
  }

  /** The route of all commands, after {@linkcode load}. */
  get route(): Route {
    return this.#route;
  }

  /**
   * Loads failover, discovery and the guard of a proxy, as far as the options ask for them.
   *
   * @returns `undefined` when nothing has to be loaded.
   */
  load(): Promise<void> | undefined {
    const { discovery, failover, retries, proxy } = this.#options;
    const isPlain = discovery === undefined && failover === "error" && retries === 0 &&
      proxy === undefined;
    return isPlain ? undefined : this.#load();
  }

  /** Counts the operations that wait for a server, or until servers are known. */
  pending(): number {
    return this.status().reduce(
      (sum, { pending }) => sum + pending,
      this.#discovering?.pending() ?? 0,
    );
  }

  /** The status of the servers and of the spare servers. */
  status(): ServerStatus[] {
    const failover = this.#failover;
    return [
      ...this.#router.members.map((member) => describeServer(member, failover?.missedOf(member))),
      ...failover?.standIns.map((member) => ({ ...describeServer(member), isGutter: true })) ?? [],
    ];
  }

  /**
   * Changes the list of servers for later operations.
   *
   * @returns Resolves when all operations on the removed servers have ended.
   * @throws {ValidationException} At once, when the locator cannot be made for them. The old list is kept then.
   */
  setServers(servers: readonly ResolvedServer[]): Promise<void> {
    const retired = this.#take(servers);
    this.#discovering?.admit();
    return retired;
  }

  /** Rejects pending and later operations; resolves when every socket is closed. */
  async close(): Promise<void> {
    await allEnded([this.#router, this.#failover, this.#discovering].map((part) => part?.close()));
  }

  #take(servers: readonly ResolvedServer[]): Promise<void> {
    const retired = this.#router.setServers(servers);
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
    publish(CHANNEL_NAMES.server, () => ({ state: type, server, error, client }));
    this.#dispatch(new ServerEvent(type, server, error, client));
  };

  /** Takes the servers that were discovered. */
  #discovered(servers: readonly ServerAddress[]): Promise<void> {
    const names = () => this.#router.members.map(({ server }) => server.name);
    const before = names();
    const retired = this.#take(resolveServers(servers, this.#options));
    publish(CHANNEL_NAMES.discovery, () => {
      const after = names();
      const added = after.filter((name) => !before.includes(name));
      const removed = before.filter((name) => !after.includes(name));
      return { added, removed, client: this.#options.counters.client };
    });
    return retired;
  }

  async #load(): Promise<void> {
    const { failover, retries, discovery, proxy } = this.#options;
    if (failover !== "error" || retries > 0) {
      const { FailoverRouter } = await import("./failover_router.ts").catch(cannotLoad);
      const gutter = typeof failover === "string" ? undefined : this.#makeGutter(failover);
      this.#route = this.#failover = new FailoverRouter(this.#router, gutter, this.#options);
    }
    if (discovery !== undefined) {
      const { DiscoveringRouter } = await import("./discovering_router.ts").catch(cannotLoad);
      this.#route = this.#discovering = new DiscoveringRouter(
        discovery,
        this.#route,
        this.#options,
        {
          hasServers: () => this.#router.members.length > 0,
          setServers: (servers) => this.#discovered(servers),
          tls: chooseTls(undefined, this.#options.tls),
          reach: (address) =>
            reachOptions(resolveServers([address], this.#options)[0]!, this.#options),
          room: new RoomCheck(this.#options),
          failed: (error: SocketError) => this.#tell("error", discovery.name, error),
        },
      );
    }
    if (proxy !== undefined) {
      const { ProxyRouter } = await import("./proxy_router.ts").catch(cannotLoad);
      this.#route = new ProxyRouter(this.#route);
    }
  }

  #makeGutter({ servers }: ResolvedGutter): Router {
    const options = { ...this.#options, failover: "error", retries: 0 } as const;
    return new Router(servers, options, this.#report);
  }
}
