/** How much the keys of a server are used, from the events that it logs. @module */

import type { Client, Stats, WatchEvent } from "../../mod.ts";
import { type Counted, HeavyHitters } from "./heavy_hitters.ts";
import { pause } from "./pause.ts";
import { numberIn } from "./snapshot.ts";
import { type KeyEvent, type Measure, Stretch, type WatchLimits } from "./stretch.ts";

/** What is watched, and how. */
export interface ServerTrafficOptions {
  /** The kinds of events. */
  readonly kinds: readonly string[];
  /** What an event counts for; `undefined` if it does not count. */
  readonly nameOf: (event: KeyEvent) => string | undefined;
  /** Gets every event that has a key. */
  readonly onEvent?: ((event: KeyEvent) => void) | undefined;
  /** Gets the reason when watching has ended, unless it was closed. */
  readonly onFault: (error: unknown) => void;
  /** When a server is left alone. */
  readonly limits?: WatchLimits | undefined;
  /** Waits while a server is left alone. */
  readonly pause?: typeof pause | undefined;
}

/** How much was used, as far as that is known or follows from what was seen. */
export interface Usage {
  /** How often all names were used. */
  readonly total: number;
  /** How many events there were, whether they count or not, and how many of them came. */
  readonly events: number;
  readonly came: number;
  /** How many of those that came count. */
  readonly counted: number;
  /** The time that this is about. */
  readonly seconds: number;
}

/** To log 250,000 events a second slows a server down by a third, so it does that for a tenth of the time at most. */
const LIMITS: WatchLimits = { perSecond: 20_000, burst: 5000, longestRest: 2000 };

/** The commands that look an item up, in `stats`: each is an event. */
const LOOK_UPS = [
  ...["cmd_get", "cmd_touch", "cmd_set", "delete_hits", "delete_misses"],
  ...["incr_hits", "incr_misses", "decr_hits", "decr_misses"],
];
/** Those that store one: that is another event. */
const STORES = ["cmd_set"];

/** Counts the keys in the events of a server. One that has many of them logs only some. */
export class ServerTraffic {
  readonly #client: Client;
  readonly #options: ServerTrafficOptions;
  readonly #closing = new AbortController();
  #opening: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #reader: ReadableStreamDefaultReader<WatchEvent> | undefined;
  #isStarted = false;
  /** The stretch that is watched, or was last. */
  #stretch: Stretch | undefined;
  /** What follows from the stretches before, and from a part of the rest after the last one. */
  readonly #names = new HeavyHitters();
  #total = 0;
  #events = 0;
  #seconds = 0;
  /** What came, in the last stretch too, and what counts of that, without a stretch that is watched. */
  #came = 0;
  #counted = 0;
  /** Until when time is counted of a server that was lost. */
  #lostAt: number | undefined;

