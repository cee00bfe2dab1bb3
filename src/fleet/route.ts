/** The way of commands to the servers of their keys. @module */

import type { ServerNode } from "../connection/server_node.ts";
import { quote, SocketError, ValidationException } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import type { Locator } from "../routing/locator.ts";
import type { ResolvedServer } from "../server_address.ts";

/** A server of a list, and its node as soon as it is used. */
export interface Listed {
  readonly server: ResolvedServer;
  readonly node?: ServerNode;
}

/**
 * Chooses servers of a list.
 *
 * @param server The name of one, or its index; by default all are chosen.
 * @throws {ValidationException} When it is not in the list.
 */
export function choose<Member extends Listed>(
  members: readonly Member[],
  server: string | number | undefined,
): readonly Member[] {
  if (server === undefined) return members;
  const chosen = members.find(({ server: { name } }, i) => name === server || i === server);
  if (chosen !== undefined) return [chosen];
  const shown = typeof server === "number" ? `${server}` : quote(server);
  const why = "it is neither the name nor the index of one of the client's";
  throw new ValidationException(`Cannot use server ${shown}: ${why}`, server);
}

/** A distribution of keys: the servers and their locator. */
export interface Spread<Member extends Listed = Required<Listed>> {
  readonly members: readonly Member[];
  readonly locator: Locator;
}

/** Finds the server of a key. */
export interface Found {
  readonly member: Listed;
  /** The distribution that it was chosen from. */
  readonly spread: Spread<Listed>;
  /** The index of its server in the client's current list. */
  readonly index: number;
}

/** Does something with servers. */
export type UseNodes<Result> = (nodes: readonly ServerNode[]) => Result | Promise<Result>;

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
   * Calls back with the servers, or with one of them: as soon as they are known, and before later operations are sent.
   *
   * @param use Called with them.
   * @param server Its name, or its index in the client's list.
   * @param signal Ends the wait for them.
   * @returns The result of `use`.
   * @throws {ValidationException} When the server is not in the list.
   */
  withNodes<Result>(
    use: UseNodes<Result>,
    server?: string | number,
    signal?: AbortSignal,
  ): Result | Promise<Result>;
  /**
   * Finds the server of a key, without sending anything.
   *
   * @throws {ValidationException} When the locator has no server for the key.
   * @throws {SocketError} When there is no server.
   */
  find(key: string): Found;
}

/**
 * Finds the server of a key.
 *
 * @throws {ValidationException} When the locator has no server for the key.
 */
export function memberOf<Member extends Listed>(
  key: string,
  { members, locator }: Spread<Member>,
): Member {
  const at = locator.locate(key);
  const member = typeof at === "number" ? members[at] : undefined;
  if (member !== undefined) return member;
  const why = "the locator gave no index of the server list";
  throw new ValidationException(`Cannot find the server of key "${key}": ${why}`, key);
}

/**
 * The locator of servers that are known.
 *
 * @throws {SocketError} When there is none.
 */
export function known(locator: Locator | undefined): Locator {
  if (locator !== undefined) return locator;
  throw new SocketError("Cannot use any server: none has been discovered yet");
}
