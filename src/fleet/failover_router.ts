/** What is done about operations whose server fails: the options `failover` and `retries`. @module */

import type { ResolvedOptions } from "../client_options.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { SocketError, TimeoutError } from "../errors.ts";
import type { Command, Failure, LimitExptime } from "../protocol/command.ts";
import type { Found, Route, Router, Spread } from "./router.ts";
import type { Member } from "./servers.ts";

/** Gives commands to the servers of a router, and lets them go on where a server fails. */
export class FailoverRouter implements Route {
  /** An operation may go to another server, or later. */
  readonly keepsOrder = false;
  readonly #router: Router;
  readonly #options: ResolvedOptions;
  /** Gives commands to servers that stand in for others. */
  readonly #gutter: Router | undefined;
  /** Over the servers that take part; absent until it is needed again. */
  #spread: Spread | undefined;
  /** How many operations on each server were turned into misses, or dropped. */
  readonly #missed = new Map<string, number>();

  /** @param gutter Gives commands to servers that stand in for others that are down. */
  constructor(router: Router, gutter: Router | undefined, options: ResolvedOptions) {
    this.#router = router;
    this.#gutter = gutter;
    this.#options = options;
  }

  /** The servers that stand in for others. */
  get standIns(): readonly Member[] {
    return this.#gutter?.members ?? [];
  }

  /** How many operations on a server were turned into misses, or dropped. */
  missedOf({ server }: Member): number {
    return this.#missed.get(server.name) ?? 0;
  }

  /** Takes note that the list of servers has changed, or that one went down or up. */
  serversChanged(): void {
    // The next operation makes the spread: what a locator throws is not for the connection that just ends.
    this.#spread = undefined;
  }

  submit(key: string, command: Command): void {
    const alternatives = this.#alternativesFor(key);
    surviveFailures(command, alternatives);
    // What it throws is the caller's fault, or that nothing is left to try.
    alternatives.submit(command, false);
  }

  nodes(server?: string | number): readonly ServerNode[] {
    return this.#router.nodes(server);
  }

  find(key: string): Found {
    const member = this.#memberOf(key);
    return this.#router.find(key, this.#spread, member);
  }

  /** Closes the servers that stand in for others. */
  async close(): Promise<void> {
    await this.#gutter?.close();
  }

  /** Spreads the keys over the servers; where they fail over to one another, over those that are not down. */
  #makeSpread(): Spread {
    const { members, locator } = this.#router;
    const up = members.filter((member) => !this.#hasLeft(member));
    if (up.length === 0) throw this.#noServer(`all ${members.length} are down`);
    if (up.length === members.length || locator.locateUp !== undefined) return { members, locator };
    return { members: up, locator: this.#router.makeLocator(up.map(({ server }) => server)) };
  }

  #hasLeft({ node }: Member): boolean {
    return this.#options.failover === "remove" && node.isDown;
  }

