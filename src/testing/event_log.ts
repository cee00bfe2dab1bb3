/**
 * The log behind `watch`: a line for each event, for the connections that watch its kind.
 *
 * @module
 */

import { deferred } from "../waiting/promises.ts";
import { ByteBuffer } from "./buffers.ts";

/** The kinds of events of memcached 1.6.18. This server has no events of the last five kinds. */
export const EVENT_KINDS = [
  "fetchers",
  "mutations",
  "evictions",
  "connevents",
  "sysevents",
  "rawcmds",
  "proxyreqs",
  "proxyevents",
  "proxyuser",
] as const;

/** What a client may watch. */
export type EventKind = typeof EVENT_KINDS[number];

/** memcached's `WATCHER_LIMIT`. */
const MAX_WATCHERS = 20;

/** memcached's `LOGGER_WATCHER_BUF_SIZE`, and the room it reserves for a line that reports skipped lines. */
const CAPACITY = 256 * 1024;
const GAP_LINE_LENGTH = 128;

/** How many lines were logged, sent to watchers and skipped, since the server started. */
export interface LineCounts {
  written: number;
  sent: number;
  skipped: number;
}

/** The server's events and its watchers. */
export class EventLog {
  /** The connection whose command runs; set by its session. */
  connectionId = 0;
  /** The counts for `stats`. */
  readonly lines: LineCounts = { written: 0, sent: 0, skipped: 0 };

  readonly #now: () => number;
  readonly #watchers = new Set<Watcher>();
  #lastId = 0;

  /** Takes the clock, in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The number of watchers. */
  get watcherCount(): number {
    return this.#watchers.size;
  }

  /**
   * Begins to watch.
   *
   * @param kinds What to watch.
   * @returns The watcher, or `undefined` when there are too many already.
   */
  watch(kinds: ReadonlySet<EventKind>): Watcher | undefined {
    if (this.#watchers.size >= MAX_WATCHERS) return undefined;
    this.#lastId += 1;
    const watcher: Watcher = new Watcher(kinds, this.lines, () => this.#watchers.delete(watcher));
    this.#watchers.add(watcher);
    return watcher;
  }

  /**
   * Writes a line for the watchers of this kind of event.
   *
   * @param kind The kind.
   * @param describe Makes the line, `type=…` and the event's fields, from the connection whose command runs. Called
   * only when there are watchers.
   */
  log(kind: EventKind, describe: (connectionId: number) => string): void {
    if (this.#watchers.size === 0) return;
    const watchers = [...this.#watchers].filter(({ kinds }) => kinds.has(kind));
    if (watchers.length === 0) return;
    const line = `ts=${this.#timestamp()} gid=${++this.#lastId} ${describe(this.connectionId)}\n`;
    this.lines.written += 1;
    for (const watcher of watchers) watcher.push(line);
  }

  /** Seconds and microseconds as memcached prints them: the microseconds without leading zeros. */
  #timestamp(): string {
    const milliseconds = this.#now();
    return `${Math.floor(milliseconds / 1000)}.${Math.floor(milliseconds % 1000 * 1000)}`;
  }
}

/**
 * Collects lines for one watching connection until they are taken. Lines that do not fit are skipped, and a line
 * reports how many.
 */
export class Watcher implements AsyncIterable<Uint8Array> {
  /** The kinds that it watches. */
  readonly kinds: ReadonlySet<EventKind>;

  readonly #counts: LineCounts;
  readonly #onClose: () => void;
  readonly #lines = new ByteBuffer();
  #news = deferred<void>();
  #skipped = 0;
  #closed = false;

  /** Takes the kinds to watch, the counts to increment, and a function to call when watching ends. */
  constructor(kinds: ReadonlySet<EventKind>, counts: LineCounts, onClose: () => void) {
    this.kinds = kinds;
    this.#counts = counts;
    this.#onClose = onClose;
  }

  /** Adds a line, including its line end, of characters up to U+00FF. */
  push(line: string): void {
    if (this.#lines.byteLength + line.length + GAP_LINE_LENGTH > CAPACITY) {
      this.#skipped += 1;
      this.#counts.skipped += 1;
      return;
    }
    if (this.#skipped > 0) this.#lines.appendText(`skipped=${this.#skipped}\n`);
    this.#skipped = 0;
    this.#lines.appendText(line);
    this.#counts.sent += 1;
    this.#news.resolve();
  }

  /** Takes the lines collected so far. */
  take(): Uint8Array {
    const lines = this.#lines.take().slice();
    this.#lines.release();
    return lines;
  }

  /** Ends the iteration after the lines that have been collected. */
  close(): void {
    this.#closed = true;
    this.#onClose();
    this.#news.resolve();
  }

  /** Yields lines as they come; several at once when they come faster than they are read. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    while (!this.#closed || this.#lines.byteLength > 0) {
      await this.#news.promise;
      this.#news = deferred();
      if (this.#lines.byteLength > 0) yield this.take();
    }
  }
}
