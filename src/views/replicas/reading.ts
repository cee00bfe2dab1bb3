/** Reads of several fleets: one after the other, until one has a value. @module */

import type { KeyCommands, OperationOptions } from "../../../mod.ts";
import { checkSignal } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { deferred } from "../../waiting/promises.ts";
import { fill } from "../copies.ts";
import { withCallersStack } from "../partial_errors.ts";
import { type Fleets, repairOf } from "./fleets.ts";

/** What a fleet has answered. */
interface Answer<Value> {
  readonly replica: number;
  readonly value: Value | undefined;
}

/** The numbers of the fleets, in the order in which they are to be read. */
export function readingOrder({ clients, settings, latencies }: Fleets): number[] {
  const { read, isNear } = settings;
  const all = [...clients.keys()];
  if (read === "first") return all;
  if (read === "any") return shuffled(all);
  if (isNear !== undefined) {
    return shuffled(all).toSorted((a, b) => Number(isNear[b]) - Number(isNear[a]));
  }
  // One that has not answered yet is tried, or it would never be known to be near.
  const distance = (replica: number) => latencies[replica]?.smoothed ?? 0;
  return all.toSorted((a, b) => distance(a) - distance(b));
}

function shuffled(numbers: readonly number[]): number[] {
  return numbers.map((number) => [Math.random(), number] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, number]) => number);
}

/** Reads from the fleets one after the other; copies the value to those that have missed it. */
export async function readFirstFound<Value>(
  fleets: Fleets,
  key: string,
  options: OperationOptions | undefined,
  read: (client: KeyCommands) => Promise<Value | undefined>,
): Promise<Value | undefined> {
  checkSignal(options);
  const reading = new Reading(fleets, key, read);
  const found = await reading.firstFound();
  const { missed, faults } = reading;
  options?.signal?.throwIfAborted();
  if (found === undefined) {
    if (missed.length === 0 && faults.length > 0) throw withCallersStack(faults[0]);
    return undefined;
  }
  for (const replica of missed) repair(fleets, key, found.replica, replica);
  return found.value;
}

/** The reading of one key. The next fleet is asked when one does not have the key, cannot be reached, or is slow. */
class Reading<Value> {
  /** The fleets that have answered that they do not have the key. */
  readonly missed: number[] = [];
  /** The errors of the fleets that could not be reached. */
  readonly faults: unknown[] = [];
  readonly #fleets: Fleets;
  readonly #key: string;
  readonly #read: (client: KeyCommands) => Promise<Value | undefined>;
  readonly #order: readonly number[];
  readonly #found = deferred<Answer<Value> | undefined>();
  /** How many fleets have been asked, and how many of them have not answered. */
  #asked = 0;
  #open = 0;
  #isSettled = false;
  #cancelHedge = (): void => {};

  constructor(
    fleets: Fleets,
    key: string,
    read: (client: KeyCommands) => Promise<Value | undefined>,
  ) {
    this.#fleets = fleets;
    this.#key = key;
    this.#read = read;
    this.#order = readingOrder(fleets);
  }

  /** Begins; resolves to the first value, or to `undefined` when no fleet has one. */
  firstFound(): Promise<Answer<Value> | undefined> {
    this.#askNext();
    return this.#found.promise;
  }

  readonly #askNext = (): void => {
    if (this.#isSettled) return;
    this.#cancelHedge();
    const replica = this.#order[this.#asked++];
    if (replica === undefined) {
      if (this.#open === 0) this.#found.resolve(undefined);
      return;
    }
    this.#open++;
    const isLast = this.#asked === this.#order.length;
    this.#cancelHedge = isLast ? () => {} : whenSlow(this.#fleets, this.#askNext);
    this.#fleets.ask(replica, this.#key, this.#read).then(
      (value) => this.#answered(replica, value),
      (error) => this.#failed(replica, error),
    );
  };

  #answered(replica: number, value: Value | undefined): void {
    this.#open--;
    if (value !== undefined) {
      this.#settle();
      return this.#found.resolve({ replica, value });
    }
    this.missed.push(replica);
    this.#askNext();
  }

  #failed(replica: number, error: unknown): void {
    this.#open--;
    // What is wrong with the request or the value is wrong everywhere.
    if (!isUnreachable(error)) {
      this.#settle();
      return this.#found.reject(error);
    }
    this.faults.push(error);
    this.#fleets.reportFailure(replica, this.#key, "read", error);
    this.#askNext();
  }

  #settle(): void {
    this.#isSettled = true;
    this.#cancelHedge();
  }
}

/**
 * Asks the next fleet when the one that was asked is slow.
 *
 * @returns Cancels that.
 */
function whenSlow({ settings, latencies }: Fleets, ask: () => void): () => void {
  const { hedgeAfter, clock } = settings;
  if (hedgeAfter === undefined) return () => {};
  const slowest = latencies.flatMap((latency) => latency.p95 ?? []);
  const delay = hedgeAfter === "p95" ? Math.min(...slowest) : hedgeAfter;
  return delay === Infinity ? () => {} : clock.after(delay, ask);
}

/** Copies a value to a fleet that has missed it, in the background. */
function repair(fleets: Fleets, key: string, source: number, replica: number): void {
  const { repairs } = fleets;
  const id = repairOf(replica, key);
  // Another one would end before the first has marked its copy of a stale value.
  if (repairs.has(id)) return;
  const from = fleets.placeOf(source, key);
  const place = fleets.placeOf(replica, key);
  const repair = fill(from, place, Infinity, { failover: "error" }).then(() => {}, (error) => {
    fleets.reportFailure(replica, key, "write", error);
  }).finally(() => repairs.delete(id));
  repairs.set(id, repair);
}
