/** What all readers of the page see: the servers are asked once, for however many readers. @module */

import type { Advice } from "../doctor/advice.ts";
import type { Fleet } from "../fleet.ts";
import { FleetWatch } from "../fleet_watch.ts";
import type { Overview, ServerView } from "../overview.ts";
import { pause } from "../pause.ts";
import { printable } from "../shown_text.ts";
import type { Terminal } from "../terminal.ts";
import { BigScan } from "./big_scan.ts";
import { type EventSink, EventStreams } from "./event_streams.ts";
import { History } from "./history.ts";
import { type SlabRow, slabRows } from "./slab_rows.ts";

/** What a reader wants besides the figures. */
export interface Wishes {
  /** Hot keys and large values: the servers log every read and store as long as a reader wants them. */
  readonly keys: boolean;
}

/** What a page gets at its beginning, and how often it gets more. */
export interface LiveViewOptions {
  /** Milliseconds between two looks at the servers. */
  readonly every: number;
  /** Whether the page may change something. */
  readonly canWrite: boolean;
}

/** How many moments the charts show. */
const HISTORY = 600;
/** For how many milliseconds the servers are asked without readers: a page that is loaded again finds no gap. */
const LINGER = 15_000;
/** The part of the time between two looks that servers have for an answer. */
const PATIENCE = 0.7;
/** How many hot keys, and how many large values, the page shows. */
const MOST_KEYS = 20;

/** Asks the servers as long as there are readers, and sends the answers to all of them. */
export class LiveView {
  readonly #fleet: Fleet;
  readonly #options: LiveViewOptions;
  readonly #streams: EventStreams<Wishes>;
  readonly #history: History;
  readonly #big: BigScan;
  readonly #failure = new AbortController();
  #watch: { readonly keys: boolean; readonly servers: FleetWatch } | undefined;
  #latest: Overview | undefined;
  #wake = () => {};
  #lastLook = -Infinity;

  constructor(fleet: Fleet, terminal: Terminal, options: LiveViewOptions) {
    this.#fleet = fleet;
    this.#options = options;
    this.#history = new History(fleet.names, HISTORY);
    this.#big = new BigScan(fleet, terminal);
    this.#streams = new EventStreams(() => this.#wake());
  }

  /** How many readers there are. */
  get readers(): number {
    return this.#streams.size;
  }

  /** Adds a reader. */
  add(sink: EventSink, wishes: Wishes): void {
    const { every, canWrite } = this.#options;
    const reader = this.#streams.add(sink, wishes);
    const history = this.#history.columns();
    const hello = { servers: this.#fleet.names, canWrite, every, length: HISTORY, history };
    reader.send("hello", hello);
    if (this.#big.view !== undefined) reader.send("big", this.#big.view);
  }

  /** The slab classes of a server; `undefined` if it has not answered, or is not one of these. */
  slabs(server: string): readonly SlabRow[] | undefined {
    const view = this.#latest?.servers.find((each) => each.server === server);
    return view?.state === "up" ? slabRows(view.look) : undefined;
  }

  /** Begins to list all items, for the largest of them. */
  startBig(): void {
    this.#big.start().then(() => this.#sendBig(), (error) => this.#failure.abort(error));
    this.#sendBig();
  }

  /** Goes on until the end. */
  async run(interrupted: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([interrupted, this.#failure.signal]);
    try {
      while (!signal.aborted) {
        if (this.#isWatched()) await this.#look(signal);
        else await this.#sleep(signal);
      }
    } finally {
      this.#streams.close();
      await Promise.all([this.#watch?.servers.close(), this.#big.stop()]);
    }
    if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
  }

  #isWatched(): boolean {
    if (this.#streams.size > 0) this.#lastLook = performance.now();
    return performance.now() - this.#lastLook < LINGER;
  }

  /** Leaves the servers alone until there is a reader. */
  async #sleep(signal: AbortSignal): Promise<void> {
    const watch = this.#watch;
    this.#watch = this.#latest = undefined;
    await Promise.all([watch?.servers.close(), this.#big.stop()]);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted || this.#streams.size > 0) resolve();
    });
    this.#wake = () => {};
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { every } = this.#options;
    const began = performance.now();
    const keys = Array.from(this.#streams.wishes).some(({ keys }) => keys);
    const overview = await (await this.#watchFor(keys)).look(every * PATIENCE, signal);
    if (signal.aborted) return;
    this.#latest = overview;
    this.#history.add(overview);
    this.#send(overview);
    await pause(Math.max(0, began + every - performance.now()), signal);
  }

  /** What watches the servers, with their keys or without. */
  async #watchFor(keys: boolean): Promise<FleetWatch> {
    if (this.#watch?.keys !== keys) {
      const before = this.#watch;
      this.#watch = { keys, servers: new FleetWatch(this.#fleet, { keys }) };
      await before?.servers.close();
    }
    return this.#watch.servers;
  }

  #send({ time, servers, fleet, hot, big, advice, notes }: Overview): void {
    const lines = servers.map(lineOf);
    this.#streams.send("sample", { at: time.getTime() / 1000, servers: lines, fleet });
    this.#streams.send("advice", { advice: advice.map(printableAdvice), notes });
    const keys = {
      hot: hot && { ...hot, keys: hot.keys.slice(0, MOST_KEYS).map(labelled) },
      big: big.slice(0, MOST_KEYS).map(labelled),
    };
    this.#streams.send("keys", keys, (wishes) => wishes.keys);
    if (this.#big.isRunning) this.#sendBig();
  }

  #sendBig(): void {
    this.#streams.send("big", this.#big.view);
  }
}

/** A server without all that it has said. */
function lineOf(view: ServerView): Omit<ServerView, "look"> {
  if (view.state !== "up") return view;
  const { look: _, ...line } = view;
  return line;
}

/** Advice without control characters: it names keys. */
function printableAdvice(advice: Advice): Advice {
  const { finding, action } = advice;
  return { ...advice, finding: printable(finding), action: printable(action) };
}

/** Adds a key for people: without control characters. */
function labelled<Keyed extends { readonly key: string }>(keyed: Keyed) {
  return { ...keyed, label: printable(keyed.key) };
}