  #memberOf(key: string): Member {
    const spread = this.#spread ??= this.#makeSpread();
    const { members, locator } = spread;
    const member = this.#router.memberOf(key, spread);
    if (!this.#hasLeft(member)) return member;
    // Its own server has left: the locator that was made for all says which one stands in.
    const standIn = members[locator.locateUp!(key, (at) => !this.#hasLeft(members[at]!))];
    if (standIn !== undefined && !this.#hasLeft(standIn)) return standIn;
    throw this.#noServer(`all that may have key "${key}" are down`);
  }

  #noServer(state: string): SocketError {
    const cause = this.#router.members.find(({ node }) => node.isDown)?.node.lastError;
    return new SocketError(`Cannot use any server: ${state}`, { cause });
  }

  #alternativesFor(key: string): Alternatives {
    const { retries, failover, clock } = this.#options;
    const limit = limitFor(failover);
    let last: Member | undefined;
    let gutter = this.#gutter;
    let restoreExptime = () => {};
    return {
      retries,
      isClosed: () => this.#router.isClosed,
      now: () => clock.now(),
      submit: (command, failed) => {
        if (failed && gutter !== undefined && last?.node.isDown) {
          const standIns = gutter;
          gutter = undefined;
          restoreExptime = command.limitExptime(limit);
          standIns.submit(key, command);
          return true;
        }
        const member = this.#memberOf(key);
        if (failed && member === last) return false;
        last = member;
        // The servers may have changed while it waited for one that stood in.
        restoreExptime();
        // What goes to the gutter does so as a whole, the server that its key moves from included.
        if (member.node.isDown && this.#gutter !== undefined) member.node.submit(command);
        else this.#router.submitTo(member, key, command, this.#spread);
        return true;
      },
      miss: failover === "miss" ? (command) => this.#miss(command, last) : undefined,
    };
  }

  #miss(command: Command, member: Member | undefined): boolean {
    if (member === undefined || !command.mayMiss || !command.succeedAbsent()) return false;
    this.#missed.set(member.server.name, this.missedOf(member) + 1);
    return true;
  }
}

/** Limits the lifetimes of items on servers that stand in for others. */
function limitFor(failover: ResolvedOptions["failover"]): LimitExptime {
  if (typeof failover === "string") return (exptime) => exptime;
  return (exptime) => limitExptime(exptime, failover.maxExptime, Date.now());
}

/** How an operation can go on whose server fails. */
interface Alternatives {
  /** How often an operation that may be sent again is retried. */
  readonly retries: number;
  /** Whether the client is closed, and nothing goes on. */
  readonly isClosed: () => boolean;
  /** The time by the client's clock. */
  readonly now: () => number;
  /**
   * Gives the command to the server that its key belongs to now, or to one that stands in for it.
   *
   * @param failed Whether the server it was given to last has failed, and must not be asked again.
   * @returns Whether there is such a server.
   * @throws {SocketError} When that server takes no more, or there is none left.
   * @throws {ValidationException} When the locator has none for it.
   */
  readonly submit: (command: Command, failed: boolean) => boolean;
  /** Turns the command into a miss; absent unless `failover: "miss"` asks for that. */
  readonly miss: ((command: Command) => boolean) | undefined;
}

/** No operation goes from server to server more often than this, however many fail. */
const MOST_MOVES = 16;

/**
 * Lets a command go on when its server fails: elsewhere, if it has not been sent or may be sent again; as a
 * miss, if that has been asked for. A command whose time is up goes nowhere.
 */
function surviveFailures(command: Command, alternatives: Alternatives): void {
  let retries = command.isRepeatable ? alternatives.retries : 0;
  let moves = MOST_MOVES + retries;

  const goOn = ({ error, isUnsent }: Failure): boolean => {
    if (error instanceof TimeoutError || !(isUnsent || command.isRepeatable)) return false;
    // Of a process that was busy meanwhile, the end of a connection may come before the timer does.
    if (moves-- === 0 || command.deadline <= alternatives.now()) return false;
    try {
      return alternatives.submit(command, true) ||
        (retries-- > 0 && alternatives.submit(command, false));
    } catch (next) {
      // That nobody takes it is no server's failure.
      command.abandon(next);
      return true;
    }
  };

  command.recover = (failure) => {
    if (!(failure.error instanceof SocketError) || alternatives.isClosed()) return false;
    return goOn(failure) || (alternatives.miss?.(command) ?? false);
  };
}

/** Up to here memcached takes an exptime for seconds from now, above it for a Unix time: 30 days. */
const LONGEST_RELATIVE = 2_592_000;

/**
 * Shortens an exptime that has been checked.
 *
 * @param exptime Seconds, or an absolute Unix time; 0 is never.
 * @param longest The most seconds an item may live, up to 30 days.
 * @param now The Unix time in milliseconds.
 * @returns Seconds, or an absolute Unix time that is no later than that.
 */
export function limitExptime(exptime: number, longest: number, now: number): number {
  if (exptime === 0) return longest;
  if (exptime <= LONGEST_RELATIVE) return Math.min(exptime, longest);
  return exptime * 1000 > now + longest * 1000 ? longest : exptime;
}
