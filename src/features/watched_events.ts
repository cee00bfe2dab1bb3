/** Reading what servers log, on a connection to each. @module */

import { LineReader } from "../connection/line_reader.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { checkWatching, readEvent, type WatchEvent } from "../protocol/commands/watch.ts";
import { allEnded, deferred } from "../waiting.ts";

/** The events of several servers as the source of one stream. */
export class WatchedEvents {
  #readers: readonly LineReader[] = [];
  #isCancelled = false;
  readonly #controller: ReadableStreamDefaultController<WatchEvent>;
  #demand = deferred<void>();

  constructor(controller: ReadableStreamDefaultController<WatchEvent>) {
    this.#controller = controller;
  }

  /** Lets the next event through. */
  pull(): void {
    this.#demand.resolve();
  }

  /** Ends it; resolves when its connections are closed. */
  async cancel(): Promise<void> {
    this.#isCancelled = true;
    this.#end();
    await allEnded(this.#readers.map(({ closed }) => closed));
  }

  /** Begins to watch; resolves when all servers do. */
  async open(
    nodes: readonly ServerNode[],
    request: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const readers = nodes.map((node) =>
      node.openReader((options) => new LineReader(options, signal))
    );
    this.#readers = readers;
    // The servers may have become known too late.
    if (this.#isCancelled) this.#end();
    await Promise.all(readers.map(async (lines) => {
      checkWatching(await lines.ask(request), lines.server);
    }));
  }

  /** Passes on what the servers log once all are watched, until one is lost. */
  async follow(opened: Promise<void>): Promise<void> {
    try {
      await opened;
      await Promise.all(this.#readers.map((lines) => this.#passOn(lines)));
    } catch (error) {
      // Where the consumer has cancelled, this is the end of a read that nobody waits for.
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
