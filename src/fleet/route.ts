/** The way of commands to the servers of their keys. @module */

import type { ServerHandle } from "../connection/server_handle.ts";
import type { Command } from "../protocol/command.ts";
import type { Distribution, Listed } from "./distribution.ts";

/** Finds the server of a key. */
export interface Found {
  /** The server, and its node as soon as the client is used. */
  readonly member: Listed & { readonly node?: ServerHandle };
  /** The distribution that it was chosen from. */
  readonly distribution: Distribution;
  /** The index of its server in the client's current list. */
  readonly index: number;
}

/** Does something with servers. */
export type UseNodes<Result> = (nodes: readonly ServerHandle[]) => Result | Promise<Result>;

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

/** The server of a key, if there is one now. */
export function nodeOf(route: Route, key: string): ServerHandle | undefined {
  try {
    return route.find(key).member.node;
  } catch {
    // All are down, or none has been discovered yet: the operation itself fails with that, or waits.
    return undefined;
  }
}