  constructor(client: Client, options: ServerTrafficOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Whether it has been watched. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Begins to watch; resolves when the server logs, or has refused that. */
  async start(): Promise<void> {
    try {
      await (this.#opening = this.#open());
    } catch (error) {
      return this.#fail(error);
    }
    this.#running = this.#run();
  }

  /** Asks the server how many events there were, and how many it has dropped; not when it is closed meanwhile. */
  async account(): Promise<void> {
    try {
      const measure = await this.#measure();
      this.#stretch?.measure(measure);
    } catch (error) {
      // A server that was lost is closed, and its fault is known.
      if (!this.#closing.signal.aborted) throw error;
    }
  }

  /** Takes that from `stats`, and when they came. */
  addStats(stats: Stats, at: number): void {
    this.#stretch?.measure(this.#measureOf(stats, at));
  }

  /** Makes what was counted so far weigh less, also of a server that was lost: its keys have not been used since. */
  age(factor: number): void {
    const now = performance.now();
    this.#stretch?.pass(now);
    if (this.#lostAt !== undefined) {
      this.#seconds += (now - this.#lostAt) / 1000;
      this.#lostAt = now;
    }
    if (this.#stretch?.isOver) this.#add(this.#stretch);
    else this.#stretch?.age(factor);
    this.#names.age(factor);
    this.#total *= factor;
    this.#events *= factor;
    this.#seconds *= factor;
    this.#came *= factor;
    this.#counted *= factor;
  }

  /** How much was used until now. In a rest this is until the server has last told what it did. */
  usage(): Usage {
    const [total, events, seconds] = [this.#total, this.#events, this.#seconds];
    const [came, counted, stretch] = [this.#came, this.#counted, this.#stretch];
    if (stretch === undefined) return { total, events, came, counted, seconds };
    stretch.pass(performance.now());
    stretch.countLookUps();
    const { counts, weight } = stretch;
    return {
      ...{ came, total: total + counts.total * weight },
      events: events + stretch.events,
      counted: counted + (stretch.isOver ? 0 : counts.total),
      seconds: seconds + stretch.seconds,
    };
  }

  /** How often each name was used, as of the last {@linkcode ServerTraffic.usage}. The counts of a name may come in two parts. */
  *names(): Generator<Counted, void> {
    yield* this.#names.entries();
    if (this.#stretch === undefined) return;
    const { counts, weight } = this.#stretch;
    for (const [name, count] of counts.entries()) yield [name, count * weight];
  }

  /** How often one name was used. */
  countOf(name: string): number {
    const { counts, weight = 0 } = this.#stretch ?? {};
    return this.#names.countOf(name) + (counts?.countOf(name) ?? 0) * weight;
  }

  /** Closes the connection; no more is counted. */
  async close(): Promise<void> {
    this.#stop();
    // A stream that has failed is closed already.
    const cancelled = this.#reader?.cancel().catch(() => {});
    this.#closing.abort();
    await Promise.all([cancelled, this.#opening?.catch(() => {}), this.#running]);
  }

  async #open(): Promise<void> {
    const { signal } = this.#closing;
    const measure = await this.#measure();
    const events = this.#client.watch(this.#options.kinds, { signal });
    try {
      await events.ready;
      signal.throwIfAborted();
    } catch (error) {
      await events.cancel().catch(() => {});
      throw error;
    }
    if (this.#stretch !== undefined) {
      this.#stretch.measure(measure);
      this.#add(this.#stretch);
    }
    const { nameOf, limits = LIMITS } = this.#options;
    this.#isStarted = true;
    this.#stretch = new Stretch(nameOf, limits, measure, performance.now());
    this.#reader = events.getReader();
  }

  async #measure(): Promise<Measure> {
    const [stats] = await this.#client.stats(undefined, { signal: this.#closing.signal });
    return this.#measureOf(stats ?? {}, performance.now());
  }

  #measureOf(stats: Stats, at: number): Measure {
    const commands = [...this.#options.kinds.includes("fetchers") ? LOOK_UPS : [], ...STORES];
    const events = commands.reduce((sum, name) => sum + (numberIn(stats, name) ?? 0), 0);
    return { at, events, dropped: numberIn(stats, "log_worker_dropped") ?? 0 };
  }

  /** Watches and rests in turn until it is closed, or the server ends it. */
  async #run(): Promise<void> {
    const { pause: wait = pause } = this.#options;
    const { signal } = this.#closing;
    try {
      while (true) {
        const rest = await this.#readStretch();
        if (rest === undefined) return;
        await wait(rest, signal);
        if (signal.aborted) return;
        await (this.#opening = this.#open());
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Counts events until they come too fast; returns how many milliseconds to rest, `undefined` if it was closed. */
  async #readStretch(): Promise<number | undefined> {
    const [reader, stretch] = [this.#reader, this.#stretch];
    if (reader === undefined || stretch === undefined) return undefined;
    while (!stretch.isTooFast) {
      const { value: event } = await reader.read();
      // Not one that had been read when it was closed.
      if (event === undefined || this.#closing.signal.aborted) return undefined;
      if (event.type === "skipped") stretch.skip(event.count);
      else if (event.type === "item_get" || event.type === "item_store") {
        this.#came++;
        this.#options.onEvent?.(event);
        stretch.take(event, performance.now());
      }
    }
    stretch.end(performance.now());
    await Promise.all([reader.cancel(), this.account()]);
    if (this.#closing.signal.aborted) return undefined;
    this.#counted += stretch.counts.total;
    return stretch.rest;
  }

  /** Counts no more. */
  #stop(): void {
    const stretch = this.#stretch;
    if (stretch === undefined) return;
    this.#lostAt = performance.now();
    stretch.pass(this.#lostAt);
    stretch.countLookUps();
    if (!stretch.isOver) this.#counted += stretch.counts.total;
    this.#add(stretch);
    this.#stretch = undefined;
  }

  /** Takes over what follows from a stretch. */
  #add(stretch: Stretch): void {
    const { counts, weight, events, seconds } = stretch;
    for (const [name, count] of counts.entries()) this.#names.add(name, count * weight);
    this.#total += counts.total * weight;
    this.#events += events;
    this.#seconds += seconds;
    stretch.forget();
  }

  #fail(error: unknown): void {
    if (!this.#closing.signal.aborted) this.#options.onFault(error);
  }
}
