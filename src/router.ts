/** From keys to servers. @module */

import { watchSignal } from "./abort_watch.ts";
import type { OperationOptions, ResolvedOptions } from "./client_options.ts";
import { ServerNode } from "./connection/server_node.ts";
import { quote, SocketError, ValidationException } from "./errors.ts";
import type { Command, Reject, Resolve } from "./protocol/command.ts";
import type { Locator } from "./routing/locator.ts";
import type { ResolvedServer } from "./server_address.ts";

/** Makes a command for the two functions of a promise. */
export type MakeCommand<Result> = (resolve: Resolve<Result>, reject: Reject) => Command<Result>;

/** Gives commands to the servers that their keys live on. */
export class Router {
  readonly #nodes: readonly ServerNode[];
  readonly #names: readonly string[];
  readonly #locator: Locator;

  constructor(servers: readonly ResolvedServer[], options: ResolvedOptions) {
    const { locator, dial, keepAlive, noDelay } = options;
    this.#locator = locator([...servers]);
    if (typeof this.#locator?.locate !== "function") {
      throw new ValidationException("Cannot use locator: it made no object with locate", locator);
    }
    this.#names = servers.map(({ name }) => name);
    this.#nodes = servers.map(({ name, endpoint }) =>
      new ServerNode({
        ...options,
        server: name,
        dial: (signal) => dial(endpoint, { signal, keepAlive, noDelay }),
      })
    );
  }

  /**
   * Gives a command to the server of a key.
   *
   * @throws {ValidationException} When the locator has no server for it.
   * @throws {SocketError} When that server takes no more.
   */
  submit(key: string, command: Command, options: OperationOptions | undefined): void {
    const at = this.#locator.locate(key);
    const node = typeof at === "number" ? this.#nodes[at] : undefined;
    if (node === undefined) {
      const why = "the locator gave no index of the server list";
      throw new ValidationException(`Cannot find the server of key "${key}": ${why}`, key);
    }
    submit(node, command, options);
  }

  /**
   * The servers, or one of them.
   *
   * @param server Its name, or its index in the list that the client was given.
   * @throws {ValidationException} When there is no such server.
   */
  nodes(server?: string | number): readonly ServerNode[] {
    if (server === undefined) return this.#nodes;
    const node = this.#nodes.find(({ name }, i) => name === server || i === server);
    if (node !== undefined) return [node];
    const shown = typeof server === "number" ? `${server}` : quote(server);
    const why = "it is neither the name nor the index of one of the client's";
    throw new ValidationException(`Cannot use server ${shown}: ${why}`, server);
  }

  /** Gives each server a command of its own; resolves to their results in the servers' order. */
  everywhere<Result>(
    make: MakeCommand<Result>,
    options: OperationOptions | undefined,
  ): Promise<Result[]> {
    return Promise.all(
      this.#nodes.map((node) =>
        new Promise<Result>((resolve, reject) => submit(node, make(resolve, reject), options))
      ),
    );
  }

  /** Rejects all that is under way, and whatever comes; resolves when every socket is closed. */
  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node, i) => {
      const server = this.#names[i]!;
      return node.close(new SocketError(`Cannot use ${server}: the client is closed`, { server }));
    }));
  }
}

/** Gives a command to its server, and ends it when the caller's signal says so. */
function submit(node: ServerNode, command: Command, options: OperationOptions | undefined): void {
  const signal = options?.signal;
  signal?.throwIfAborted();
  node.submit(command);
  if (signal !== undefined) watchSignal(signal, command);
}
