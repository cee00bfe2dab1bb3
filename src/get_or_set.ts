/** Reading a value, or computing it once for all who ask. @module */

import type { OperationOptions } from "./client_options.ts";
import { deferred } from "./deferred.ts";
import { ClientException, messageOf } from "./errors.ts";
import { type Lease, type LeasedItem, Leases } from "./leases.ts";
import { checkFunction } from "./option_checks.ts";
import { checkExptime, type Exptime, extendExptime } from "./protocol/exptime.ts";
import { checkKey } from "./protocol/key.ts";
import type { Flight, Session } from "./session.ts";
import { checkSpan, checkWaitFor } from "./spans.ts";
import { FAILURE_FLAGS, isReserved, LEASE_FLAGS } from "./transcoding/item_codec.ts";
import { backoff, pause, untilAborted } from "./waiting.ts";

/** How `getOrSet` computes and keeps a value. All times are in seconds. */
export interface GetOrSetOptions extends OperationOptions {
  /** As for `set`: seconds until the value expires; 0 for never, which it is unless given. */
  readonly exptime?: Exptime;
  /**
   * How long after it has expired a value may still serve those who need not wait for the next one: an
   * integer from 0 to 2,592,000 (30 days); 0 unless given. For as long, `get` returns it too; and a value
   * that a plain `set` stored with no more than this left is stale at once.
   */
  readonly staleFor?: number;
  /**
   * How long before it expires a value is computed anew, while the others are served the one there is:
   * an integer from 0 to 2,592,000; 0 unless given.
   */
  readonly earlyRefresh?: number;
  /**
   * How long whoever computes keeps the others from it: an integer from 1 to 2,592,000; 30 unless given.
   * It should be longer than `load` takes. It is measured by memcached's clock, which ticks once a
   * second, and may so be up to a second shorter.
   */
  readonly lockFor?: number;
  /**
   * How long to wait for a value that another client computes, before computing one that is not
   * stored: a number from 0 to 2,592,000; 5 unless given. It bounds neither `load` nor the waiting for
   * another caller of this client.
   */
  readonly waitFor?: number;
  /**
   * How long an error of `load` stands for the value: an integer from 0 to 2,592,000; 0, which is not
   * at all, unless given.
   */
  readonly negativeFor?: number;
}

/** Computes the value; `undefined` is returned but not stored. */
export type Load<Value> = () => Value | Promise<Value>;

/** What is asked for, and how to get it. */
interface Task {
  readonly key: string;
  readonly load: Load<unknown>;
  readonly plan: Plan;
}

/** Options that have been checked and completed. */
interface Plan {
  readonly exptime: number;
  readonly staleFor: number;
  readonly earlyRefresh: number;
  readonly lockFor: number;
  readonly waitFor: number;
  readonly negativeFor: number;
}

const LONGEST_MESSAGE = 1000;

/** The values being read or computed for the callers of one client. */
export class SingleFlight {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Reads the value of a key, or has it computed; what this client is doing already is joined, unless it
   * has changed the value since that began.
   */
  async getOrSet<Value>(
    key: string,
    load: Load<Value>,
    options: GetOrSetOptions,
  ): Promise<Value> {
    checkKey(key, "get or set");
    checkFunction("load", load);
    const plan = makePlan(options);
    const { signal } = options;
    signal?.throwIfAborted();
    const { flights } = this.#session;
    const joined = flights.get(key);
    if (joined !== undefined) return await joined.join(signal) as Value;
    const flight = new Loading(this.#session, { key, load, plan });
    flights.set(key, flight);
    return await flight.begin(signal) as Value;
  }
}

/** One value, from the first look at it until it is there. */
class Loading implements Flight {
  readonly #session: Session;
  readonly #leases: Leases;
  readonly #key: string;
  readonly #load: Load<unknown>;
  readonly #plan: Plan;
  /** The value that is being replaced, when there is one to be replaced. */
  readonly #replaced = deferred<{ value: unknown } | undefined>();
  /** What whoever began it is served: a value that is good, or the one computed. */
  readonly #value: Promise<unknown>;
  /** How many wait for it. */
  #callers = 0;
  /** Ends the waiting for another client. */
  #pausing: AbortController | undefined;

