/** Continues operations whose server fails: the options `failover` and `retries`. @module */

import "../loaded_already.ts";
import type { FailoverContext } from "../channel_contexts.ts";
import type { ResolvedOptions } from "../client_options.ts";
import { Refusals } from "../connection/refusals.ts";
import { SocketError, TimeoutError } from "../errors.ts";
import { CHANNEL_NAMES, publish } from "../observation.ts";
import { isUnreachable } from "../protocol/backend_failure.ts";
import type { Command, Failure, LimitExptime } from "../protocol/command.ts";
import { LONGEST_RELATIVE } from "../protocol/exptime.ts";
import type { Found, Route, UseNodes } from "./route.ts";
import type { Distribution } from "./distribution.ts";
import type { Router } from "./router.ts";
import type { Member } from "./servers.ts";

/** Sends commands to the servers of a router, and to other servers when these fail. */
export class FailoverRouter implements Route {
  /** An operation may be sent later, or to another server. */
  readonly keepsOrder = false;
  readonly #router: Router;
  readonly #options: ResolvedOptions;
  /** Sends commands to spare servers. */
  readonly #gutter: Router | undefined;
  /** The distribution over the servers that are used; absent until it is needed. */
  #distribution: Distribution<Member> | undefined;
  /** How many operations of each server became misses or were dropped. */
  readonly #missed = new Map<string, number>();
  readonly #refusals = new Refusals();

  /** @param gutter Sends commands to spare servers. */
  constructor(router: Router, gutter: Router | undefined, options: ResolvedOptions) {
    this.#router = router;
    this.#gutter = gutter;
    this.#options = options;
  }

  /** The spare servers. */
  get standIns(): readonly Member[] {
    return this.#gutter?.members ?? [];
  }

  /** How many operations of a server became misses or were dropped. */
  missedOf({ server }: Member): number {
    return this.#missed.get(server.name) ?? 0;
  }

  /** Called when the list of servers has changed, or when a server goes down or up. */
  serversChanged(): void {
    // The next operation makes the distribution, so that an error of the locator rejects that operation.
    this.#distribution = undefined;
  }

  submit(key: string, command: Command): void {
    const alternatives = this.#alternativesFor(key);
    surviveFailures(command, alternatives);
    try {
      alternatives.submit(command, false);
    } catch (error) {
      // The input is invalid.
      if (!(error instanceof SocketError)) throw error;
      // No server is left.
      this.#refusals.refuse(() => command.refuse(error));
    }
  }

  withNodes<Result>(use: UseNodes<Result>, server?: string | number): Result | Promise<Result> {
    return this.#router.withNodes(use, server);
  }

  find(key: string): Found {
    const member = this.#memberOf(key);
    return this.#router.find(key, this.#distribution, member);
  }

  /** Closes the spare servers. */
  async close(): Promise<void> {
    await this.#gutter?.close();
  }

  /** Distributes the keys over the servers; with `failover: "remove"`, over those that are not down. */
  #makeDistribution(): Distribution<Member> {
    const { members, locator } = this.#router;
    const up = members.filter((member) => !this.#hasLeft(member));
    if (up.length === 0) throw this.#noServer("all are down");
    if (up.length === members.length || locator.locateUp !== undefined) return { members, locator };
    return { members: up, locator: this.#router.makeLocator(up.map(({ server }) => server)) };
  }

  #hasLeft({ node }: Member): boolean {
    return this.#options.failover === "remove" && node.isDown;
  }

