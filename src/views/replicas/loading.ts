/** `getOrSet` of several fleets: one after the other, under a lease in each. @module */

import type { GetOrSetOptions } from "../../../mod.ts";
import { checkFunction } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { untilAborted } from "../../waiting.ts";
import { CallerLoad } from "../caller_load.ts";
import { withoutSignal } from "../wrapped_commands.ts";
import { type Fleets, repairOf } from "./fleets.ts";
import { readingOrder } from "./reading.ts";

/** What has come of a load: a value, or what the caller's function fails with. */
type Outcome<Value> = { readonly value: Value } | { readonly error: unknown };

/** Reads a value, or loads it once and stores it in all fleets that miss it. */
export async function getOrSet<Value>(
  fleets: Fleets,
  key: string,
  load: () => Value | Promise<Value>,
  options: GetOrSetOptions | undefined,
): Promise<Value> {
  checkFunction("load", load);
  const filling = new Filling(fleets, key, load);
  const outcome = await fleets.attempt<Outcome<Value> | undefined, GetOrSetOptions>(
    key,
    options,
    undefined,
    async (strict) => {
      try {
        return { value: await filling.begin(strict) };
      } catch (error) {
        // It may look like the fault of a fleet.
        if (filling.loading.failedWith(error)) return { error };
        throw error;
      }
    },
  );
  // No fleet can be reached, and the clients take that for a miss.
  if (outcome === undefined) return await fleets.client(0).getOrSet(key, load, options);
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

/** The filling of all fleets that miss a value. */
class Filling<Value> {
  readonly loading: CallerLoad<Value>;
  readonly #fleets: Fleets;
  readonly #key: string;
  /** Fleets that could not be reached before the value was loaded. */
  readonly #leftOut = new Set<number>();
  #isReached = false;
  #loaded: { readonly value: Value } | undefined;

  constructor(fleets: Fleets, key: string, load: () => Value | Promise<Value>) {
    this.loading = new CallerLoad(load);
    this.#fleets = fleets;
    this.#key = key;
  }

  /** Where the fleet that is read misses, the first of the list decides who loads the value, and all get it. */
  async begin(options: GetOrSetOptions): Promise<Value> {
    return await fromOneFleet(this.#fleets, this.#key, async (nearest) => {
      const others = this.#fleets.othersThan(nearest).filter((replica) => replica > 0);
      return await this.#ask(nearest === 0 ? [0, ...others] : [nearest, 0, ...others], options);
    });
  }

  /** Loads the value. After that, what is in the fleets that were left out is old. */
  async #loadOnce(): Promise<Value> {
    this.#loaded ??= { value: await this.loading.run() };
    for (const replica of this.#leftOut) this.#fleets.missedWrites[replica]?.add(this.#key);
    return this.#loaded.value;
  }

  /**
   * Asks the fleets in this order.
   *
   * @param leased The first fleet that the caller holds a lease of: it waits only for fleets before that one. So no two
   * wait for each other.
   */
  async #ask(
    replicas: readonly number[],
    options: GetOrSetOptions,
    leased = Infinity,
  ): Promise<Value> {
    const [replica, ...rest] = replicas;
    if (replica === undefined) return await this.#loadOnce();
    const waiting = replica < leased ? options : { ...options, waitFor: 0 };
    try {
      return await this.#fleets.ask(replica, this.#key, async (client) => {
        // It would be joined, and what it copies may be gone: that is no value that load has given.
        const repair = this.#fleets.repairs.get(repairOf(replica, this.#key));
        if (repair !== undefined) await untilAborted(repair, options.signal);
        return await client.getOrSet(this.#key, () => {
          this.#isReached = true;
          if (rest.length === 0) return this.#loadOnce();
          // Others wait for it too: it goes on when this caller gives up.
          return this.#ask(rest, withoutSignal(options), Math.min(leased, replica));
        }, waiting);
      });
    } catch (error) {
      // A fleet that cannot be reached is left out; what load fails with is the caller's.
      if (!isUnreachable(error) || this.loading.failedWith(error)) throw error;
      this.#leaveOut(replica, error);
      if (rest.length === 0 && !this.#isReached) throw error;
      return await this.#ask(rest, options, leased);
    }
  }

  #leaveOut(replica: number, error: unknown): void {
    const operation = this.#loaded === undefined ? "read" : "write";
    this.#fleets.reportFailure(replica, this.#key, operation, error);
    if (operation === "read") this.#leftOut.add(replica);
    else this.#fleets.missedWrites[replica]?.add(this.#key);
  }
}

/**
 * Lets all that load a key at the same time in this process begin with the same fleet: a client makes them share a load, and
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
