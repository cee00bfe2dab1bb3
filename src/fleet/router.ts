/** Routes commands to the servers of their keys. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { SocketError, ValidationException } from "../errors.ts";
import { show } from "../option_checks.ts";
import type { Command } from "../protocol/command.ts";
import type { Locator } from "../routing/locator.ts";
import type { ResolvedServer } from "../server_address.ts";
import { lazily } from "../waiting.ts";
import { type Member, type ReportServer, Servers } from "./servers.ts";

const migration = /* @__PURE__ */ lazily(() => import("./migration.ts"));

/** Sends commands to servers. */
export interface Route {
  /** Whether operations on a key are executed in the order in which they are submitted. */
  readonly keepsOrder: boolean;
  /**
   * Sends a command to the server of a key.
   *
   * @throws {ValidationException} When the locator has no server for the key.
   * @throws {SocketError} When that server accepts no more commands.
   */
  submit(key: string, command: Command): void;
  /**
   * The servers, or one of them; a promise if they are not known yet.
   *
   * @param server Its name, or its index in the client's list.
   * @param signal Ends the wait for them.
   * @throws {ValidationException} When the server is not in the list.
   */
  nodes(
    server?: string | number,
    signal?: AbortSignal,
  ): readonly ServerNode[] | Promise<readonly ServerNode[]>;
  /**
   * Finds the server of a key, without sending anything.
   *
   * @throws {ValidationException} When the locator has no server for the key.
   * @throws {SocketError} When there is no server.
   */
  find(key: string): Found;
}

/** A distribution of keys: the servers and their locator. */
export interface Spread {
  readonly members: readonly Member[];
  readonly locator: Locator;
}

/** Finds the server of a key. */
export interface Found {
  readonly member: Member;
  /** The distribution that it was chosen from. */
  readonly spread: Spread;
  /** The index of its server in the client's current list. */
  readonly index: number;
}

/** Sends commands to the servers of their keys only, without failover. */
export class Router implements Route {
  readonly #options: ResolvedOptions;
  readonly #servers: Servers;
  /** The distribution of keys; absent while there are no servers. */
  #locator: Locator | undefined;

  /** @param report Called with the events of the servers. */
  constructor(
    servers: readonly ResolvedServer[],
    options: ResolvedOptions,
    report: ReportServer,
  ) {
    this.#options = options;
    this.#servers = new Servers(options, report);
    // Without any, they have not been discovered yet.
    if (servers.length > 0) this.#take(servers);
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
   * The distribution of keys.
   *
   * @throws {SocketError} When there are no servers yet.
   */
  get locator(): Locator {
    if (this.#locator !== undefined) return this.#locator;
    throw new SocketError("Cannot use any server: none has been discovered yet");
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

  find(key: string, spread: Spread = this, member: Member = this.memberOf(key)): Found {
    return { member, spread, index: this.members.indexOf(member) };
  }

  nodes(server?: string | number): readonly ServerNode[] {
    const nodes = this.members.map(({ node }) => node);
    if (server === undefined) return nodes;
    const node = nodes.find(({ name }, i) => name === server || i === server);
    if (node !== undefined) return [node];
    const why = "it is neither the name nor the index of one of the client's";
    throw new ValidationException(`Cannot use server ${show(server)}: ${why}`, server);
  }

  /**
   * Makes the distribution of keys over some servers.
   *
   * @throws {ValidationException} When the option `locator` does not make a locator.
   */
  makeLocator(servers: readonly ResolvedServer[]): Locator {
    const { locator } = this.#options;
    // A locator does not get certificates and passwords.
    const made = locator(servers.map(({ name, weight }) => ({ name, weight })));
    if (typeof made?.locate === "function") return made;
    throw new ValidationException("Cannot use locator: it made no object with locate", locator);
  }

  /**
   * Finds the server of a key.
   *
   * @param spread The distribution of keys.
   * @throws {ValidationException} When the locator has no server for the key.
   */
  memberOf(key: string, { members, locator }: Spread = this): Member {
    const at = locator.locate(key);
    const member = typeof at === "number" ? members[at] : undefined;
    if (member !== undefined) return member;
    const why = "the locator gave no index of the server list";
    throw new ValidationException(`Cannot find the server of key "${key}": ${why}`, key);
  }

  /** Sends a command to a server, and to the former server if its key moves. */
  submitTo({ node }: Member, key: string, command: Command, spread: Spread = this): void {
    const former = spread.members[spread.locator.locateFormer?.(key) ?? -1]?.node;
    if (former === undefined || former === node) return node.submit(command);
    migration().then(({ submitMoving }) => {
      submitMoving(key, command, {
        next: (command) => node.submit(command),
        former: (command) => former.submit(command),
        formerNode: former,
        dialect: this.#options.dialect,
      });
    }).catch((error) => command.failForGood(error));
  }

  /** Rejects pending and later commands; resolves when every socket is closed. */
  async close(): Promise<void> {
    await this.#servers.close();
  }

  #take(servers: readonly ResolvedServer[]): Iterable<ServerNode> {
    const locator = this.makeLocator(servers);
    const leaving = this.#servers.change(servers);
    this.#locator = locator;
    return leaving;
  }
}
