/** `getOrSet` of several fleets: one after the other, under a lease in each. @module */

import type { GetOrSetOptions } from "../../../mod.ts";
import { checkFunction } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { untilAborted } from "../../waiting.ts";
import { CallerLoad } from "../caller_load.ts";
import { withoutSignal } from "../wrapped_commands.ts";
import { type Fleets, repairOf } from "./fleets.ts";
import { readingOrder } from "./reading.ts";

/** Reads a value, or loads it once and stores it in all fleets that miss it. */
export async function getOrSet<Value>(
  fleets: Fleets,
  key: string,
  load: () => Value | Promise<Value>,
  options: GetOrSetOptions | undefined,
): Promise<Value> {
  checkFunction("load", load);
  const loading = new CallerLoad(load);
  // Other callers wait for a load too: what it asks goes on when this one gives up.
  const shared = options && withoutSignal(options);
  let isReached = false;
  // A caller that holds a lease waits only for fleets before the one that it is of. So no two wait for each other.
  const ask = async (replicas: readonly number[], leased = Infinity): Promise<Value> => {
    const [replica, ...rest] = replicas;
    if (replica === undefined) return await loading.run();
    const own = leased === Infinity ? options : shared;
    const waiting = replica < leased ? own : { ...own, waitFor: 0 };
    try {
      return await fleets.ask(replica, key, async (client) => {
        // It would be joined, and what it copies may be gone: that is no value that load has given.
        const repair = fleets.repairs.get(repairOf(replica, key));
        if (repair !== undefined) await untilAborted(repair, own?.signal);
        return await client.getOrSet(key, () => {
          isReached = true;
          return rest.length === 0 ? loading.run() : ask(rest, Math.min(leased, replica));
        }, waiting);
      });
    } catch (error) {
      // A fleet that cannot be reached is left out; what load fails with is the caller's.
      if (!isUnreachable(error) || loading.failedWith(error)) throw error;
      fleets.reportFailure(replica, key, "read", error);
      if (rest.length === 0 && !isReached) throw error;
      return await ask(rest, leased);
    }
  };
  // Where the fleet that is read misses, the first of the list decides who loads the value, and all get it.
  return await fromOneFleet(fleets, key, async (nearest) => {
    const others = fleets.othersThan(nearest).filter((replica) => replica > 0);
    return await ask(nearest === 0 ? [0, ...others] : [nearest, 0, ...others]);
  });
}

/**
 * Lets all that load a key at the same time in this process begin with the same fleet: a client has them share a load, and
 * two loads would wait for each other.
 */
async function fromOneFleet<Result>(
  fleets: Fleets,
  key: string,
  load: (first: number) => Promise<Result>,
): Promise<Result> {
  const { loads } = fleets;
  const loading = loads.get(key) ?? { first: readingOrder(fleets)[0] ?? 0, callers: 0 };
  loads.set(key, loading);
  loading.callers++;
  try {
    return await load(loading.first);
  } finally {
    if (--loading.callers === 0) loads.delete(key);
  }
}
