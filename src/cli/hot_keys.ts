/** Which keys are used most, from the events that servers log. @module */

import { ClientException, SocketError, type Stats } from "../../mod.ts";
import type { Fleet } from "./fleet.ts";
import { mostFrequent } from "./heavy_hitters.ts";
import { decodedKey } from "./keys_of_bytes.ts";
import { ServerTraffic, type ServerTrafficOptions } from "./server_traffic.ts";
import type { KeyEvent } from "./stretch.ts";
import { messageOf } from "./usage.ts";

/** Which events count. */
export interface Traffic {
  readonly reads: boolean;
  readonly writes: boolean;
  /** Only reads that found nothing. */
  readonly misses: boolean;
}

/** What is counted. */
export interface HotKeysOptions
  extends Traffic, Pick<ServerTrafficOptions, "onEvent" | "limits" | "pause"> {
  /** What an event counts for: its key, or a prefix of it. */
  readonly nameOf?: (key: string) => string;
}

/** A key, or a prefix, and how much it is used. */
export interface HotKey {
  /** The key, as text. */
  readonly key: string;
  /** Its part of all events of this kind, 0 to 1. */
  readonly share: number;
  /** How many events a second there were, those that were not seen included. */
  readonly perSecond: number;
  /** The servers that it was seen on, the one with the most events first. */
  readonly servers: readonly string[];
}

/** The most used keys of some time. */
export interface HotKeysReport {
  readonly keys: readonly HotKey[];
  /**
   * The part of the events that was seen, 0 to 1: when they come fast, servers are watched only part of the time, and
   * may drop some.
   */
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

/** Counts the keys in the events of all servers. */
export class HotKeys {
  /** The servers that cannot be watched, or no longer. */
  readonly faults: WatchFault[] = [];
  readonly #fleet: Fleet;
  readonly #options: HotKeysOptions;
  readonly #traffic = new Map<string, ServerTraffic>();
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
    const at = this.faults.findIndex((each) => each.server === server);
    if (at >= 0) this.faults.splice(at, 1);
    await this.#traffic.get(server)?.close();
    await this.#watch(server);
  }

  /** How many servers are watched. */
  get watched(): number {
    const failed = new Set(this.faults.map(({ server }) => server));
    return Array.from(this.#traffic)
      .filter(([server, { isStarted }]) => isStarted && !failed.has(server)).length;
  }

  /** Asks the servers how many events they have dropped, and how busy they are. */
  async account(): Promise<void> {
    await Promise.all(Array.from(this.#traffic, async ([server, traffic]) => {
      if (!traffic.isStarted) return;
      try {
        await traffic.account();
      } catch (error) {
        this.#fail(server, error);
      }
    }));
  }

  /** Takes the same from a server's `stats`, and when they came. */
  addStats(server: string, stats: Stats, at: number = performance.now()): void {
    this.#traffic.get(server)?.addStats(stats, at);
  }

  /** Makes what was counted so far weigh less: the report is about the last seconds. */
  age(factor: number): void {
    for (const traffic of this.#traffic.values()) traffic.age(factor);
  }

  /** The most used keys. A server whose events were not all seen counts for as much more. */
  report(most: number): HotKeysReport {
    const counts = new Map<string, number>();
    const secondsOf = new Map<string, number>();
    let [total, all, came, events] = [0, 0, 0, 0];
    for (const [server, traffic] of this.#traffic) {
      const usage = traffic.usage();
      total += usage.total;
      all += usage.events;
      came += usage.came;
      events += usage.counted;
      secondsOf.set(server, Math.max(0.001, usage.seconds));
      for (const [name, count] of traffic.names()) {
        counts.set(name, (counts.get(name) ?? 0) + count);
      }
    }
    const keys = mostFrequent(counts, most).map(([key, count]): HotKey => {
      const uses = Array.from(
        this.#traffic,
        ([server, each]) => [server, each.countOf(key)] as const,
      )
        .filter(([, count]) => count > 0);
      const rates = uses.map(([server, count]) => count / (secondsOf.get(server) ?? Infinity));
      return {
        ...{ key, share: count / total },
        perSecond: rates.reduce((sum, rate) => sum + rate, 0),
        servers: mostFrequent(uses, Infinity).map(([server]) => server),
      };
    });
    return { keys, seen: all === 0 ? 1 : Math.min(1, came / all), events };
  }

  /** Closes the connections; one that is just being opened is closed then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#traffic.values(), (traffic) => traffic.close()));
    this.#traffic.clear();
  }

  async #watch(server: string): Promise<void> {
    if (this.#isClosed) return;
    const { reads, misses, onEvent, limits, pause } = this.#options;
    const traffic = new ServerTraffic(this.#fleet.at(server), {
      // A store looks the item up first, which is logged as a read: only the event after it tells them apart.
      kinds: [...(reads || misses ? ["fetchers"] : []), "mutations"],
      nameOf: (event) => this.#nameOf(event),
      onFault: (error) => this.#fail(server, error),
      ...{ onEvent, limits, pause },
    });
    this.#traffic.set(server, traffic);
    await traffic.start();
  }

  #nameOf({ type, status, key }: KeyEvent): string | undefined {
    const { nameOf = (key) => key, reads, writes, misses } = this.#options;
    const isRead = misses ? status !== "found" : reads;
    return (type === "item_store" ? writes : isRead) ? nameOf(decodedKey(key)) : undefined;
  }

  #fail(server: string, error: unknown): void {
    if (!(error instanceof ClientException || error instanceof SocketError)) throw error;
    if (this.#isClosed || this.faults.some((fault) => fault.server === server)) return;
    const traffic = this.#traffic.get(server);
    // One that was watched before has too many watchers just now, and may be asked again.
    const isRefusal = error instanceof ClientException && !traffic?.isStarted;
    this.faults.push({ server, message: messageOf(error), isRefusal });
    // Nothing comes of it any more, so a report counts no more time.
    void traffic?.close();
  }
}

/** The part of a key up to its first separator; a key without one counts for itself. */
export function firstPart(key: string, separator = ":"): string {
  const at = key.indexOf(separator);
  return at < 0 ? key : `${key.slice(0, at + separator.length)}*`;
}
