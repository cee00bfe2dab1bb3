/** Looks at all servers again and again. @module */

import { ClientException, SocketError } from "../../mod.ts";
import type { Look } from "./doctor/advice.ts";
import { adviceOn } from "./doctor/rules.ts";
import { figuresOf, fleetFiguresOf, isRestarted, type ServerFigures } from "./figures.ts";
import type { Fleet } from "./fleet.ts";
import { HotKeys, type HotKeysReport } from "./hot_keys.ts";
import { decodedKey } from "./keys_of_bytes.ts";
import { LargestValues } from "./largest_values.ts";
import type { Overview, ServerView } from "./overview.ts";
import { pause } from "./pause.ts";
import { type Snapshot, type StatsKind, takeSnapshot } from "./snapshot.ts";
import { Trend } from "./trend.ts";
import { messageOf } from "./usage.ts";

/** What is asked each time, and what changes seldom and may be much. */
const OFTEN: readonly StatsKind[] = ["items", "slabs"];
const SELDOM: readonly StatsKind[] = ["settings", "conns"];
/** Milliseconds until that is asked again. */
const SELDOM_INTERVAL = 30_000;
/** Milliseconds that advice, hot keys and large values are about. */
const WINDOW = 10_000;
/** Milliseconds between two attempts to watch a server again. */
const WATCH_INTERVAL = 5000;
const MOST_HOT_KEYS = 50;
const MOST_LARGE_VALUES = 50;

/** How the servers are looked at. */
export interface FleetWatchOptions {
  /** Whether the hot keys and large values are wanted: the servers log each read and store for that. */
  readonly keys: boolean;
  /** Milliseconds between two attempts to watch a server again; 5000 by default. */
  readonly watchInterval?: number;
}

/** Looks at all servers: each {@linkcode FleetWatch.look} compares with the one before. */
export class FleetWatch {
  readonly #servers: readonly WatchedServer[];
  readonly #hot: HotKeys | undefined;
  readonly #largest = new LargestValues();
  readonly #watchInterval: number;
  /** Servers that cannot be watched, and have been down since that came out. */
  readonly #gone = new Set<string>();
  #started: Promise<void> | undefined;
  #agedAt = performance.now();
  #watchedAt = 0;

  constructor(fleet: Fleet, { keys, watchInterval = WATCH_INTERVAL }: FleetWatchOptions) {
    this.#watchInterval = watchInterval;
    this.#servers = fleet.names.map((name) => new WatchedServer(fleet, name));
    if (!keys) return;
    this.#hot = new HotKeys(fleet, {
      ...{ reads: true, writes: true, misses: false },
      onEvent: ({ key, size }) => {
        if (this.#largest.isLarge(size)) this.#largest.add(decodedKey(key), size);
      },
    });
  }

  /**
   * Asks all servers. One that does not answer in time is shown with what it said before.
   *
   * @param patience How many milliseconds are waited at most.
   * @param signal Ends the waiting at once.
   */
  async look(patience: number, signal: AbortSignal): Promise<Overview> {
    const answered = new AbortController();
    const all = Promise.all(this.#servers.map((server) => server.ask()))
      .finally(() => answered.abort());
    // Without a server that is late, this ends with the last answer; a fault of the program is one here.
    await Promise.race([all, pause(patience, AbortSignal.any([signal, answered.signal]))]);
    all.catch(() => {});
    this.#watchKeys();
    return this.#overview();
  }

  /** Ends the watching. */
  async close(): Promise<void> {
    await this.#hot?.close();
  }

  #overview(): Overview {
    const servers = this.#servers.map((server) => server.view());
    const figures = servers.flatMap((view) => view.state === "up" ? [view.figures] : []);
    const looks = this.#servers.flatMap((server) => server.lookBack());
    const hot = this.#report(looks);
    const isUp = (name: string) => this.#servers.some((each) => each.name === name && each.isUp);
    const notes = [
      ...this.#servers.flatMap((server) => server.refusals),
      // Why a server is down stands where it is.
      ...this.#hot?.faults.filter(({ server, isRefusal }) => isRefusal && isUp(server))
        .map(({ message }) => message) ?? [],
    ];
    return {
      ...{ time: new Date(), servers, fleet: fleetFiguresOf(figures), hot, notes },
      big: this.#largest.largest(MOST_LARGE_VALUES),
      advice: adviceOn({ servers: looks, hot }),
    };
  }

  #report(looks: readonly Look[]): HotKeysReport | undefined {
    const hot = this.#hot;
    if (hot === undefined) return undefined;
    for (const { now } of looks) hot.addStats(now.server, now.stats, now.at);
    const report = hot.report(MOST_HOT_KEYS);
    const now = performance.now();
    const factor = Math.exp((this.#agedAt - now) / WINDOW);
    this.#agedAt = now;
    hot.age(factor);
    this.#largest.age(factor);
    return hot.watched === 0 ? undefined : report;
  }

  /** Begins to watch, and does so again for servers that were gone. */
  #watchKeys(): void {
    const hot = this.#hot;
    const now = performance.now();
    if (hot === undefined) return;
    if (this.#started === undefined) {
      this.#started = hot.start();
    } else if (now - this.#watchedAt >= this.#watchInterval) {
      this.#watchedAt = now;
      const back = this.#serversToWatch(hot);
      const before = this.#started;
      this.#started = before.then(async () => {
        await Promise.all(back.map((server) => hot.restart(server)));
      });
    }
    this.#started.catch(() => {});
  }

  /** The servers whose watching ended, and that are up; one that refused only if it has been down since. */
  #serversToWatch(hot: HotKeys): string[] {
    return hot.faults.filter(({ server, isRefusal }) => {
      const isUp = this.#servers.some((each) => each.name === server && each.isUp);
      if (!isUp) this.#gone.add(server);
      return isUp && (this.#gone.delete(server) || !isRefusal);
    }).map(({ server }) => server);
  }
}

