/** Which keys are used most, from the events that servers log. @module */

import { ClientException, SocketError, type Stats, type WatchEvent } from "../../mod.ts";
import type { Fleet } from "./fleet.ts";
import { HeavyHitters, mostFrequent } from "./heavy_hitters.ts";
import { decodedKey } from "./keys_of_bytes.ts";
import { messageOf } from "./usage.ts";

/** Which events count. */
export interface Traffic {
  readonly reads: boolean;
  readonly writes: boolean;
  /** Only reads that found nothing. */
  readonly misses: boolean;
}

/** What is counted. */
export interface HotKeysOptions extends Traffic {
  /** What an event counts for: its key, or a prefix of it. */
  readonly nameOf?: (key: string) => string;
  /** Gets every event that has a key. */
  readonly onEvent?: (event: KeyEvent) => void;
}

/** A key, or a prefix, and how much it is used. */
export interface HotKey {
  /** The key, as text. */
  readonly key: string;
  /** Its part of all events of this kind, 0 to 1. */
  readonly share: number;
  /** How many events a second there were, those that the servers dropped included. */
  readonly perSecond: number;
  /** The servers that it was seen on, the one with the most events first. */
  readonly servers: readonly string[];
}

/** The most used keys of some time. */
export interface HotKeysReport {
  readonly keys: readonly HotKey[];
  /** The part of the events that was seen, 0 to 1; the servers drop events when they come too fast. */
  readonly seen: number;
  /** How many events were counted. */
  readonly events: number;
}

/** A server that cannot be watched, or no longer. */
export interface WatchFault {
  readonly server: string;
  readonly message: string;
  /** Whether the server refuses, and not only the connection failed. */
  readonly isRefusal: boolean;
}

/** An event that counts. */
export type KeyEvent = Extract<WatchEvent, { type: "item_get" | "item_store" }>;

/** The events of a server. */
interface Watched {
  readonly server: string;
  readonly counts: HeavyHitters;
  /** The last event of each connection, where that is a look-up: it may be part of a store that follows. */
  readonly lookUps: Map<number, KeyEvent>;
  /** Events that came, whether they count or not, and events that did not come. */
  came: number;
  missed: number;
  /** How long it has been watched, and until when that is counted. */
  seconds: number;
  since: number;
  /** `log_worker_dropped` when it was last looked at. */
  dropped: number | undefined;
  cancel(): Promise<void>;
}

/** How much a key is used, on all servers and on each. */
interface Usage {
  scaled: number;
  perSecond: number;
  readonly servers: [server: string, count: number][];
}

/** Counts the keys in the events of all servers. */
export class HotKeys {
  /** The servers that cannot be watched, or no longer. */
  readonly faults: WatchFault[] = [];
  readonly #fleet: Fleet;
  readonly #options: HotKeysOptions;
  readonly #watched: Watched[] = [];
  #isClosed = false;

  constructor(fleet: Fleet, options: HotKeysOptions) {
    this.#fleet = fleet;
    this.#options = options;
  }

