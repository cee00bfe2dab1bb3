/**
 * What `watch` shows: a line for each event, told to those who asked for its kind.
 *
 * @module
 */

import { Watcher } from "./watcher.ts";

/** The kinds of events memcached 1.6.18 knows. Of the last five this server has none to tell. */
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

/** The server's events and those who watch them. */
export class EventLog {
  /** The connection whose command runs; the session that runs it says so. */
  connectionId = 0;

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
   * @param kinds What to be told.
   * @returns Who is told, or `undefined` when there are too many already.
   */
  watch(kinds: ReadonlySet<EventKind>): Watcher | undefined {
    if (this.#watchers.size >= MAX_WATCHERS) return undefined;
    this.#lastId += 1;
    const watcher: Watcher = new Watcher(kinds, () => this.#watchers.delete(watcher));
    this.#watchers.add(watcher);
    return watcher;
  }

  /**
   * Tells an event to those who watch its kind.
   *
   * @param kind Its kind.
   * @param describe Says what happened, `type=…` and what else there is to it, given the connection
   * whose command runs. Only called when somebody watches.
   */
  log(kind: EventKind, describe: (connectionId: number) => string): void {
    if (this.#watchers.size === 0) return;
    const watchers = [...this.#watchers].filter(({ kinds }) => kinds.has(kind));
    if (watchers.length === 0) return;
    const line = `ts=${this.#timestamp()} gid=${++this.#lastId} ${describe(this.connectionId)}\n`;
    for (const watcher of watchers) watcher.push(line);
  }

  /** Seconds and microseconds; as memcached prints them, the latter without leading zeros. */
  #timestamp(): string {
    const milliseconds = this.#now();
    return `${Math.floor(milliseconds / 1000)}.${Math.floor(milliseconds % 1000 * 1000)}`;
  }
}
