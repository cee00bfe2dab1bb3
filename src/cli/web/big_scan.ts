/** One look at all items, for the largest of them. @module */

import type { Fleet } from "../fleet.ts";
import { ttlOf } from "../item_filter.ts";
import { decodedKey, showKey } from "../keys_of_bytes.ts";
import { LargestItems } from "../largest_items.ts";
import { Listing } from "../listing.ts";
import type { Terminal } from "../terminal.ts";

/** A large item. */
export interface BigItem {
  readonly key: string;
  /** The key for people: without control characters. */
  readonly label: string;
  readonly size: number;
  /** Seconds until it expires; `null` for never. */
  readonly ttl: number | null;
  readonly fetched: boolean;
  readonly server: string;
}

/** How far the look is, and what it has found. */
export interface BigView {
  readonly state: "running" | "done";
  /** How many items were listed. */
  readonly listed: number;
  readonly items: readonly BigItem[];
  /** How many items there are of each size. */
  readonly sizes: readonly (readonly [size: string, count: number])[];
  /** When it ended, in milliseconds since 1970. */
  readonly at?: number;
  /** What could not be listed. */
  readonly faults: readonly string[];
}

const MOST = 20;

/** Lists all items when it is asked to, once at a time, however many ask. */
export class BigScan {
  readonly #fleet: Fleet;
  readonly #terminal: Terminal;
  #listing: Promise<void> | undefined;
  #ending = new AbortController();
  #view: (() => BigView) | undefined;

  constructor(fleet: Fleet, terminal: Terminal) {
    this.#fleet = fleet;
    this.#terminal = terminal;
  }

  /** What is known; `undefined` before the first look. */
  get view(): BigView | undefined {
    return this.#view?.();
  }

  get isRunning(): boolean {
    return this.#listing !== undefined;
  }

  /** Begins to list, unless that goes on already; resolves at its end. */
  start(): Promise<void> {
    return this.#listing ??= this.#list().finally(() => this.#listing = undefined);
  }

  /** Ends a look that goes on. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#listing;
  }

  async #list(): Promise<void> {
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    const largest = new LargestItems(MOST);
    const faults: string[] = [];
    const terminal = {
      ...this.#terminal,
      ...{ interrupted: signal, showsProgress: false },
      warn: (text: string) => void faults.push(text.replace(/^moecache: /, "").trim()),
    };
    const viewOf = (state: BigView["state"]): BigView => ({
      ...{ state, listed: largest.count, faults },
      items: largest.items.map((item) => ({
        ...{ key: decodedKey(item.key), label: showKey(item.key), size: item.size },
        ...{ ttl: ttlOf(item) ?? null, fetched: item.fetched, server: item.server },
      })),
      sizes: [...largest.namedSizes()],
    });
    this.#view = () => viewOf("running");
    const listing = new Listing({ fleet: this.#fleet, terminal, what: "listed" });
    for await (const item of listing.items()) largest.add(item);
    const done = { ...viewOf("done"), at: Date.now() };
    this.#view = signal.aborted ? undefined : () => done;
  }
}
