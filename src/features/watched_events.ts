/** Reads the logs of servers, with a connection for each. @module */

import { LineReader } from "../connection/line_reader.ts";
import type { ServerHandle } from "../connection/server_handle.ts";
import type { Sockets } from "../connection/sockets.ts";
import { ValidationException } from "../errors.ts";
import { checkWatching, readEvent, type WatchEvent } from "../protocol/commands/watch.ts";
import { allEnded, deferred } from "../waiting/promises.ts";

/** How many sockets of a client with `maxSockets` are watched. They are not closed for others. */
const watched = /* @__PURE__ */ new WeakMap<Sockets, number>();

/** The events of several servers as the source of one stream. */
export class WatchedEvents {
  #readers: readonly LineReader[] = [];
  #isCancelled = false;
  readonly #controller: ReadableStreamDefaultController<WatchEvent>;
  #demand = deferred<void>();

  constructor(controller: ReadableStreamDefaultController<WatchEvent>) {
    this.#controller = controller;
  }

  /** Passes the next event to the stream. */
  pull(): void {
    this.#demand.resolve();
  }

  /** Closes its connections; resolves when they are closed. */
  async cancel(): Promise<void> {
    this.#isCancelled = true;
    this.#end();
    await allEnded(this.#readers.map(({ closed }) => closed));
  }

  /**
   * Begins to watch; resolves when all servers have begun.
   *
   * @throws {ValidationException} When `maxSockets` would leave no socket for operations.
   */
  async open(
    nodes: readonly ServerHandle[],
    request: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let sockets = undefined as Sockets | undefined;
    const readers = nodes.map((node) =>
      node.openReader((options) => {
        sockets = options.sockets;
        return new LineReader(options, signal);
      })
    );
    this.#readers = readers;
    if (sockets !== undefined) occupy(sockets, readers);
    // The signal may have been aborted before the servers were known.
    if (this.#isCancelled) this.#end();
    await Promise.all(readers.map(async (lines) => {
      checkWatching(await lines.ask(request), lines.server);
    }));
  }

  /** When all servers are watched, passes their events to the stream, until one is lost. */
  async follow(opened: Promise<void>): Promise<void> {
    try {
      await opened;
      await Promise.all(this.#readers.map((lines) => this.#passOn(lines)));
    } catch (error) {
      // If the stream has been cancelled, this ends a read whose result is not used.
      this.#controller.error(error);
      this.#end();
    }
  }

  async #passOn(lines: LineReader): Promise<never> {
    while (true) {
      const event = readEvent(await lines.nextAnyTime(), lines.server);
      await this.#demand.promise;
      lines.signal.throwIfAborted();
      this.#demand = deferred();
      this.#controller.enqueue(event);
    }
  }

  #end(): void {
    for (const lines of this.#readers) lines.end();
  }
}

/** Counts the sockets of some readers as watched, until they are closed. */
function occupy(sockets: Sockets, readers: readonly LineReader[]): void {
  const add = (count: number) => watched.set(sockets, (watched.get(sockets) ?? 0) + count);
  const all = (watched.get(sockets) ?? 0) + readers.length;
  if (all >= sockets.max) {
    const why =
      `it would leave no socket for operations: ${all} would watch, and maxSockets is ${sockets.max}`;
    throw new ValidationException(`Cannot watch: ${why}`, sockets.max);
  }
  add(readers.length);
  for (const { closed } of readers) closed.catch(() => {}).finally(() => add(-1));
}
