/** Reads the logs of servers, with a connection for each. @module */

import { LineReader } from "../connection/line_reader.ts";
import type { ServerHandle } from "../connection/server_handle.ts";
import { checkWatching, readEvent, type WatchEvent } from "../protocol/commands/watch.ts";
import { allEnded, deferred } from "../waiting/promises.ts";

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

  /** Begins to watch; resolves when all servers have begun. */
  async open(
    nodes: readonly ServerHandle[],
    request: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const readers = nodes.map((node) =>
      node.openReader((options) => new LineReader(options, signal))
    );
    this.#readers = readers;
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
