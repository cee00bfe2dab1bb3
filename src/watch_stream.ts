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
  nodes: readonly ServerNode[] | Promise<readonly ServerNode[]>,
  request: string,
  signal: AbortSignal | undefined,
): WatchStream {
  const watch = new Watch();
  const open = (nodes: readonly ServerNode[]) =>
    watch.open(nodes.map((node) => node.openLines(signal)), request);
  const opened = nodes instanceof Promise ? nodes.then(open) : open(nodes);
  const events = new ReadableStream<WatchEvent>(watch, { highWaterMark: 0 });
  return Object.assign(events, { ready: watch.follow(opened) });
}

/** The events of several servers as one stream's source. */
class Watch implements UnderlyingDefaultSource<WatchEvent> {
  #readers: readonly LineReader[] = [];
  #isCancelled = false;
  #controller!: ReadableStreamDefaultController<WatchEvent>;
  #demand = deferred<void>();

  start(controller: ReadableStreamDefaultController<WatchEvent>): void {
    this.#controller = controller;
  }

  pull(): void {
    this.#demand.resolve();
  }

  async cancel(): Promise<void> {
    this.#isCancelled = true;
    this.#end();
    await Promise.all(this.#readers.map(({ closed }) => closed));
  }

  /** Begins to watch; resolves when all servers do. */
  async open(readers: readonly LineReader[], request: string): Promise<void> {
    this.#readers = readers;
    // The servers may have become known too late.
    if (this.#isCancelled) this.#end();
    await Promise.all(readers.map(async (lines) => {
      checkWatching(await lines.ask(request), lines.server);
    }));
  }

  /** Passes on what the servers tell once all are watched, until one is lost. */
  follow(opened: Promise<void>): Promise<void> {
    this.#passAllOn(opened);
    return opened;
  }

  async #passAllOn(opened: Promise<void>): Promise<void> {
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
