/** Reads of several fleets: one after the other, until one has a value. @module */

import type { KeyCommands, OperationOptions } from "../../../mod.ts";
import { checkSignal } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
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
  const order = readingOrder(fleets);
  const missed: number[] = [];
  const faults: unknown[] = [];
  const found = await new Promise<Answer<Value> | undefined>((resolve, reject) => {
    let asked = 0;
    let open = 0;
    let cancel = () => {};
    let isSettled = false;
    const settle = () => {
      isSettled = true;
      cancel();
    };
    const ask = () => {
      if (isSettled) return;
      cancel();
      const replica = order[asked++];
      if (replica === undefined) {
        if (open === 0) resolve(undefined);
        return;
      }
      open++;
      cancel = asked < order.length ? whenSlow(fleets, ask) : () => {};
      fleets.ask(replica, key, read).then(
        (value) => {
          open--;
          if (value !== undefined) {
            settle();
            return resolve({ replica, value });
          }
          missed.push(replica);
          ask();
        },
        (error) => {
          open--;
          // What is wrong with the request or the value is wrong everywhere.
          if (!isUnreachable(error)) {
            settle();
            return reject(error);
          }
          faults.push(error);
          fleets.reportFailure(replica, key, "read", error);
          ask();
        },
      );
    };
    ask();
  });
  options?.signal?.throwIfAborted();
  if (found === undefined) {
    if (missed.length === 0 && faults.length > 0) throw withCallersStack(faults[0]);
    return undefined;
  }
  for (const replica of missed) repair(fleets, key, found.replica, replica);
  return found.value;
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
