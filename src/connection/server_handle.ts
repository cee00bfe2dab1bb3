/** A server, as the code that sends commands to it sees it. @module */

import type { Command } from "../protocol/command.ts";
import type { ConnectionOptions } from "./connection_options.ts";

/** The types of the client's events. */
export type ServerEventType = "up" | "down" | "reconnect" | "error";

/** A separate connection, for `items` and `watch`, that ends with the node at the latest. */
export interface Reader {
  /** Resolves when it has ended, and its socket is closed. */
  readonly closed: Promise<void>;
  /** Ends it with this reason. */
  end(reason: unknown): void;
}

/** Takes the commands to a server, and makes separate connections to it. */
export interface ServerHandle {
  /** The server's name. */
  readonly name: string;
  /** Whether the server has failed too often to be counted on. */
  readonly isDown: boolean;
  /**
   * Accepts a command. It fails at once while the server is down.
   *
   * @throws {SocketError} When the node is closed, or too many commands wait.
   */
  submit(command: Command): void;
  /**
   * Makes a reader, with a separate connection, that ends with the node.
   *
   * @throws {SocketError} When the node is closed or retired.
   */
  openReader<Made extends Reader>(make: (options: ConnectionOptions) => Made): Made;
}
