/**
 * What `watch` shows: a line for each event, for those who asked for its kind.
 *
 * @module
 */

import { deferred } from "../waiting.ts";
import { ByteBuffer } from "./buffers.ts";

/** The kinds of events that memcached 1.6.18 knows. Of the last five this server has none to show. */
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

/** memcached's `LOGGER_WATCHER_BUF_SIZE`, and the room it leaves for a line that tells of the gap. */
const CAPACITY = 256 * 1024;
const GAP_LINE_LENGTH = 128;

/** How many lines were written, sent to watchers and skipped for them, since the server started. */
export interface LineCounts {
  written: number;
  sent: number;
  skipped: number;
}

/** The server's events and those who watch them. */
export class EventLog {
  /** The connection whose command runs; the session that runs it says so. */
  connectionId = 0;
  /** For `stats`. */
  readonly lines: LineCounts = { written: 0, sent: 0, skipped: 0 };

  readonly #now: () => number;
  readonly #watchers = new Set<Watcher>();
  #lastId = 0;

  /** Takes the clock, in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many watch. */
  get watcherCount(): number {
    return this.#watchers.size;
  }

  /**
   * Begins to watch.
   *
   * @param kinds What to watch.
   * @returns What gathers the lines, or `undefined` when too many watch already.
   */
  watch(kinds: ReadonlySet<EventKind>): Watcher | undefined {
    if (this.#watchers.size >= MAX_WATCHERS) return undefined;
    this.#lastId += 1;
    const watcher: Watcher = new Watcher(kinds, this.lines, () => this.#watchers.delete(watcher));
    this.#watchers.add(watcher);
    return watcher;
  }

  /**
   * Writes a line for those who watch this kind of event.
   *
   * @param kind The kind.
   * @param describe Says what happened, `type=…` and what else there is to it, given the connection
   * whose command runs. Only called when somebody watches.
   */
  log(kind: EventKind, describe: (connectionId: number) => string): void {
    if (this.#watchers.size === 0) return;
    const watchers = [...this.#watchers].filter(({ kinds }) => kinds.has(kind));
    if (watchers.length === 0) return;
    const line = `ts=${this.#timestamp()} gid=${++this.#lastId} ${describe(this.connectionId)}\n`;
    this.lines.written += 1;
    for (const watcher of watchers) watcher.push(line);
  }

  /** Seconds and microseconds; as memcached prints them, the latter without leading zeros. */
  #timestamp(): string {
    const milliseconds = this.#now();
    return `${Math.floor(milliseconds / 1000)}.${Math.floor(milliseconds % 1000 * 1000)}`;
  }
}

/**
 * Gathers lines for one who watches, until they are taken. Lines for which there is no room are counted, and a
 * line says how many they were.
 */
export class Watcher implements AsyncIterable<Uint8Array> {
  /** What it watches. */
  readonly kinds: ReadonlySet<EventKind>;

  readonly #counts: LineCounts;
  readonly #onClose: () => void;
  readonly #lines = new ByteBuffer();
  #news = deferred<void>();
  #skipped = 0;
  #closed = false;

  /** Takes what to watch, where to count lines, and what to do when the watching ends. */
  constructor(kinds: ReadonlySet<EventKind>, counts: LineCounts, onClose: () => void) {
    this.kinds = kinds;
    this.#counts = counts;
    this.#onClose = onClose;
  }

  /** Adds a line, its end included, of characters up to U+00FF. */
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

  /** Takes the lines gathered so far. */
  take(): Uint8Array {
    const lines = this.#lines.take().slice();
    this.#lines.release();
    return lines;
  }

  /** Ends the iteration, behind the lines it has not come to yet. */
  close(): void {
    this.#closed = true;
    this.#onClose();
    this.#news.resolve();
  }

  /** Yields lines as they come, several at once where they come faster than they are read. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    while (!this.#closed || this.#lines.byteLength > 0) {
      await this.#news.promise;
      this.#news = deferred();
      if (this.#lines.byteLength > 0) yield this.take();
    }
  }
}
