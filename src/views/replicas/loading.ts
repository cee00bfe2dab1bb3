/** `getOrSet` of several fleets: one after the other, under a lease in each. @module */

import type { GetOrSetOptions } from "../../../mod.ts";
import { checkFunction } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { untilAborted } from "../../waiting.ts";
import { CallerLoad } from "../caller_load.ts";
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
  let isReached = false;
  const ask = async (replicas: readonly number[]): Promise<Value> => {
    const [replica, ...rest] = replicas;
    if (replica === undefined) return await loading.run();
    try {
      return await fleets.ask(replica, key, async (client) => {
        // It would be joined, and what it copies may be gone: that is no value that load has given.
        const repair = fleets.repairs.get(repairOf(replica, key));
        if (repair !== undefined) await untilAborted(repair, options?.signal);
        return await client.getOrSet(key, () => {
          isReached = true;
          return rest.length === 0 ? loading.run() : ask(rest);
        }, options);
      });
    } catch (error) {
      // A fleet that cannot be reached is left out; what load fails with is the caller's.
      if (!isUnreachable(error) || loading.failedWith(error)) throw error;
      fleets.reportFailure(replica, key, "read", error);
      if (rest.length === 0 && !isReached) throw error;
      return await ask(rest);
    }
  };
  // Where the fleet that is read misses, the first of the list decides who loads the value, and all get it.
  const [nearest = 0] = readingOrder(fleets);
  const others = fleets.othersThan(nearest).filter((replica) => replica > 0);
  return await ask(nearest === 0 ? [0, ...others] : [nearest, 0, ...others]);
}