  #memberOf(key: string): Member {
    const distribution = this.#distribution ??= this.#makeDistribution();
    const { members, locator } = distribution;
    const member = this.#router.memberOf(key, distribution);
    if (!this.#hasLeft(member)) return member;
    // Its server has been removed: the locator for all servers chooses the replacement.
    const standIn = members[locator.locateUp!(key, (at) => !this.#hasLeft(members[at]!))];
    if (standIn !== undefined && !this.#hasLeft(standIn)) return standIn;
    throw this.#noServer(`all servers for key "${key}" are down`);
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
    const moved = (to: string | undefined, why: FailoverContext["why"], error: unknown) => {
      const from = last?.server.name ?? "";
      this.#countMove({ from, ...(to === undefined ? {} : { to }), why, error });
    };
    return {
      retries,
      isClosed: () => this.#router.isClosed,
      now: () => clock.now(),
      submit: (command, failed, failure) => {
        if (failed && gutter !== undefined && last?.node.isDown) {
          const standIns = gutter;
          gutter = undefined;
          restoreExptime = command.limitExptime(limit);
          const { name } = standIns.find(key).member.server;
          moved(name, "gutter", failure?.error);
          standIns.submit(key, command);
          return true;
        }
        const member = this.#memberOf(key);
        if (failed && member === last) return false;
        if (failure !== undefined) {
          moved(member.server.name, failed ? "remove" : "retry", failure.error);
        }
        last = member;
        // The servers may have changed while it waited for a spare server.
        restoreExptime();
        // Commands go to the gutter as a whole, including those to the server that a key moves from.
        if (member.node.isDown && this.#gutter !== undefined) member.node.submit(command);
        else this.#router.submitTo(member, key, command, this.#distribution);
        return true;
      },
      miss: failover !== "miss" ? undefined : (command, { error }) => {
        const isMiss = this.#miss(command, last);
        if (isMiss) moved(undefined, "miss", error);
        return isMiss;
      },
    };
  }

  #countMove(context: Omit<FailoverContext, "client">): void {
    const { counters } = this.#options;
    counters.failovers++;
    publish(CHANNEL_NAMES.failover, () => ({ ...context, client: counters.client }));
  }

  #miss(command: Command, member: Member | undefined): boolean {
    if (member === undefined || !command.mayMiss || !command.succeedAbsent()) return false;
    this.#missed.set(member.server.name, this.missedOf(member) + 1);
    return true;
  }
}

/** Limits the lifetimes of items on spare servers. */
function limitFor(failover: ResolvedOptions["failover"]): LimitExptime {
  if (typeof failover === "string") return (exptime) => exptime;
  return (exptime) => limitExptime(exptime, failover.maxExptime, Date.now());
}

/** The ways in which an operation can continue when its server fails. */
interface Alternatives {
  /** The maximum number of retries of an operation that may be sent again. */
  readonly retries: number;
  /** Whether the client is closed. Then no operation continues. */
  readonly isClosed: () => boolean;
  /** The time of the client's clock. */
  readonly now: () => number;
  /**
   * Sends the command to the current server of its key, or to a spare server.
   *
   * @param failed Whether the last server has failed, and must not be tried again.
   * @param failure Why the command goes on; absent when it is submitted first.
   * @returns Whether there is such a server.
   * @throws {SocketError} When that server accepts no more commands, or no server is left.
   * @throws {ValidationException} When the locator has no server for the key.
   */
  readonly submit: (command: Command, failed: boolean, failure?: Failure) => boolean;
  /** Turns the command into a miss; only with `failover: "miss"`. */
  readonly miss: ((command: Command, failure: Failure) => boolean) | undefined;
}

/** The maximum number of times that an operation moves to another server. */
const MOST_MOVES = 16;

/**
 * Continues a command when its server fails: on another server, if it has not been sent or may be sent again; or as a
 * miss, with `failover: "miss"`. A command whose time is over does not continue.
 */
function surviveFailures(command: Command, alternatives: Alternatives): void {
  let retries = command.isRepeatable ? alternatives.retries : 0;
  let moves = MOST_MOVES + retries;
  let wasSent = false;

  const goOn = (failure: Failure): boolean => {
    const { error, isUnsent } = failure;
    if (error instanceof TimeoutError || !(isUnsent || command.isRepeatable)) return false;
    // If the process was busy, the end of a connection may be noticed before the timer fires.
    if (moves-- === 0 || command.deadline <= alternatives.now()) return false;
    try {
      return alternatives.submit(command, true, failure) ||
        (retries-- > 0 && alternatives.submit(command, false, failure));
    } catch (next) {
      // If no server accepts it, this is not a failure of a server.
      command.failForGood(next, !wasSent);
      return true;
    }
  };

  const recover = (failure: Failure): boolean => {
    const { error } = failure;
    if (!isUnreachable(error) || alternatives.isClosed()) return false;
    // A proxy would give the same answer again.
    const goesOn = error instanceof SocketError && goOn(failure);
    return goesOn || (alternatives.miss?.(command, failure) ?? false);
  };

  command.recover = (failure) => {
    wasSent ||= !failure.isUnsent;
    if (recover(failure)) return true;
    // Although its last attempt was not sent, an earlier one was.
    if (wasSent) command.failForGood(failure.error);
    return wasSent;
  };
}

/**
 * Limits a checked exptime.
 *
 * @param exptime Seconds, or an absolute Unix time; 0 means never.
 * @param longest The maximum lifetime in seconds, up to 30 days.
 * @param now The Unix time in milliseconds.
 * @returns Seconds, or an absolute Unix time, within that limit.
 */
export function limitExptime(exptime: number, longest: number, now: number): number {
  if (exptime === 0) return longest;
  if (exptime <= LONGEST_RELATIVE) return Math.min(exptime, longest);
  return exptime * 1000 > now + longest * 1000 ? longest : exptime;
}
