/** What is known of the connections of clients, and of the operations that wait for one. @module */

import type { BatchContext, CommandContext, ConnectContext } from "../../channel_contexts.ts";

/** An open connection. */
interface Connection {
  readonly client: string;
  /** Whether it is a connection of its own, which is in use until it is closed. */
  readonly isSeparate: boolean;
  /** How many batches on it have no complete reply. */
  batches: number;
}

/** The part of a context that says which connection is meant. */
type OfConnection = Pick<ConnectContext, "client" | "connectionEpoch" | "isSeparate">;

/** An operation that has not been written yet. */
interface Waiting {
  readonly context: CommandContext;
  readonly since: number;
}

/** Follows connections and waiting operations by what channels say. */
export class Connections {
  readonly #open = new Map<string, Connection>();
  /** By the name of the client. */
  readonly #waiting = new Map<string, Map<CommandContext, Waiting>>();

  /** A connection is open. */
  opened(context: OfConnection): Connection {
    const { client, isSeparate = false } = context;
    const name = nameOf(context);
    let connection = this.#open.get(name);
    if (connection === undefined) {
      this.#open.set(name, connection = { client, isSeparate, batches: 0 });
    }
    return connection;
  }

  /** A connection is closed. */
  closed(context: OfConnection): void {
    this.#open.delete(nameOf(context));
  }

  /**
   * A batch is written. Its connection may have been opened before the subscription.
   *
   * @returns Since when the operations waited that it is for, in milliseconds of the clock.
   */
  written(context: BatchContext): number[] {
    this.opened(context).batches++;
    const waiting = this.#waiting.get(context.client);
    const since: number[] = [];
    for (const one of waiting?.values() ?? []) {
      if (!isFor(one.context, context)) continue;
      waiting?.delete(one.context);
      since.push(one.since);
    }
    return since;
  }

  /** A batch has its reply, or will never have it. */
  answered(context: BatchContext): void {
    const connection = this.#open.get(nameOf(context));
    if (connection !== undefined && connection.batches > 0) connection.batches--;
  }

  /** An operation begins. */
  waits(context: CommandContext, since: number): void {
    let waiting = this.#waiting.get(context.client);
    if (waiting === undefined) this.#waiting.set(context.client, waiting = new Map());
    waiting.set(context, { context, since });
  }

  /**
   * An operation has ended.
   *
   * @returns Whether it was never written.
   */
  ended(context: CommandContext): boolean {
    return this.#waiting.get(context.client)?.delete(context) ?? false;
  }

  /** How many connections each client has, and how many of them carry requests. */
  counts(): Map<string, { used: number; idle: number }> {
    const counts = new Map<string, { used: number; idle: number }>();
    for (const client of this.#waiting.keys()) counts.set(client, { used: 0, idle: 0 });
    for (const { client, isSeparate, batches } of this.#open.values()) {
      const count = counts.get(client) ?? { used: 0, idle: 0 };
      count[isSeparate || batches > 0 ? "used" : "idle"]++;
      counts.set(client, count);
    }
    return counts;
  }

  /** How many operations of each client wait to be written. */
  pending(): Map<string, number> {
    return new Map([...this.#waiting].map(([client, { size }]) => [client, size]));
  }
}

function nameOf({ client, connectionEpoch }: OfConnection): string {
  return `${connectionEpoch} ${client}`;
}

/** Whether an operation that waits may be one of a batch: it was given to a connection to that server. */
function isFor(command: CommandContext, batch: BatchContext): boolean {
  if (command.attempts === undefined) return false;
  return command.serverAddress === undefined ||
    command.serverAddress === batch.serverAddress && command.serverPort === batch.serverPort;
}
