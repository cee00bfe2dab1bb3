/** From keys to servers. @module */

import { watchSignal } from "./abort_watch.ts";
import type { ResolvedOptions } from "../client_options.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { quote, SocketError, ValidationException } from "../errors.ts";
import type { Command, LimitExptime } from "../protocol/command.ts";
import { limitExptime } from "../protocol/exptime.ts";
import { type KeyExplanation, type KeyLocation, UNEXPLAINED } from "../routing/locator.ts";
import type { Locator } from "../routing/locator.ts";
import type { ResolvedServer } from "../server_address.ts";
import { type Alternatives, surviveFailures } from "./failover.ts";
import { type Member, type ReportServer, Servers } from "./servers.ts";
import { describeServer, type ServerStatus } from "./status.ts";

/** Gives commands to servers. */
export interface Route {
  /**
   * Gives a command to the server of a key.
   *
   * @param signal The caller's, which ends the operation.
   * @throws {ValidationException} When the locator has no server for the key.
   * @throws {SocketError} When that server takes no more.
   */
  submit(key: string, command: Command, signal: AbortSignal | undefined): void;
  /** Gives each server a command of its own; resolves to their results in the servers' order. */
  askAll<Result>(
    make: () => Command<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result[]>;
  /**
   * The servers, or one of them; a promise where they are not known yet.
   *
   * @param server Its name, or its index in the list that the client was given.
   * @throws {ValidationException} When there is no such server.
   */
  nodes(
    server?: string | number,
    signal?: AbortSignal,
  ): readonly ServerNode[] | Promise<readonly ServerNode[]>;
  /**
   * Tells which server a key lives on.
   *
   * @throws {ValidationException} When the locator has no server for it.
   * @throws {SocketError} When there is no server.
   */
  locate(key: string): KeyLocation;
  /**
   * Tells which server a key lives on, and why.
   *
   * @throws {ValidationException} When the locator has no server for it.
   * @throws {SocketError} When there is no server.
   */
  explain(key: string): KeyExplanation;
}

/** The servers that keys are spread over at present. */
interface Spread {
  readonly members: readonly Member[];
  readonly locator: Locator;
  /** Whether a command goes to its key's server, and its failure is nobody's business but its caller's. */
  readonly isPlain: boolean;
}

/** Servers that stand in for others that are down, and the lifetimes they allow. */
interface StandIns {
  readonly router: Router;
  readonly limit: LimitExptime;
}

/** Gives commands to the servers that their keys live on. */
export class Router implements Route {
  readonly #options: ResolvedOptions;
  readonly #report: ReportServer;
  readonly #servers: Servers;
  readonly #gutter: StandIns | undefined;
  /** Over all servers, whether they are down or not. */
  #whole: Spread | undefined;
  /** Over those that take part; absent until it is needed again. */
  #spread: Spread | undefined;
  /** How many operations on each server were turned into misses, or dropped. */
  readonly #missed = new Map<string, number>();

