/** Reads a value, or computes it once for all callers. @module */

import type { GetOrSetOptions } from "../commands/operation_options.ts";
import {
  bounded,
  closedError,
  namedIfClosed,
  whileOpen,
  writeAndReadInTime,
  type WrittenAndRead,
} from "../commands/bounded_work.ts";
import type { Session } from "../commands/session.ts";
import { ClientException } from "../errors.ts";
import { beforeClosing } from "./farewell.ts";
import { type Lease, Leases, STRICT } from "./leases.ts";
import {
  callAs,
  type Caller,
  isRecordedRefusal,
  presentLoad,
  useAtOnce,
  waitAs,
  waitsFor,
  waitsForItself,
} from "./load_callers.ts";
import { type Load, loadsOf, type Running } from "./loads.ts";
import { checkFunction, isPromise } from "../option_checks.ts";
import { withAction } from "../protocol/command.ts";
import { keptMessageOf, type LeasedItem } from "./stub.ts";
import { checkExptime } from "../protocol/exptime.ts";
import { checkSeconds, checkWaitFor, extendExptime } from "../protocol/seconds.ts";
import { FAILURE_FLAGS, isReserved, LEASE_FLAGS } from "../transcoding/item_codec.ts";
import { CHANNEL_NAMES, countBytes, presentContext, publish } from "../observation.ts";
import type { CommandContext, LeaseContext } from "../channel_contexts.ts";
import { untilAborted } from "../waiting.ts";
import { deferred } from "../waiting/promises.ts";
import { backoff, pause } from "../waiting/timers.ts";

/** A call of `getOrSet`. */
interface Task {
  readonly key: string;
  readonly load: () => unknown;
  readonly plan: Plan;
  /** Whether it fails where the server does. */
  readonly isStrict: boolean;
}

/** A value that has been computed, and is being encoded. */
interface Loaded {
  readonly written: Promise<WrittenAndRead>;
}

/** Checked options, with defaults filled in. */
interface Plan {
  readonly exptime: number;
  readonly staleFor: number;
  readonly earlyRefresh: number;
  readonly lockFor: number;
  readonly waitFor: number;
  readonly negativeFor: number;
}

/** The outcomes of a load that does not compute its value. */
const FOUND: readonly LeaseContext["outcome"][] = ["hit", "stale", "waited"];

/**
 * Reads the value of a key, or computes it. If this client is already doing that, the call joins it, unless the client
 * has changed the key since.
 */
export async function getOrSet<Value>(
  session: Session,
  key: string,
  load: () => Value | Promise<Value>,
  options: GetOrSetOptions = {},
): Promise<Value> {
  session.checkKey(key, "get or set");
  checkFunction("load", load);
  const plan = makePlan(options);
  const { signal, failover } = options;
  const isStrict = failover === "error";
  signal?.throwIfAborted();
  const outer = presentLoad();
  const joined = loadsOf(session).get(session, key);
  if (joined?.isStrict === isStrict) {
    if (outer !== undefined && waitsFor(joined, outer)) throw waitsForItself(key);
    return await waitAs(outer, joined, joined.join(signal)) as Value;
  }
  const loading = new Loading(session, { key, load, plan, isStrict });
  loadsOf(session).add(session, key, loading);
  return await waitAs(outer, loading, loading.begin(signal)) as Value;
}

/** The loading of one value, from the first read until the value is known. */
class Loading implements Load {
  readonly waits: Set<{ readonly load: Running }> = new Set();
  isServing = false;
  readonly isStrict: boolean;
  readonly #session: Session;
  readonly #leases: Leases;
  readonly #key: string;
  readonly #load: () => unknown;
  readonly #plan: Plan;
  /** What is published of the first caller's operation. */
  readonly #context: CommandContext | undefined = presentContext();
  /** The stale value that is being replaced, if there is one. */
  readonly #replaced = deferred<{ value: unknown } | undefined>();
  /** The result for the first caller: a fresh value, or the computed one. */
  readonly #value: Promise<unknown>;
  readonly #caller: Caller = { load: this };
  /** The number of waiting callers. */
  #callers = 0;
  /** Whether the caller's function is computing the value. */
  #isComputing = false;
  /** Ends the wait for another client. */
  #pausing: AbortController | undefined;

