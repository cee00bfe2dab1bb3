/** A stretch of time in which a server's events are watched, and the rest after it. @module */

import type { WatchEvent } from "../../mod.ts";
import { HeavyHitters } from "./heavy_hitters.ts";

/** An event that counts. */
export type KeyEvent = Extract<WatchEvent, { type: "item_get" | "item_store" }>;

/** How fast events may come until a server is left alone for a while. */
export interface WatchLimits {
  /** How many events a second a server may log on average. */
  readonly perSecond: number;
  /** How many more than that may come at once: a rest takes at least as long as so many may take. */
  readonly burst: number;
  /** How many milliseconds a rest takes at most. */
  readonly longestRest: number;
}

/** What a server's `stats` tell at a moment of this process' clock, in milliseconds. */
export interface Measure {
  readonly at: number;
  /** How many events there were, whether the server logged them or not. */
  readonly events: number;
  /** `log_worker_dropped`. */
  readonly dropped: number;
}

/**
 * Counts the events of a stretch. While it is watched, what there was is what came and what the server dropped. In the
 * rest after it the server goes on counting what it does, and that is taken to be of the same keys.
 */
export class Stretch {
  /** The events that count, by name. */
  readonly counts: HeavyHitters = new HeavyHitters();
  readonly #nameOf: (event: KeyEvent) => string | undefined;
  readonly #limits: WatchLimits;
  /** The last event of each connection, where that is a look-up: it may be part of a store that follows. */
  readonly #lookUps = new Map<number, KeyEvent>();
  /** The last event of all. */
  #last: KeyEvent | undefined;
  /** Events that came, whether they count or not, and events that the server dropped. */
  #came = 0;
  #missed = 0;
  /** What the server says of how many events there were, less what {@linkcode Stretch.forget} was called for. */
  #events = 0;
  #seconds = 0;
  #measure: Measure;
  /** How many milliseconds it took to open the watch. */
  readonly #opening: number;
  /** Until when time is counted. */
  #until: number;
  /** How many events may come now. */
  #budget: number;
  #end = Infinity;
  #isOver = false;

  /**
   * @param nameOf What an event counts for; `undefined` if it does not count.
   * @param before What the server said before the watch was opened.
   * @param now When it was open.
   */
  constructor(
    nameOf: (event: KeyEvent) => string | undefined,
    limits: WatchLimits,
    before: Measure,
    now: number,
  ) {
    this.#nameOf = nameOf;
    this.#limits = limits;
    this.#measure = before;
    this.#opening = now - before.at;
    this.#until = now;
    this.#budget = limits.burst;
  }

  /** Whether it is not watched any more, and the server has said how many events there were. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether events have come too fast. */
  get isTooFast(): boolean {
    return this.#budget < 0;
  }

  /** How many events there were, less what {@linkcode Stretch.forget} was called for. */
  get events(): number {
    return this.#isOver ? this.#events : this.#came + this.#missed;
  }

  /** How many there were for each that came. */
  get weight(): number {
    return this.#came === 0 ? 1 : this.events / this.#came;
  }

  /** The time that this is about, less what {@linkcode Stretch.forget} was called for. */
  get seconds(): number {
    return this.#seconds;
  }

  /** How many milliseconds it takes until the average is what the server may log. */
  get rest(): number {
    const { perSecond, burst, longestRest } = this.#limits;
    // The server has also worked for those that did not come any more.
    const logged = burst + Math.max(0, this.events - this.#came);
    return Math.min(longestRest, logged / perSecond * 1000);
  }

  /** Counts an event. */
  take(event: KeyEvent, now: number): void {
    this.pass(now);
    this.#came++;
    this.#budget--;
    this.#last = event;
    const { connection, key } = event;
    const before = this.#lookUps.get(connection);
    const isPart = event.type === "item_store" && before?.key === key;
    if (before !== undefined && !isPart) this.#count(before);
    if (event.type === "item_get") {
      this.#lookUps.set(connection, event);
    } else {
      this.#lookUps.delete(connection);
      this.#count(event);
    }
  }

  /** Counts events that the server says this watcher was too slow for. */
  skip(count: number): void {
    this.#missed += count;
  }

  /** Counts the time until now. That of the rest is counted as the server tells what it did in it. */
  pass(now: number): void {
    if (this.#isOver) return;
    const seconds = (now - this.#until) / 1000;
    this.#seconds += seconds;
    this.#until = now;
    const { perSecond, burst } = this.#limits;
    this.#budget = Math.min(burst, this.#budget + seconds * perSecond);
  }

  /** Counts the look-ups that nothing has followed. */
  countLookUps(): void {
    for (const event of this.#lookUps.values()) this.#count(event);
    this.#lookUps.clear();
  }

  /** Begins the rest: with the next measure. */
  end(now: number): void {
    // A server logs a store right after its look-up: only that of the last look-up may have been cut off.
    if (this.#last?.type === "item_get" && this.#lookUps.delete(this.#last.connection)) {
      this.#came--;
    }
    this.countLookUps();
    this.#end = now;
  }

  /** Takes what the server tells. */
  measure(measure: Measure): void {
    const { at, events, dropped } = measure;
    const before = this.#measure;
    // An answer may have waited while others came.
    if (at <= before.at) return;
    this.#measure = measure;
    // After `stats reset` it counts from 0.
    this.#events += Math.max(0, events - before.events);
    if (this.#isOver) {
      this.#seconds += (at - this.#until) / 1000;
      this.#until = at;
      return;
    }
    this.#missed += Math.max(0, dropped - before.dropped);
    if (at < this.#end) return;
    this.pass(at);
    // The server's figures are also about the time in which the watch was opened.
    this.#seconds += this.#opening / 1000;
    this.#events = Math.max(this.#events, this.#came);
    this.#isOver = true;
  }

  /** Forgets how many events there were until now, and the time, which the caller has counted; the keys stay. */
  forget(): void {
    this.#events = 0;
    this.#seconds = 0;
  }

  /** Makes what was counted weigh less. */
  age(factor: number): void {
    this.counts.age(factor);
    this.#came *= factor;
    this.#missed *= factor;
    this.#events *= factor;
    this.#seconds *= factor;
  }

  #count(event: KeyEvent): void {
    const name = this.#nameOf(event);
    if (name !== undefined) this.counts.add(name);
  }
}