/** A server, what it has said lately, and what it is being asked. */
class WatchedServer {
  readonly name: string;
  readonly #fleet: Fleet;
  readonly #snapshots: Snapshot[] = [];
  readonly #refused = new Map<StatsKind, string>();
  readonly #evictions = new Trend();
  readonly #hitRates = new Trend();
  #seldom: Partial<Snapshot> = {};
  #seldomAt = -Infinity;
  #asking: Promise<void> | undefined;
  #message: string | undefined;
  #figures: ServerFigures | undefined;
  #isUnusual = { evictsMore: false, hitsLess: false };

  constructor(fleet: Fleet, name: string) {
    this.#fleet = fleet;
    this.name = name;
  }

  /** Whether it has answered, and not failed since. */
  get isUp(): boolean {
    return this.#message === undefined && this.#figures !== undefined;
  }

  /** What it does not offer. */
  get refusals(): readonly string[] {
    return [...this.#refused.values()];
  }

  /** Asks it, unless it is still being asked. */
  ask(): Promise<void> {
    return this.#asking ??= this.#ask().finally(() => this.#asking = undefined);
  }

  async #ask(): Promise<void> {
    const isDue = performance.now() - this.#seldomAt >= SELDOM_INTERVAL;
    const kinds = [...OFTEN, ...isDue ? SELDOM : []].filter((kind) => !this.#refused.has(kind));
    try {
      const taken = await takeSnapshot(this.#fleet, this.name, kinds);
      for (const { kind, message } of taken.refused) this.#refused.set(kind, message);
      if (isDue) {
        this.#seldomAt = taken.at;
        const { settings, conns } = taken;
        this.#seldom = { ...settings && { settings }, ...conns && { conns } };
      }
      this.#take({ ...this.#seldom, ...taken });
    } catch (error) {
      if (!(error instanceof SocketError || error instanceof ClientException)) throw error;
      this.#message = messageOf(error);
      this.#forget();
    }
  }

  #take(snapshot: Snapshot): void {
    const last = this.#snapshots.at(-1);
    // One that was started again may be another version.
    if (last !== undefined && isRestarted(last.stats, snapshot.stats)) this.#forget();
    const before = this.#snapshots.at(-1);
    this.#snapshots.push(snapshot);
    while ((this.#snapshots[1]?.at ?? Infinity) <= snapshot.at - WINDOW) this.#snapshots.shift();
    this.#message = undefined;
    this.#figures = figuresOf(before, snapshot);
    const { rates, hitRate } = this.#figures;
    const evictions = rates && this.#evictions.add(rates.evictions);
    const hits = hitRate === undefined ? undefined : this.#hitRates.add(hitRate);
    this.#isUnusual = {
      evictsMore: evictions !== undefined && (rates?.evictions ?? 0) >= 1 + evictions * 1.5,
      hitsLess: hits !== undefined && hitRate !== undefined && hitRate < hits - 0.05,
    };
  }

  #forget(): void {
    this.#snapshots.length = 0;
    this.#refused.clear();
    this.#seldomAt = -Infinity;
  }

  /** Now, and the last answer before. */
  view(): ServerView {
    const { name: server } = this;
    if (this.#message !== undefined) return { server, state: "down", message: this.#message };
    const [before, now] = [this.#snapshots.at(-2), this.#snapshots.at(-1)];
    if (now === undefined || this.#figures === undefined) {
      return { server, state: "waiting", message: "no answer yet" };
    }
    const silent = this.#asking === undefined ? 0 : (performance.now() - now.at) / 1000;
    const figures = this.#figures;
    return { server, state: "up", figures, look: { before, now }, silent, ...this.#isUnusual };
  }

  /** Now, and the oldest answer of the last seconds: for advice that does not change with every look. */
  lookBack(): Look[] {
    const now = this.#snapshots.at(-1);
    if (!this.isUp || now === undefined) return [];
    const [first] = this.#snapshots;
    return [{ before: first === now ? undefined : first, now }];
  }
}