  constructor(session: Session, { key, load, plan, isStrict }: Task) {
    this.isStrict = isStrict;
    this.#session = session;
    this.#leases = new Leases(session, isStrict ? STRICT : undefined);
    this.#key = key;
    this.#load = load;
    this.#plan = plan;
    this.#value = this.#run().finally(() => {
      this.#caller.load = undefined;
      this.#replaced.resolve(undefined);
      this.#forget();
    });
  }

  /** The result for the first caller. */
  begin(signal: AbortSignal | undefined): Promise<unknown> {
    return this.#accompany(this.#value, signal);
  }

  /** The result for later callers: they get the stale value at once, if there is one. */
  join(signal: AbortSignal | undefined): Promise<unknown> {
    const served = this.#replaced.promise.then((replaced) =>
      replaced === undefined ? this.#value : replaced.value
    );
    return this.#accompany(served, signal);
  }

  /** The operation, for messages. */
  get #action(): string {
    return `get or set key "${this.#key}"`;
  }

  async #accompany(served: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
    this.#callers++;
    const wasClosed = this.#session.ending.aborted;
    try {
      return await untilAborted(whileOpen(this.#session, served), signal);
    } catch (error) {
      throw namedIfClosed(this.#session, error, this.#action, wasClosed);
    } finally {
      if (--this.#callers === 0 && this.#pausing !== undefined) this.#giveUp(this.#pausing);
    }
  }

  /** Waits for another client while callers wait for this one. */
  async #pause(delay: number): Promise<void> {
    const pausing = new AbortController();
    this.#pausing = pausing;
    if (this.#callers === 0) this.#giveUp(pausing);
    await pause(this.#session.settings.clock, delay, pausing.signal);
    this.#pausing = undefined;
  }

  #giveUp(pausing: AbortController): void {
    this.#forget();
    pausing.abort();
  }

  #forget(): void {
    loadsOf(this.#session).remove(this.#session, this.#key, this);
  }

  async #run(): Promise<unknown> {
    const { lockFor, waitFor } = this.#plan;
    const { clock } = this.#session.settings;
    const deadline = clock.now() + waitFor * 1000;
    for (let attempt = 0;; attempt++) {
      const item = await this.#leases.read(this.#key);
      if (item === "unreachable") return await this.#loadUnstored();
      if (item !== undefined && !isReserved(item.flags)) {
        const served = await this.#serve(item, attempt > 0 ? "waited" : "hit");
        if (served !== undefined) return served.value;
        continue;
      }
      // A mark never expires only if another client has touched it.
      if (item === undefined || item.isInvalid || item.ttl === -1) {
        const claim = () => this.#leases.claim(this.#key, lockFor, item);
        const lease = await this.#keepWhileOpen(claim);
        if (lease !== undefined) return await this.#compute(lease);
      } else if (item.flags !== LEASE_FLAGS) {
        throw this.#earlierFailure(item);
      }
      // A memcached that runs with `-C` answers 0 for every item, and refuses to replace any.
      const left = item?.cas === 0n ? 0 : deadline - clock.now();
      if (left <= 0 || attempt === 0) this.#tell(left <= 0 ? "timed out" : "lost");
      if (left <= 0) return await this.#loadUnstored();
      await this.#pause(Math.min(left, backoff(attempt)));
    }
  }

  /** Returns a value, or computes its replacement; `undefined` when the item has changed meanwhile. */
  async #serve(
    item: LeasedItem,
    outcome: "hit" | "waited",
  ): Promise<{ value: unknown } | undefined> {
    const { staleFor, earlyRefresh, lockFor } = this.#plan;
    if (this.#context !== undefined) countBytes(this.#context, item.data.byteLength);
    const value = await this.#read(item);
    const isDue = item.ttl !== -1 && item.ttl <= staleFor + earlyRefresh;
    if (!isDue && !item.isInvalid) {
      this.#tell(outcome);
      return { value };
    }
    this.#replaced.resolve({ value });
    this.isServing = true;
    const claim = () => this.#leases.claimRefresh(this.#key, lockFor, item);
    const lease = await this.#keepWhileOpen(claim);
    if (lease === "changed") return undefined;
    if (lease !== undefined) return { value: await this.#compute(lease) };
    this.#tell("stale");
    return { value };
  }

  /** Counts and publishes how it came by its value. */
  #tell(outcome: LeaseContext["outcome"]): void {
    const { counters } = this.#session.settings;
    const { client } = counters;
    const context = this.#context;
    if (outcome !== "lost") {
      const found = FOUND.includes(outcome) ? 1 : 0;
      counters.hits += found;
      counters.misses += 1 - found;
      if (context !== undefined) Object.assign(context, { hits: found, misses: 1 - found });
    }
    const namespace = context?.namespace;
    publish(CHANNEL_NAMES.lease, () => ({
      key: this.#key,
      outcome,
      client,
      ...(namespace === undefined ? {} : { namespace }),
    }));
  }

  /** Decodes an item within the time of an operation. */
  async #read({ flags, data }: LeasedItem): Promise<unknown> {
    const server = this.#session.route.find(this.#key).member.server.name;
    try {
      const value = this.#session.readItem(flags, data, undefined, this.#key);
      if (!isPromise(value)) return value;
      const state = `it has come from ${server}, and is still being decoded`;
      return await bounded(this.#session, value, { action: this.#action, state });
    } catch (error) {
      throw withAction(error, this.#action, server);
    }
  }

  /** Releases a lease that is won after the client has been closed. */
  async #keepWhileOpen<Won extends Lease | "changed" | undefined>(
    claim: () => Promise<Won>,
  ): Promise<Won> {
    const { ending } = this.#session;
    return await beforeClosing(this.#session, async () => {
      const won = await claim();
      if (ending.aborted && typeof won === "object") await this.#leases.release(won);
      if (ending.aborted) throw closedError(this.#session, this.#action);
      return won;
    });
  }

  async #compute(lease: Lease): Promise<unknown> {
    this.#tell("won");
    // A value that is still being computed when the client is closed cannot be stored.
    const release = () => this.#isComputing ? this.#leases.release(lease) : undefined;
    return await beforeClosing(this.#session, () => this.#computeFor(lease), release);
  }

  async #computeFor(lease: Lease): Promise<unknown> {
    const loaded = await this.#loadFor(lease);
    try {
      if (loaded !== undefined) return await this.#store(lease, await loaded.written);
      await this.#leases.release(lease);
      return undefined;
    } catch (error) {
      await this.#leases.release(lease);
      throw error;
    }
  }

  async #loadFor(lease: Lease): Promise<Loaded | undefined> {
    try {
      return await this.#callLoad();
    } catch (error) {
      this.#isComputing = false;
      // The error of `load` is thrown, even if storing it fails as well: the stub is removed, or expires.
      await Promise.allSettled([this.#fail(lease, error)]);
      throw error;
    }
  }

  /** Computes the value, and begins to encode it at once, because the caller may change it later. */
  async #callLoad(): Promise<Loaded | undefined> {
    this.#isComputing = true;
    const encode = (loaded: unknown) => {
      this.#isComputing = false;
      if (loaded === undefined) return undefined;
      const written = writeAndReadInTime(this.#session, loaded, this.#key, this.#action);
      // It may be rejected before it is awaited.
      written.catch(() => {});
      return { written };
    };
    const load = () => useAtOnce(this.#load(), encode);
    return await callAs(this.#caller, load) as Loaded | undefined;
  }

  /** Computes a value that is not stored, but converted as if it had been stored and read. */
  async #loadUnstored(): Promise<unknown> {
    const loaded = await this.#callLoad();
    return (await loaded?.written)?.value;
  }

  /** Stores a value; resolves to the value that others will read. */
  async #store(lease: Lease, { item, value }: WrittenAndRead): Promise<unknown> {
    const { exptime, staleFor, earlyRefresh } = this.#plan;
    const { flags, data } = item;
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    if (this.#context !== undefined) countBytes(this.#context, bytes.byteLength);
    const end = extendExptime(exptime, staleFor, Date.now());
    const freshFor = exptime === 0 || staleFor + earlyRefresh === 0
      ? undefined
      : Math.max(0, exptime - earlyRefresh);
    await this.#leases.fulfil(lease, { flags, data: bytes, exptime: end, freshFor });
    return value;
  }

  /** If there is a stale value, it stays, and the stored failure only keeps others from computing. */
  async #fail(lease: Lease, error: unknown): Promise<void> {
    const { negativeFor } = this.#plan;
    if (negativeFor === 0 || isRecordedRefusal(error)) return await this.#leases.release(lease);
    const data = new TextEncoder().encode(keptMessageOf(error));
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
    return new ClientException(`Cannot ${this.#action}: ${why}`, message);
  }
}

function makePlan(options: GetOrSetOptions): Plan {
  const { exptime, staleFor = 0, earlyRefresh = 0, lockFor = 30, negativeFor = 0 } = options;
  const { waitFor = 5 } = options;
  return {
    exptime: checkExptime(exptime, Date.now),
    staleFor: checkSeconds("staleFor", staleFor, 0),
    earlyRefresh: checkSeconds("earlyRefresh", earlyRefresh, 0),
    lockFor: checkSeconds("lockFor", lockFor, 1),
    waitFor: checkWaitFor(waitFor),
    negativeFor: checkSeconds("negativeFor", negativeFor, 0),
  };
}
