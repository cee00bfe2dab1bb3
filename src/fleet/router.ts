/** From keys to servers. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { quote, SocketError, ValidationException } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import type { Locator } from "../routing/locator.ts";
import type { ResolvedServer } from "../server_address.ts";
import { lazily } from "../waiting.ts";
import { type Member, type ReportServer, Servers } from "./servers.ts";

const migration = /* @__PURE__ */ lazily(() => import("./migration.ts"));

/** Gives commands to servers. */
export interface Route {
  /** Whether operations on a key are carried out in the order in which they are submitted. */
  readonly keepsOrder: boolean;
  /**
   * Gives a command to the server of a key.
   *
   * @throws {ValidationException} When the locator has no server for the key.
   * @throws {SocketError} When that server takes no more.
   */
  submit(key: string, command: Command): void;
  /**
   * The servers, or one of them; a promise where they are not known yet.
   *
   * @param server Its name, or its index in the list that the client was given.
   * @param signal Ends the waiting for them.
   * @throws {ValidationException} When there is no such server.
   */
  nodes(
    server?: string | number,
    signal?: AbortSignal,
  ): readonly ServerNode[] | Promise<readonly ServerNode[]>;
  /**
   * Finds where a key lives, without sending anything.
   *
   * @throws {ValidationException} When the locator has no server for it.
   * @throws {SocketError} When there is no server.
   */
  find(key: string): Found;
}

/** The servers that keys are spread over, and how. */
export interface Spread {
  readonly members: readonly Member[];
  readonly locator: Locator;
}

/** Where a key lives. */
export interface Found {
  readonly member: Member;
  /** The servers that it was chosen from. */
  readonly spread: Spread;
  /** The index of its server in the list that the client has at present. */
  readonly index: number;
}

/** Gives commands to the servers that their keys live on, and to no others. */
export class Router implements Route {
  readonly #options: ResolvedOptions;
  readonly #servers: Servers;
  /** Spreads the keys over the servers; absent as long as there are none. */
  #locator: Locator | undefined;

  /** @param report Called with what happens to the servers. */
  constructor(
    servers: readonly ResolvedServer[],
    options: ResolvedOptions,
    report: ReportServer,
  ) {
    this.#options = options;
    this.#servers = new Servers(options, report);
    // Without any, they are yet to be discovered.
    if (servers.length > 0) this.#take(servers);
  }

  /** The servers, in the order of the list. */
  get members(): readonly Member[] {
    return this.#servers.members;
  }

  get keepsOrder(): boolean {
    return this.#options.connections === 1 && this.#locator?.locateFormer === undefined;
  }

  /** Whether the router takes nothing any more. */
  get isClosed(): boolean {
    return this.#servers.isClosed;
  }

  /**
   * What spreads the keys over the servers.
   *
   * @throws {SocketError} When there are no servers yet.
   */
  get locator(): Locator {
    if (this.#locator !== undefined) return this.#locator;
    throw new SocketError("Cannot use any server: none has been discovered yet");
  }

  /**
   * Takes another list of servers for what comes from now on; what is under way ends where it began.
   *
   * @returns Resolves when it has ended on the servers that left the list.
   * @throws {ValidationException} At once, when the locator cannot be made of them; the old ones stay.
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
    // Nearly always: this is done for every command.
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
    const shown = typeof server === "number" ? `${server}` : quote(server);
    const why = "it is neither the name nor the index of one of the client's";
    throw new ValidationException(`Cannot use server ${shown}: ${why}`, server);
  }

  /**
   * Makes what spreads the keys over some servers.
   *
   * @throws {ValidationException} When the option `locator` does not make one.
   */
  makeLocator(servers: readonly ResolvedServer[]): Locator {
    const { locator } = this.#options;
    // Of what a server is dialled with, certificates and passwords too, a locator learns nothing.
    const made = locator(servers.map(({ name, weight }) => ({ name, weight })));
    if (typeof made?.locate === "function") return made;
    throw new ValidationException("Cannot use locator: it made no object with locate", locator);
  }

  /**
   * The server of a key.
   *
   * @param spread Over which servers the keys are spread, and how.
   * @throws {ValidationException} When the locator has none for it.
   */
  memberOf(key: string, { members, locator }: Spread = this): Member {
    const at = locator.locate(key);
    const member = typeof at === "number" ? members[at] : undefined;
    if (member !== undefined) return member;
    const why = "the locator gave no index of the server list";
    throw new ValidationException(`Cannot find the server of key "${key}": ${why}`, key);
  }

  /** Gives a command to a server, and takes care of the one that its key moves from. */
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

  /** Rejects all that is under way, and what comes later; resolves when every socket is closed. */
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