  constructor(session: Session, { key, load, plan }: Task) {
    this.#session = session;
    this.#leases = new Leases(session);
    this.#key = key;
    this.#load = load;
    this.#plan = plan;
    this.#value = this.#run().finally(() => {
      this.#replaced.resolve(undefined);
      this.#land();
    });
  }

  /** What whoever began it is served. */
  begin(signal: AbortSignal | undefined): Promise<unknown> {
    return this.#accompany(this.#value, signal);
  }

  /** What those are served who came later: they do not wait where there is something to serve. */
  join(signal: AbortSignal | undefined): Promise<unknown> {
    const served = this.#replaced.promise.then((replaced) =>
      replaced === undefined ? this.#value : replaced.value
    );
    return this.#accompany(served, signal);
  }

  async #accompany(served: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
    this.#callers++;
    try {
      return await untilAborted(served, signal);
    } finally {
      if (--this.#callers === 0 && this.#pausing !== undefined) this.#giveUp(this.#pausing);
    }
  }

  /** Waits for another client, as long as anybody waits for this one. */
  async #pause(delay: number): Promise<void> {
    const pausing = new AbortController();
    this.#pausing = pausing;
    if (this.#callers === 0) this.#giveUp(pausing);
    await pause(delay, pausing.signal);
    this.#pausing = undefined;
  }

  #giveUp(pausing: AbortController): void {
    this.#land();
    pausing.abort();
  }

  #land(): void {
    const { flights } = this.#session;
    if (flights.get(this.#key) === this) flights.delete(this.#key);
  }

  async #run(): Promise<unknown> {
    const { lockFor, waitFor } = this.#plan;
    const deadline = performance.now() + waitFor * 1000;
    for (let attempt = 0;; attempt++) {
      const item = await this.#leases.read(this.#key);
      if (item === "unreachable") return await this.#load();
      if (item !== undefined && !isReserved(item.flags)) {
        const served = await this.#serve(item);
        if (served !== undefined) return served.value;
        continue;
      }
      // A mark that never expires is one that somebody has touched.
      if (item === undefined || item.isInvalid || item.ttl === -1) {
        const lease = await this.#leases.claim(this.#key, lockFor, item?.cas);
        if (lease !== undefined) return await this.#compute(lease);
      } else if (item.flags !== LEASE_FLAGS) {
        throw this.#earlierFailure(item);
      }
      const left = deadline - performance.now();
      if (left <= 0) return await this.#load();
      await this.#pause(Math.min(left, backoff(attempt)));
    }
  }

  /** Serves a value, or another computed in its place; `undefined` when it has changed meanwhile. */
  async #serve(item: LeasedItem): Promise<{ value: unknown } | undefined> {
    const { staleFor, earlyRefresh, lockFor } = this.#plan;
    const value = await this.#session.readItem(item.flags, item.data, undefined, this.#key);
    const isDue = item.ttl !== -1 && item.ttl <= staleFor + earlyRefresh;
    if (!isDue && !item.isInvalid) return { value };
    this.#replaced.resolve({ value });
    const lease = await this.#leases.claimRefresh(this.#key, lockFor, item);
    if (lease === "changed") return undefined;
    return { value: lease === undefined ? value : await this.#compute(lease) };
  }

  async #compute(lease: Lease): Promise<unknown> {
    const value = await this.#loadFor(lease);
    try {
      if (value === undefined) await this.#leases.release(lease);
      else await this.#store(lease, value);
      return value;
    } catch (error) {
      await settle(this.#leases.release(lease));
      throw error;
    }
  }

  async #loadFor(lease: Lease): Promise<unknown> {
    try {
      return await this.#load();
    } catch (error) {
      await settle(this.#fail(lease, error));
      throw error;
    }
  }

  async #store(lease: Lease, value: unknown): Promise<void> {
    const { exptime, staleFor } = this.#plan;
    const { flags, data } = await this.#session.writeItem(value, this.#key);
    const end = extendExptime(exptime, staleFor, Date.now());
    await this.#leases.fulfil(lease, { flags, data, exptime: end });
  }

  /** A stale value outlives the failure, which then only keeps others from trying again. */
  async #fail(lease: Lease, error: unknown): Promise<void> {
    const { negativeFor } = this.#plan;
    if (negativeFor === 0) return await this.#leases.release(lease);
    const data = messageOf(error).slice(0, LONGEST_MESSAGE);
    try {
      await this.#leases.replaceStub(lease, { flags: FAILURE_FLAGS, data, exptime: negativeFor });
    } catch (refusal) {
      await this.#leases.release(lease);
      throw refusal;
    }
  }

  #earlierFailure({ data }: LeasedItem): ClientException {
    const message = new TextDecoder().decode(data);
    const why = `an earlier attempt to load it failed: ${message}`;
    return new ClientException(`Cannot get or set key "${this.#key}": ${why}`, message);
  }
}

/** Does what may fail beside an error that is thrown anyway: a stub that stays expires by itself. */
async function settle(action: Promise<void>): Promise<void> {
  await Promise.allSettled([action]);
}

function makePlan(options: GetOrSetOptions): Plan {
  const { exptime, staleFor = 0, earlyRefresh = 0, lockFor = 30, negativeFor = 0 } = options;
  const { waitFor = 5 } = options;
  return {
    exptime: checkExptime(exptime),
    staleFor: checkSpan("staleFor", staleFor, 0),
    earlyRefresh: checkSpan("earlyRefresh", earlyRefresh, 0),
    lockFor: checkSpan("lockFor", lockFor, 1),
    waitFor: checkWaitFor(waitFor),
    negativeFor: checkSpan("negativeFor", negativeFor, 0),
  };
}
