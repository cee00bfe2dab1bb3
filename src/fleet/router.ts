/** Routes commands to the servers of their keys. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { SocketError } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import type { Locator } from "../routing/locator.ts";
import type { ResolvedServer } from "../server_address.ts";
import { lazily } from "../waiting.ts";
import type { Found, Route, UseNodes } from "./route.ts";
import {
  chooseServers,
  type Distribution,
  makeLocator,
  memberOf,
  requireLocator,
} from "./distribution.ts";
import { type Member, type ReportServer, Servers } from "./servers.ts";

const migration = /* @__PURE__ */ lazily(() => import("./migration.ts"));

/** Sends commands to the servers of their keys only, without failover. */
export class Router implements Route {
  readonly #options: ResolvedOptions;
  readonly #servers: Servers;
  /** The locator of the servers; absent while there are none. */
  #locator: Locator | undefined;

  /**
   * @param report Called with the events of the servers.
   * @param locator The locator of the servers, if it has been made.
   */
  constructor(
    servers: readonly ResolvedServer[],
    options: ResolvedOptions,
    report: ReportServer,
    locator?: Locator,
  ) {
    this.#options = options;
    this.#servers = new Servers(options, report);
    // Without any, they have not been discovered yet.
    if (servers.length > 0) this.#take(servers, locator);
  }

  /** The servers, in the order of the list. */
  get members(): readonly Member[] {
    return this.#servers.members;
  }

  get keepsOrder(): boolean {
    return this.#options.connections === 1 && this.#locator?.locateFormer === undefined;
  }

  /** Whether the router is closed. */
  get isClosed(): boolean {
    return this.#servers.isClosed;
  }

  /**
   * The locator of the servers. With {@linkcode members}, it makes the router a distribution of keys.
   *
   * @throws {SocketError} When there are no servers yet.
   */
  get locator(): Locator {
    return requireLocator(this.#locator);
  }

  /**
   * Changes the list of servers for later commands. Pending commands end on their servers.
   *
   * @returns Resolves when all commands on the removed servers have ended.
   * @throws {ValidationException} At once, when the locator cannot be made for them. The old list is kept then.
   * @throws {SocketError} At once, when the router is closed.
   */
  setServers(servers: readonly ResolvedServer[]): Promise<void> {
    if (this.isClosed) throw new SocketError("Cannot set servers: the client is closed");
    return this.#servers.retire(this.#take(servers));
  }

  submit(key: string, command: Command): void {
    const { locator } = this;
    if (locator.locateFormer !== undefined) {
      return this.submitTo(this.memberOf(key), key, command);
    }
    // The usual case first, because this runs for every command.
    const at = locator.locate(key);
    const member = typeof at === "number" ? this.#servers.members[at] : undefined;
    (member ?? this.memberOf(key)).node.submit(command);
  }

  find(
    key: string,
    distribution: Distribution<Member> = this,
    member: Member = this.memberOf(key),
  ): Found {
    return { member, distribution, index: this.members.indexOf(member) };
  }

  withNodes<Result>(use: UseNodes<Result>, server?: string | number): Result | Promise<Result> {
    return use(chooseServers(this.members, server).map(({ node }) => node));
  }

  /**
   * Makes the distribution of keys over some servers.
   *
   * @throws {ValidationException} When the option `locator` does not make a locator.
   */
  makeLocator(servers: readonly ResolvedServer[]): Locator {
    return makeLocator(servers, this.#options);
  }

  /**
   * Finds the server of a key.
   *
   * @param distribution The distribution of keys.
   * @throws {ValidationException} When the locator has no server for the key.
   */
  memberOf(key: string, distribution: Distribution<Member> = this): Member {
    return memberOf(key, distribution);
  }

  /** Sends a command to a server, and to the former server if its key moves. */
  submitTo(
    { node }: Member,
    key: string,
    command: Command,
    distribution: Distribution<Member> = this,
  ): void {
    const former = distribution.members[distribution.locator.locateFormer?.(key) ?? -1]?.node;
    if (former === undefined || former === node) return node.submit(command);
    migration().then(({ submitMoving }) => {
      submitMoving(key, command, {
        next: (command) => node.submit(command),
        former: (command) => former.submit(command),
        formerNode: former,
        options: this.#options,
      });
    }).catch((error) => command.failForGood(error));
  }

  /** Rejects pending and later commands; resolves when every socket is closed. */
  async close(): Promise<void> {
    await this.#servers.close();
  }

  #take(
    servers: readonly ResolvedServer[],
    locator: Locator = this.makeLocator(servers),
  ): Iterable<ServerNode> {
    const leaving = this.#servers.change(servers);
    this.#locator = locator;
    return leaving;
  }
}
