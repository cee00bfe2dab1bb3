/** The servers of a client. What serves operations is loaded by the first one. @module */

import type { ClientMetrics } from "../channel_contexts.ts";
import type { ResolvedOptions } from "../client_options.ts";
import { SocketError } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import type { Locator } from "../routing/locator.ts";
import { type ResolvedServer, resolveServers, type ServerAddress } from "../server_address.ts";
import { allEnded, lazily } from "../waiting.ts";
import type { Found, Route, UseNodes } from "./route.ts";
import type { RunningFleet } from "./running_fleet.ts";
import type { ServerEvent } from "./server_event.ts";
import { choose, known, type Listed, makeLocator, memberOf } from "./distribution.ts";
import { describeServer, type ServerStatus } from "./status.ts";

/** The module, as soon as it is loaded: clients that are made later do not wait for it. */
let loaded: typeof import("./running_fleet.ts") | undefined;
const load = /* @__PURE__ */ lazily(async () => loaded = await import("./running_fleet.ts"));

/** Something that waits until operations are served. */
interface Waiting {
  /** The command that waits, if it is one. */
  readonly command?: Command;
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
  /** The servers until they are used. */
  #servers: readonly ResolvedServer[] = [];
  /** Their locator; absent without servers. */
  #locator: Locator | undefined;
  #running: RunningFleet | undefined;
  /** The route; absent while something is loaded. */
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
    if (!isUnknown) this.#place(resolveServers(servers, options));
  }

  /** Unknown until it is known where operations will be sent. */
  get keepsOrder(): boolean {
    return this.#route?.keepsOrder ?? false;
  }

  submit(key: string, command: Command): void {
    const route = this.#route ?? this.#start();
    if (route !== undefined) return route.submit(key, command);
    this.#waiting.push({
      command,
      proceed: ({ route }) => {
        if (!command.settled) route.submit(key, command);
      },
      fail: (error) => command.failForGood(error),
    });
  }

  withNodes<Result>(
    use: UseNodes<Result>,
    server?: string | number,
    signal?: AbortSignal,
  ): Result | Promise<Result> {
    if (this.#route !== undefined) return this.#route.withNodes(use, server, signal);
    if (this.#servers.length > 0) choose(this.#listed, server);
    return this.#whenReady(({ route }) => route.withNodes(use, server, signal));
  }

  find(key: string): Found {
    if (this.#route !== undefined) return this.#route.find(key);
    const members = this.#listed;
    const distribution = { members, locator: known(this.#locator) };
    const member = memberOf(key, distribution);
    return { member, distribution, index: members.indexOf(member) };
  }

  /** The status of the servers and of the spare servers. */
  status(): ServerStatus[] {
    return this.#running?.status() ?? this.#listed.map((member) => describeServer(member));
  }

  /** What has been counted until now. */
  metrics(): ClientMetrics {
    const waiting = this.#waiting.filter(({ command }) => command?.settled === false).length;
    const pending = this.status().reduce((sum, { pending }) => sum + pending, waiting);
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
    const resolved = resolveServers(servers, this.#options);
    if (this.#closed !== undefined) {
      throw new SocketError("Cannot set servers: the client is closed");
    }
    if (this.#loading === undefined && this.#running === undefined) return this.#place(resolved);
    await this.#whenReady((fleet) => fleet.setServers(resolved));
  }

  /** Rejects pending and later operations; resolves when every socket is closed. */
  async close(): Promise<void> {
    const closed = this.#closed ??= new SocketError("Cannot use any server: the client is closed");
    const ended = this.#running?.close();
    this.#dismiss(closed);
    await allEnded([ended, this.#closeLoaded()]);
  }

  /** Closes what is still being loaded. */
  async #closeLoaded(): Promise<void> {
    if (this.#loading === undefined) return;
    await this.#loading;
    await this.#running?.close();
  }

  get #listed(): readonly Listed[] {
    return this.#servers.map((server) => ({ server }));
  }

  #place(servers: readonly ResolvedServer[]): void {
    this.#locator = makeLocator(servers, this.#options);
    this.#servers = servers;
  }

  /** Calls back when operations are served: at once, or in the order of the calls. */
  #whenReady<Result>(
    proceed: (fleet: RunningFleet) => Result | Promise<Result>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#route !== undefined || this.#start() !== undefined) {
        resolve(proceed(this.#running!));
      } else this.#waiting.push({ proceed: (fleet) => resolve(proceed(fleet)), fail: reject });
    });
  }

  /** Begins to serve operations. Returns the route, if nothing has to be loaded for it. */
  #start(): Route | undefined {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#loading !== undefined) return undefined;
    const opening = loaded === undefined
      ? load().then((all) => this.#open(all))
      : this.#open(loaded);
    if (opening === undefined) return this.#route = this.#running!.route;
    this.#loading = opening.then(() => this.#proceed(), (error) => {
      // The next operation tries again.
      this.#loading = undefined;
      this.#dismiss(error);
    });
    return undefined;
  }

  #open({ RunningFleet }: NonNullable<typeof loaded>): Promise<void> | undefined {
    const own = [this.#servers, this.#locator, this.#options, this.#dispatch] as const;
    this.#running ??= new RunningFleet(...own);
    return this.#running.load();
  }

  #proceed(): void {
    const running = this.#running!;
    // Those that are added meanwhile come after the others.
    for (const waiting of this.#waiting) {
      try {
        waiting.proceed(running);
      } catch (error) {
        waiting.fail(error);
      }
    }
    this.#waiting = [];
    this.#loading = undefined;
    this.#route = running.route;
  }

  #dismiss(error: unknown): void {
    for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
  }
}
