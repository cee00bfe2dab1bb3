/** The servers of a client. What serves its operations is loaded by the first operation. @module */

import type { ClientMetrics } from "../channel_contexts.ts";
import type { ResolvedOptions } from "../client_options.ts";
import { SocketError } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import type { Locator } from "../routing/locator.ts";
import { type ResolvedServer, resolveServers, type ServerAddress } from "../server_address.ts";
import { lazily, untilAborted } from "../waiting.ts";
import type { Found, Route, UseNodes } from "./route.ts";
import type { RunningFleet } from "./running_fleet.ts";
import type { ServerEvent } from "./server_event.ts";
import {
  chooseServers,
  type Listed,
  makeLocator,
  memberOf,
  requireLocator,
} from "./distribution.ts";
import { describeServer, type ServerStatus } from "./status.ts";

/** The module, as soon as it is loaded: clients that are made later do not wait for it. */
let loaded: typeof import("./running_fleet.ts") | undefined;
const load = /* @__PURE__ */ lazily(async () => {
  return loaded = await import("./running_fleet.ts");
});

/** What a {@linkcode RunningFleet} is made of. */
type FleetParts = ConstructorParameters<typeof RunningFleet>;

/** Something that waits until operations are served. */
interface Waiting {
  /** How many operations wait for servers with it. */
  pending(): number;
  /** Continues. What it throws is given to {@linkcode fail}. */
  proceed(fleet: RunningFleet): void;
  fail(error: unknown): void;
}

/**
 * The list of a client's servers, and the route of its operations. Until the code is loaded that serves them, they wait
 * in the order in which they were issued.
 */
export class Fleet implements Route {
  readonly #options: ResolvedOptions;
  readonly #dispatch: (event: ServerEvent) => void;
  /** The servers, until the client is used. */
  #servers: readonly ResolvedServer[] = [];
  /** Their locator; absent without servers. */
  #locator: Locator | undefined;
  #running: RunningFleet | undefined;
  /** The route; absent before the first operation, and until what that loads is there. */
  #route: Route | undefined;
  #loading: Promise<void> | undefined;
  #waiting: Waiting[] = [];
  #closed: SocketError | undefined;

  /**
   * @param servers The caller's addresses; with discovery the list may be empty.
   * @param dispatch Called with the events of the servers.
   * @throws {ValidationException} When an address is invalid, or the option `locator` makes no locator.
   */
  constructor(
    servers: ServerAddress | readonly ServerAddress[],
    options: ResolvedOptions,
    dispatch: (event: ServerEvent) => void,
  ) {
    this.#options = options;
    this.#dispatch = dispatch;
    const isUnknown = options.discovery !== undefined && Array.isArray(servers) &&
      servers.length === 0;
    if (!isUnknown) this.#take(resolveServers(servers, options));
  }

  /** Unknown until it is known where operations will be sent. */
  get keepsOrder(): boolean {
    return this.#route?.keepsOrder ?? false;
  }

