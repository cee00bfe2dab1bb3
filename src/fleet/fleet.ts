/** The servers of a client as a whole: the list that it was given, and discovery where it has one. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { ServerNode } from "../connection/server_node.ts";
import type { Discovery } from "../discovery/discovery.ts";
import type { Command } from "../protocol/command.ts";
import type { KeyExplanation, KeyLocation } from "../routing/locator.ts";
import { resolveServers, type ServerAddress } from "../server_address.ts";
import type { DiscoveringRouter } from "./discovering_router.ts";
import { type Route, Router } from "./router.ts";
import { ServerEvent, type ServerStatus } from "./status.ts";

/** Called with what happens to the servers. */
type Dispatch = (event: ServerEvent) => void;

/** Makes the router of a client, and what discovers its servers. */
export class Fleet {
  /** Where commands are given to. */
  readonly route: Route;
  readonly #options: ResolvedOptions;
  readonly #router: Router;
  readonly #discovering: LazyDiscovery | undefined;

  /**
   * @param servers As the caller gave them; with discovery the list may be empty.
   * @throws {ValidationException} When an address is invalid.
   */
  constructor(
    servers: ServerAddress | readonly ServerAddress[],
    options: ResolvedOptions,
    dispatch: Dispatch,
  ) {
    const { discovery } = options;
    const isUnknown = discovery !== undefined && Array.isArray(servers) && servers.length === 0;
    const resolved = isUnknown ? [] : resolveServers(servers, options);
    this.#options = options;
    this.#router = new Router(resolved, options, (type, server, error) => {
      if (error !== undefined) this.#discovering?.serverFailed();
      dispatch(new ServerEvent(type, server, error));
    });
    if (discovery !== undefined) {
      this.#discovering = new LazyDiscovery(this.#router, discovery, options, dispatch);
    }
    this.route = this.#discovering ?? this.#router;
  }

  /** What is known of the servers, and of those that stand in for them. */
  status(): ServerStatus[] {
    return this.#router.status();
  }

  /**
   * Takes another list of servers for what is issued from now on.
   *
   * @returns Resolves when nothing is under way any more on the servers that left the list.
   * @throws {ValidationException} When an address is invalid; the old list stays then.
   * @throws {SocketError} When the client is closed.
   */
  async setServers(servers: ServerAddress | readonly ServerAddress[]): Promise<void> {
    const retired = this.#router.setServers(resolveServers(servers, this.#options));
    this.#discovering?.admit();
    await retired;
  }

  /** Rejects what is under way, and what comes later; resolves when every socket is closed. */
  async close(): Promise<void> {
    await Promise.all([this.#router.close(), this.#discovering?.close()]);
  }
}

/** A route through discovered servers, whose code is loaded with the first operation. */
class LazyDiscovery implements Route {
  readonly #router: Router;
  readonly #load: () => Promise<DiscoveringRouter>;
  #loading: Promise<DiscoveringRouter> | undefined;
  #loaded: DiscoveringRouter | undefined;

  constructor(router: Router, discovery: Discovery, options: ResolvedOptions, dispatch: Dispatch) {
    this.#router = router;
    this.#load = async () => {
      const { DiscoveringRouter } = await import("./discovering_router.ts");
      const failed = (error: Error & ServerEvent["error"]) =>
        dispatch(new ServerEvent("error", discovery.name, error));
      return this.#loaded = new DiscoveringRouter(discovery, router, options, failed);
    };
  }

  submit(key: string, command: Command, signal: AbortSignal | undefined): void {
    if (this.#loaded !== undefined) return this.#loaded.submit(key, command, signal);
    signal?.throwIfAborted();
    this.#ready().then((route) => route.submit(key, command, signal))
      .catch((error) => command.abandon(error));
  }

  async askAll<Result>(
    make: () => Command<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result[]> {
    // Not a turn later than it has to be, so that what is issued in one turn leaves together.
    return await (this.#loaded ?? await this.#ready()).askAll(make, signal);
  }

  nodes(
    server?: string | number,
    signal?: AbortSignal,
  ): readonly ServerNode[] | Promise<readonly ServerNode[]> {
    if (this.#loaded !== undefined) return this.#loaded.nodes(server, signal);
    return this.#ready().then((route) => route.nodes(server, signal));
  }

  locate(key: string): KeyLocation {
    return this.#router.locate(key);
  }

  explain(key: string): KeyExplanation {
    return this.#router.explain(key);
  }

  /** Lets what waits for servers go on, for the router has been given some. */
  admit(): void {
    this.#loaded?.admit();
  }

  /** Takes note that a server has failed: it may have left. */
  serverFailed(): void {
    this.#loaded?.serverFailed();
  }

  async close(): Promise<void> {
    // What is not loaded by now is closed before it has begun.
    await (await this.#ready()).close();
  }

  #ready(): Promise<DiscoveringRouter> {
    return this.#loading ??= this.#load();
  }
}