  /** Begins to watch every server that can be watched; the others are in {@linkcode HotKeys.faults}. */
  async start(): Promise<void> {
    await Promise.all(this.#fleet.names.map((server) => this.#watch(server)));
  }

  /** Begins to watch a server again that could not be watched; what was counted of it before is forgotten. */
  async restart(server: string): Promise<void> {
    for (const list of [this.faults, this.#watched]) {
      const at = list.findIndex((each) => each.server === server);
      if (at >= 0) list.splice(at, 1);
    }
    await this.#watch(server);
  }

  /** How many servers are watched. */
  get watched(): number {
    const failed = new Set(this.faults.map(({ server }) => server));
    return this.#watched.filter(({ server }) => !failed.has(server)).length;
  }

  /** Asks the servers how many events they have dropped. */
  async account(): Promise<void> {
    await Promise.all(this.#watched.map(async ({ server }) => {
      try {
        this.addStats(server, (await this.#fleet.at(server).stats())[0] ?? {});
      } catch (error) {
        this.#fail(server, error);
      }
    }));
  }

  /** Takes the number of dropped events from a server's `stats`; the first of them is what later ones start from. */
  addStats(server: string, stats: Stats): void {
    const watched = this.#watched.find((each) => each.server === server);
    const dropped = Number(stats.log_worker_dropped ?? NaN);
    if (watched === undefined || Number.isNaN(dropped)) return;
    // A server that was restarted counts from 0.
    const before = watched.dropped ?? dropped;
    watched.missed += dropped < before ? dropped : dropped - before;
    watched.dropped = dropped;
  }

  /** Makes what was counted so far weigh less: the report is about the last seconds. */
  age(factor: number): void {
    for (const watched of this.#watched) {
      // Also of a server that was lost: its keys have not been used since.
      countSeconds(watched);
      watched.seconds *= factor;
      watched.counts.age(factor);
      watched.came *= factor;
      watched.missed *= factor;
    }
  }

  /** The most used keys. A server whose events were dropped counts for as much more. */
  report(most: number): HotKeysReport {
    const rates = new Map<string, Usage>();
    const lost = new Set(this.faults.map(({ server }) => server));
    let [all, came, missed, events] = [0, 0, 0, 0];
    for (const watched of this.#watched) {
      if (!lost.has(watched.server)) countSeconds(watched);
      for (const event of watched.lookUps.values()) this.#add(watched, event);
      watched.lookUps.clear();
      const { server, counts } = watched;
      const scale = watched.came === 0 ? 1 : (watched.came + watched.missed) / watched.came;
      all += counts.total * scale;
      came += watched.came;
      missed += watched.missed;
      events += counts.total;
      for (const [name, count] of counts.entries()) {
        const rate = rates.get(name) ?? { scaled: 0, perSecond: 0, servers: [] };
        rate.scaled += count * scale;
        rate.perSecond += count * scale / Math.max(0.001, watched.seconds);
        rate.servers.push([server, count]);
        rates.set(name, rate);
      }
    }
    const scaled = Array.from(rates, ([name, { scaled }]) => [name, scaled] as const);
    const keys = mostFrequent(scaled, most).map(([key, count]): HotKey => ({
      key,
      share: count / all,
      perSecond: rates.get(key)?.perSecond ?? 0,
      servers: mostFrequent(rates.get(key)?.servers ?? [], Infinity).map(([server]) => server),
    }));
    return { keys, seen: came + missed === 0 ? 1 : came / (came + missed), events };
  }

  /** Closes the connections; one that is just being opened is closed then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#watched.splice(0).map((watched) => watched.cancel()));
  }

  async #watch(server: string): Promise<void> {
    const { reads, misses } = this.#options;
    // A store looks the item up first, which is logged as a read: only the event after it tells them apart.
    const kinds = [...(reads || misses ? ["fetchers"] : []), "mutations"];
    const client = this.#fleet.at(server);
    const events = client.watch(kinds);
    try {
      const [stats] = await client.stats();
      await events.ready;
      if (this.#isClosed) return await events.cancel();
      const reader = events.getReader();
      const watched: Watched = {
        ...{ server, counts: new HeavyHitters(), came: 0, missed: 0, dropped: undefined },
        ...{ lookUps: new Map(), seconds: 0, since: performance.now() },
        // The fault of a stream that has failed is kept already.
        cancel: () => reader.cancel().catch(() => {}),
      };
      this.#watched.push(watched);
      this.addStats(server, stats ?? {});
      this.#follow(reader, watched);
    } catch (error) {
      await events.cancel().catch(() => {});
      this.#fail(server, error);
    }
  }

  /** Counts until the stream ends; a fault of it is kept. */
  async #follow(reader: ReadableStreamDefaultReader<WatchEvent>, watched: Watched): Promise<void> {
    try {
      while (true) {
        const { value: event } = await reader.read();
        if (event === undefined) return;
        if (event.type === "skipped") watched.missed += event.count;
        else if (event.type === "item_get" || event.type === "item_store") {
          watched.came++;
          this.#options.onEvent?.(event);
          this.#take(watched, event);
        }
      }
    } catch (error) {
      if (this.#watched.includes(watched)) this.#fail(watched.server, error);
    }
  }

  #take(watched: Watched, event: KeyEvent): void {
    const { lookUps } = watched;
    const { connection, key } = event;
    const before = lookUps.get(connection);
    const isPart = event.type === "item_store" && before?.key === key;
    if (before !== undefined && !isPart) this.#add(watched, before);
    if (event.type === "item_get") {
      lookUps.set(connection, event);
    } else {
      lookUps.delete(connection);
      this.#add(watched, event);
    }
  }

  #add({ counts }: Watched, event: KeyEvent): void {
    const { nameOf = (key) => key } = this.#options;
    if (this.#counts(event)) counts.add(nameOf(decodedKey(event.key)));
  }

  #counts({ type, status }: KeyEvent): boolean {
    if (type === "item_store") return this.#options.writes;
    return this.#options.misses ? status !== "found" : this.#options.reads;
  }

  #fail(server: string, error: unknown): void {
    if (!(error instanceof ClientException || error instanceof SocketError)) throw error;
    if (this.faults.some((fault) => fault.server === server)) return;
    const watched = this.#watched.find((each) => each.server === server);
    // Nothing comes of it any more, so a report counts no more time.
    if (watched !== undefined) countSeconds(watched);
    const isRefusal = error instanceof ClientException;
    this.faults.push({ server, message: messageOf(error), isRefusal });
  }
}

/** Counts the time that has passed. */
function countSeconds(watched: Watched): void {
  const now = performance.now();
  watched.seconds += (now - watched.since) / 1000;
  watched.since = now;
}

/** The part of a key up to its first separator; a key without one counts for itself. */
export function firstPart(key: string, separator = ":"): string {
  const at = key.indexOf(separator);
  return at < 0 ? key : `${key.slice(0, at + separator.length)}*`;
}
