/** What happens on the servers of a deployment. @module */

import type { LineReader } from "./connection/line_reader.ts";
import type { ServerNode } from "./connection/server_node.ts";
import { deferred } from "./deferred.ts";
import { checkWatching, readEvent, type WatchEvent } from "./protocol/commands/watch.ts";

/** The events of all servers. Cancelling it closes its connections. */
export interface WatchStream extends ReadableStream<WatchEvent> {
  /**
   * Resolves when every server has begun to log: what is done from then on is seen. Rejects with what
   * the stream fails with, which need not be handled twice.
   */
  readonly ready: Promise<void>;
}

/**
 * Watches servers, on a connection for each. The connections are opened at once; of the events, no
 * more is read than is asked for.
 *
 * @param request What to watch, as `watch` has it.
 */
export function watchNodes(
  nodes: readonly ServerNode[],
  request: string,
  signal: AbortSignal | undefined,
): WatchStream {
  const watch = new Watch(nodes.map((node) => node.openLines(signal)));
  const events = new ReadableStream<WatchEvent>(watch, { highWaterMark: 0 });
  return Object.assign(events, { ready: watch.begin(request) });
}

/** The events of several servers as one stream's source. */
class Watch implements UnderlyingDefaultSource<WatchEvent> {
  readonly #readers: readonly LineReader[];
  #controller!: ReadableStreamDefaultController<WatchEvent>;
  #demand = deferred<void>();

  constructor(readers: readonly LineReader[]) {
    this.#readers = readers;
  }

  start(controller: ReadableStreamDefaultController<WatchEvent>): void {
    this.#controller = controller;
  }

  pull(): void {
    this.#demand.resolve();
  }

  async cancel(): Promise<void> {
    this.#end();
    await Promise.all(this.#readers.map(({ closed }) => closed));
  }

  /** Begins to watch; resolves when all servers do. */
  begin(request: string): Promise<void> {
    const beginnings = this.#readers.map(async (lines) => {
      checkWatching(await lines.ask(request), lines.server);
    });
    const ready = Promise.all(beginnings).then(() => {});
    this.#follow(ready);
    return ready;
  }

  /** Passes on what the servers tell, until one is lost. */
  async #follow(ready: Promise<void>): Promise<void> {
    try {
      await ready;
      await Promise.all(this.#readers.map((lines) => this.#passOn(lines)));
    } catch (error) {
      // Where the consumer has cancelled, this is the end of a read that nobody waits for.
      this.#controller.error(error);
      this.#end();
    }
  }

  async #passOn(lines: LineReader): Promise<never> {
    while (true) {
      const event = readEvent(await lines.next(), lines.server);
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