  submit(key: string, command: Command): void {
    const route = this.#route ?? this.#start();
    if (route !== undefined) return route.submit(key, command);
    // Until then, this counts a failure. The server that gets the command sets its own observer.
    command.observer = { decoding() {}, failed: (error) => this.#options.counters.failed(error) };
    this.#waiting.push({
      pending: () => Number(!command.settled),
      proceed: ({ route }) => {
        if (!command.settled) route.submit(key, command);
      },
      fail: (error) => command.refuse(error),
    });
  }

  withNodes<Result>(
    use: UseNodes<Result>,
    server?: string | number,
    signal?: AbortSignal,
  ): Result | Promise<Result> {
    if (this.#route !== undefined) return this.#route.withNodes(use, server, signal);
    const chosen = this.#servers.length > 0 ? chooseServers(this.#listed, server).length : 1;
    return untilAborted(
      new Promise((resolve, reject) =>
        this.#whenReady({
          pending: () => signal?.aborted ? 0 : chosen,
          proceed: ({ route }) => resolve(route.withNodes(use, server, signal)),
          fail: reject,
        })
      ),
      signal,
    );
  }

  find(key: string): Found {
    if (this.#route !== undefined) return this.#route.find(key);
    const members = this.#listed;
    const distribution = { members, locator: requireLocator(this.#locator) };
    const member = memberOf(key, distribution);
    return { member, distribution, index: members.indexOf(member) };
  }

  /** The status of the servers and of the spare servers. */
  status(): ServerStatus[] {
    if (this.#route !== undefined && this.#running !== undefined) return this.#running.status();
    return this.#listed.map((member) => describeServer(member));
  }

  /** What has been counted until now. */
  metrics(): ClientMetrics {
    const known = this.#running?.pending() ?? 0;
    return this.#options.counters.snapshot(
      this.#waiting.reduce((sum, waiting) => sum + waiting.pending(), known),
    );
  }

  /**
   * Changes the list of servers for later operations.
   *
   * @returns Resolves when all operations on the removed servers have ended.
   * @throws {ValidationException} When an address is invalid. The old list is kept then.
   * @throws {SocketError} When the client is closed.
   */
  async setServers(servers: ServerAddress | readonly ServerAddress[]): Promise<void> {
    const resolved = resolveServers(servers, this.#options);
    if (this.#closed !== undefined) {
      throw new SocketError("Cannot set servers: the client is closed");
    }
    if (this.#route !== undefined) return await this.#running?.setServers(resolved);
    this.#take(resolved);
    if (this.#loading === undefined) return;
    // Operations that wait already belong to the servers before.
    await new Promise<void>((resolve, reject) =>
      this.#whenReady({
        pending: () => 0,
        proceed: (fleet) => resolve(fleet.setServers(resolved)),
        fail: (error) => error === this.#closed ? reject(error) : resolve(),
      })
    );
  }

  /** Rejects pending and later operations with an error; resolves when every socket is closed. */
  async close(error: SocketError): Promise<void> {
    const closed = this.#closed ??= error;
    const ended = this.#running?.close();
    this.#dismiss(closed);
    await ended;
  }

  get #listed(): readonly Listed[] {
    return this.#servers.map((server) => ({ server }));
  }

  #take(servers: readonly ResolvedServer[]): void {
    this.#locator = makeLocator(servers, this.#options);
    this.#servers = servers;
  }

  /** Lets something continue when operations are served: at once, or in the order of the calls. */
  #whenReady(waiting: Waiting): void {
    this.#start();
    this.#waiting.push(waiting);
    if (this.#route !== undefined && this.#running !== undefined) this.#proceed(this.#running);
  }

  /** Begins to serve operations. Returns the route, if nothing has to be loaded for it. */
  #start(): Route | undefined {
    if (this.#route !== undefined) return this.#route;
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#loading !== undefined) return undefined;
    // The list as it is now: a waiting change of it comes in its turn.
    const own: FleetParts = [this.#servers, this.#locator, this.#options, this.#dispatch];
    if (loaded !== undefined) {
      const running = this.#running = new loaded.RunningFleet(...own);
      const loading = running.load();
      if (loading === undefined) return this.#route = running.route;
      this.#hold(loading.then(() => running));
    } else this.#hold(this.#load(own));
    return undefined;
  }

  async #load(own: FleetParts): Promise<RunningFleet> {
    const { RunningFleet } = await load();
    const running = this.#running = new RunningFleet(...own);
    await running.load();
    return running;
  }

  #hold(loading: Promise<RunningFleet>): void {
    this.#loading = loading.then((running) => {
      // A client that was closed meanwhile has opened nothing, and never will.
      if (this.#closed !== undefined) return;
      this.#proceed(running);
      this.#route = running.route;
    }, (error) => {
      // The next operation tries again.
      this.#running = this.#loading = undefined;
      this.#dismiss(error);
    });
  }

  #proceed(running: RunningFleet): void {
    // Those that are added meanwhile come after the others.
    while (this.#waiting.length > 0) {
      for (const waiting of this.#waiting.splice(0)) {
        try {
          waiting.proceed(running);
        } catch (error) {
          waiting.fail(error);
        }
      }
    }
  }

  #dismiss(error: unknown): void {
    for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
  }
}