  /** @param report Called with what happens to the servers. */
  constructor(
    servers: readonly ResolvedServer[],
    options: ResolvedOptions,
    report: ReportServer,
  ) {
    this.#options = options;
    this.#report = report;
    this.#servers = new Servers(options, (type, server, error) => {
      // Before listeners are called, and before operations of the server go on elsewhere. The next
      // operation makes the spread: what a locator throws is not for the connection that just ends.
      if (type === "up" || type === "down") this.#spread = undefined;
      report(type, server, error);
    });
    this.#gutter = this.#makeGutter();
    // Without any, they are yet to be discovered.
    if (servers.length > 0) this.#take(servers);
  }

  /** The servers, in the order of the list. */
  get members(): readonly Member[] {
    return this.#servers.members;
  }

  /** What is known of the servers, and then of those that stand in for them. */
  status(): ServerStatus[] {
    const describe = (isGutter: boolean) => (member: Member) =>
      describeServer(member, { missed: this.#missed.get(member.server.name) ?? 0, isGutter });
    const gutter = this.#gutter?.router.members ?? [];
    return [...this.members.map(describe(false)), ...gutter.map(describe(true))];
  }

  /**
   * Takes another list of servers for whatever comes from now on; what is under way ends where it began.
   *
   * @returns Resolves when it has ended on the servers that left the list.
   * @throws {ValidationException} At once, when the locator cannot be made of them; the old ones stay.
   * @throws {SocketError} At once, when the router is closed.
   */
  setServers(servers: readonly ResolvedServer[]): Promise<void> {
    if (this.#servers.isClosed) throw new SocketError("Cannot set servers: the client is closed");
    return this.#servers.retire(this.#take(servers));
  }

  submit(key: string, command: Command, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    const { isPlain } = this.#spread ??= this.#makeSpread();
    if (isPlain) this.#memberOf(key).node.submit(command);
    else this.#submitWithFailover(key, command);
    if (signal !== undefined) watchSignal(signal, command);
  }

  locate(key: string): KeyLocation {
    const member = this.#memberOf(key);
    return { key, server: member.server.name, index: this.members.indexOf(member) };
  }

  explain(key: string): KeyExplanation {
    const where = this.locate(key);
    const { members, locator } = this.#spread!;
    const member = this.members[where.index];
    const explanation = members[locator.locate(key)] === member
      ? locator.explain?.(key) ?? UNEXPLAINED
      : { ...UNEXPLAINED, why: "its own server is down" };
    // Twice, so that it comes first where it is printed and stays true whatever the locator adds.
    return { ...where, ...explanation, ...where };
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

  askAll<Result>(
    make: () => Command<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result[]> {
    return Promise.all(this.members.map(({ node }) =>
      new Promise<Result>((resolve, reject) => {
        signal?.throwIfAborted();
        const command = make().settleBy(resolve, reject);
        node.submit(command);
        if (signal !== undefined) watchSignal(signal, command);
      })
    ));
  }

  /** Rejects all that is under way, and whatever comes; resolves when every socket is closed. */
  async close(): Promise<void> {
    await Promise.all([this.#servers.close(), this.#gutter?.router.close()]);
  }

  #take(servers: readonly ResolvedServer[]): Iterable<ServerNode> {
    const locator = this.#makeLocator(servers);
    const leaving = this.#servers.change(servers);
    this.#whole = this.#spreadOver(this.members, locator);
    this.#spread = undefined;
    return leaving;
  }

  #makeGutter(): StandIns | undefined {
    const { failover } = this.#options;
    if (typeof failover === "string") return undefined;
    const { servers, maxExptime } = failover;
    const options = { ...this.#options, failover: "error", retries: 0 } as const;
    return {
      router: new Router(servers, options, this.#report),
      limit: (exptime) => limitExptime(exptime, maxExptime, Date.now()),
    };
  }

  #makeLocator(servers: readonly ResolvedServer[]): Locator {
    const { locator } = this.#options;
    // Of what a server is dialled with, certificates and passwords too, a locator learns nothing.
    const made = locator(servers.map(({ name, weight }) => ({ name, weight })));
    if (typeof made?.locate === "function") return made;
    throw new ValidationException("Cannot use locator: it made no object with locate", locator);
  }

  /** Spreads the keys over the servers; where they fail over to one another, over those that are not down. */
  #makeSpread(): Spread {
    if (this.#whole === undefined) {
      throw new SocketError("Cannot use any server: none has been discovered yet");
    }
    const { members, locator } = this.#whole;
    const up = members.filter((member) => !this.#hasLeft(member));
    if (up.length === 0) throw this.#noServer(`all ${members.length} are down`);
    if (up.length === members.length || locator.locateUp !== undefined) return this.#whole;
    return this.#spreadOver(up, this.#makeLocator(up.map(({ server }) => server)));
  }

  #spreadOver(members: readonly Member[], locator: Locator): Spread {
    const { failover, retries } = this.#options;
    const isMoving = locator.locateFormer !== undefined;
    return { members, locator, isPlain: failover === "error" && retries === 0 && !isMoving };
  }

  #hasLeft({ node }: Member): boolean {
    return this.#options.failover === "remove" && node.isDown;
  }

  #memberOf(key: string): Member {
    const { members, locator } = this.#spread ??= this.#makeSpread();
    const at = locator.locate(key);
    const member = typeof at === "number" ? members[at] : undefined;
    if (member !== undefined && !this.#hasLeft(member)) return member;
    if (member !== undefined) return this.#standIn(key);
    const why = "the locator gave no index of the server list";
    throw new ValidationException(`Cannot find the server of key "${key}": ${why}`, key);
  }

  /** The server of a key whose own has left, as the locator has it that was made for all. */
  #standIn(key: string): Member {
    const { members, locator } = this.#whole!;
    const at = locator.locateUp!(key, (index) => !this.#hasLeft(members[index]!));
    const member = members[at];
    if (member !== undefined && !this.#hasLeft(member)) return member;
    throw this.#noServer(`all that may have key "${key}" are down`);
  }

  #noServer(state: string): SocketError {
    const cause = this.members.find(({ node }) => node.isDown)?.node.lastError;
    return new SocketError(`Cannot use any server: ${state}`, { cause });
  }

  #submitWithFailover(key: string, command: Command): void {
    const alternatives = this.#alternativesFor(key);
    surviveFailures(command, alternatives);
    // What it throws is the caller's fault, or that nothing is left to try.
    alternatives.submit(command, false);
  }

  #alternativesFor(key: string): Alternatives {
    const { retries, failover } = this.#options;
    let last: Member | undefined;
    let gutter = this.#gutter;
    let restoreExptime = () => {};
    return {
      retries,
      isClosed: () => this.#servers.isClosed,
      now: () => this.#options.clock.now(),
      submit: (command, failed) => {
        if (failed && gutter !== undefined && last?.node.isDown) {
          const { router, limit } = gutter;
          gutter = undefined;
          restoreExptime = command.limitExptime(limit);
          router.submit(key, command, undefined);
          return true;
        }
        const member = this.#memberOf(key);
        if (failed && member === last) return false;
        last = member;
        // The servers may have changed while it waited for one that stood in.
        restoreExptime();
        this.#submitTo(member, key, command);
        return true;
      },
      miss: failover === "miss" ? (command) => this.#miss(command, last) : undefined,
    };
  }

  /** Gives a command to a server, and takes care of the one that its key moves from. */
  #submitTo({ node }: Member, key: string, command: Command): void {
    const former = this.#formerMemberOf(key)?.node;
    const { move } = command;
    const isStaying = former === undefined || former === node;
    // What goes to the gutter does so as a whole.
    if (isStaying || move === undefined || (node.isDown && this.#gutter !== undefined)) {
      return node.submit(command);
    }
    const places = {
      next: (command: Command) => node.submit(command),
      former: (command: Command) => former.submit(command),
    };
    import("./migration.ts").then(({ operateOnMovingKey }) => operateOnMovingKey(key, move, places))
      .then((result) => command.succeed(result), (error) => command.fail(error));
  }

  #formerMemberOf(key: string): Member | undefined {
    const at = this.#spread?.locator.locateFormer?.(key);
    return at === undefined ? undefined : this.#spread?.members[at];
  }

  #miss(command: Command, member: Member | undefined): boolean {
    if (member === undefined || !command.mayMiss || !command.succeedAbsent()) return false;
    const { name } = member.server;
    this.#missed.set(name, (this.#missed.get(name) ?? 0) + 1);
    return true;
  }
}
