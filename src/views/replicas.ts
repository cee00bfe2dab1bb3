/** Several fleets with the same values. @module */

import {
  type CasOutcome,
  type Clock,
  type CounterOptions,
  type Exptime,
  type GetOrSetOptions,
  type InvalidateOptions,
  type ItemInfo,
  type KeyCommands,
  type KeyLocation,
  type OperationOptions,
  type Transcoder,
  type UpdateOptions,
  ValidationException,
} from "../../mod.ts";
import { readEntries, readKeys } from "../commands/many_keys.ts";
import {
  COUNTER_OPTIONS,
  KEY_COMMAND_OPTIONS,
  OPERATION_OPTIONS,
  operationOptions,
} from "../commands/operation_options.ts";
import { sessionOf } from "../commands/session.ts";
import {
  checkChoice,
  checkFunction,
  checkInteger,
  checkNames,
  checkOptions,
  checkSignal,
  copyOptions,
  invalidOption,
} from "../option_checks.ts";
import { isUnreachable } from "../protocol/backend_failure.ts";
import { checkExptime } from "../protocol/exptime.ts";
import { systemClock, untilAborted } from "../waiting.ts";
import { CallerLoad } from "./caller_load.ts";
import { fill, type Place, publish } from "./copies.ts";
import { Latency } from "./latency.ts";
import { isPartial, partialError } from "./partial_errors.ts";
import { checkCommands, longestKeyOf, readDelta } from "./value_view.ts";

/** The options of {@linkcode replicas}. */
export interface ReplicasOptions {
  /**
   * Which fleet is read first: the `"first"` of the list (the default), `"any"` at random, or the `"nearest"`: those in
   * `zone`, or without zones the one with the fastest recent answers.
   */
  readonly read?: "first" | "any" | "nearest" | undefined;
  /**
   * After how many milliseconds without an answer the next fleet is asked too: a number from 0 to 60,000, or
   * `"p95"`, what 95 of the last 100 reads took. By default the next one is asked after a miss or a fault only.
   */
  readonly hedgeAfter?: number | "p95" | undefined;
  /** How many fleets must take a write: `"any"` (the default), `"all"`, or a number from 1 to that of the fleets. */
  readonly write?: "any" | "all" | number | undefined;
  /** The zone of each fleet, in the order of the fleets; for `read: "nearest"`. */
  readonly zones?: readonly string[] | undefined;
  /** The zone of this process. */
  readonly zone?: string | undefined;
  /** For tests: where the time is taken from. */
  readonly clock?: Clock | undefined;
}

/** What a fleet has missed; dispatched as the event `"failure"`. */
export class ReplicaFailure extends Event {
  /** The fleet's number in the list, from 0 on. */
  readonly replica: number;
  /** The key that it could not be asked for, or does not have as the others do. */
  readonly key: string;
  /** Whether a read or a write has failed. A failed write is repaired later: see {@linkcode replicas}. */
  readonly operation: "read" | "write";
  /** Why. */
  readonly error: unknown;

  /** Makes the event. */
  constructor(
    failure: { replica: number; key: string; operation: "read" | "write"; error: unknown },
  ) {
    super("failure");
    this.replica = failure.replica;
    this.key = failure.key;
    this.operation = failure.operation;
    this.error = failure.error;
  }
}

/** What dispatches the events of {@linkcode replicas}: {@linkcode ReplicaFailure}, named `"failure"`. */
export class ReplicaEvents extends EventTarget {}

/** Commands on keys of several fleets. */
export interface ReplicaCommands extends KeyCommands {
  /** Dispatches a {@linkcode ReplicaFailure} named `"failure"` for each fleet that failed in an operation. */
  readonly events: ReplicaEvents;
  /** The same fleets, with another transcoder. */
  withTranscoder(transcoder: Transcoder): ReplicaCommands;
}

/** The options of commands, and those of views that the fleets may be. */
const OPTION_NAMES = /* @__PURE__ */ Object.keys(KEY_COMMAND_OPTIONS).concat("tags");

/** How many keys that a fleet has missed a write of are remembered. */
const MOST_DUE = 100_000;

/**
 * Makes a view of several fleets of servers that hold the same values, such as one in each zone.
 *
 * Reads go to one fleet. When it misses, fails or is slow (`hedgeAfter`), the next one is asked, and the first value is
 * returned. A read misses when a fleet has answered that there is nothing and no other has a value; it fails when no
 * fleet has answered. If another fleet has the value, it is copied to the fleet that missed it, with the remaining
 * exptime.
 *
 * `set`, `setMany`, `touch`, `delete`, `deleteMany` and `invalidate` are sent to all fleets at once and succeed when as
 * many as `write` says have carried them out. Commands whose result depends on the value (`add`, `replace`, `append`,
 * `prepend`, `incr`, `decr`, `update`) are decided by the first fleet of the list that can be reached, and `cas` by the
 * fleet that its cas unique is from. If that fleet lacks the value, it first gets it from another one, so that `add`
 * stores nothing where any fleet has a value. The result is copied to the others. The command succeeds when as many as
 * `write` says have it. `getOrSet` asks one fleet after the other, under a lease in each, and fills all that miss; it
 * needs one of them.
 *
 * A write that fails because too few fleets have taken it stays in those that have: it is not undone. With
 * `failover: "miss"` in one of the clients, such a write is dropped without an error, and a read that no fleet has
 * answered is a miss.
 *
 * **Consistency.** The fleets are caches side by side, not a database. A fleet that could not be reached for a write
 * keeps the old value: this process does not read or change the key there again before it has deleted it there, for up
 * to 100,000 keys, and dispatches an event. Other processes may find the old value there until its exptime. Two
 * processes that `set` a key at the same time may leave one value in one fleet and the other in another. Where that
 * matters, use `cas` or `update`, which one fleet decides. Where they do not reach the same
 * fleets, different ones decide, and both processes may succeed in an `add`.
 *
 * @param clients The fleets: clients, namespaces of one prefix each, or other views. At least one.
 * @param options `read`, `hedgeAfter`, `write`, `zones`, `zone`.
 * @returns The commands, and `events`. Cas uniques are valid for this view only.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example Two zones, and one is down
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { replicas } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using here = new Client("127.0.0.1:1", { timeout: 100 });
 * await using there = new Client(server.address);
 *
 * const cache = replicas([here, there]);
 * await cache.set("key", "value", 60);
 * assertEquals(await cache.get("key"), "value");
 * ```
 */
export function replicas(
  clients: readonly KeyCommands[],
  options: ReplicasOptions = {},
): ReplicaCommands {
  const names = ["read", "hedgeAfter", "write", "zones", "zone", "clock"];
  checkNames(options, names);
  if (!Array.isArray(clients) || clients.length === 0) {
    throw invalidOption("clients", clients, "a list of at least one client");
  }
  for (const client of clients) checkCommands(client, "one of the clients");
  const { read = "first", hedgeAfter, write = "any", zones, zone, clock = systemClock } = options;
  checkChoice("read", read, ["first", "any", "nearest"]);
  if (hedgeAfter !== undefined && hedgeAfter !== "p95") {
    const isDelay = typeof hedgeAfter === "number" && hedgeAfter >= 0 && hedgeAfter <= 60_000;
    if (!isDelay) throw invalidOption("hedgeAfter", hedgeAfter, `a number up to 60000, or "p95"`);
  }
  const count = clients.length;
  const needed = write === "any" ? 1 : write === "all" ? count : write;
  checkInteger("write", needed, 1, count);
  if ((zones === undefined) !== (zone === undefined)) {
    throw new ValidationException("Cannot use zones: zones and zone belong together", options);
  }
  const isZone = (name: unknown) => typeof name === "string";
  if (zones !== undefined) {
    const areZones = Array.isArray(zones) && zones.length === count && zones.every(isZone);
    if (!areZones) throw invalidOption("zones", zones, `a list of ${count} names, one a client`);
    if (!isZone(zone)) throw invalidOption("zone", zone, "a name");
  }
  checkFunction("clock.now", clock?.now);
  checkFunction("clock.after", clock?.after);
  return new ReplicasView(clients, {
    read,
    hedgeAfter,
    needed,
    isNear: clients.map((_, i) => zones?.[i] === zone),
    hasZones: zones !== undefined,
    clock,
    latencies: clients.map(() => new Latency()),
    due: clients.map(() => new Map()),
    repairs: new Map(),
    events: new ReplicaEvents(),
  });
}

interface Settings {
  readonly read: "first" | "any" | "nearest";
  readonly hedgeAfter: number | "p95" | undefined;
  /** How many fleets must take a write. */
  readonly needed: number;
  readonly isNear: readonly boolean[];
  readonly hasZones: boolean;
  readonly clock: Clock;
  readonly latencies: readonly Latency[];
  /** The keys that each fleet has missed a write of, with what tells one such write from another. */
  readonly due: readonly Map<string, object>[];
  /** The copying of values that fleets lack, by {@linkcode repairOf}. */
  readonly repairs: Map<string, Promise<void>>;
  readonly events: ReplicaEvents;
}

/** Why a fleet has not done something. */
interface Fault {
  readonly error: unknown;
}

/** How a value is changed. */
interface Changing {
  /** Whether the fleet first gets what another one has, if it lacks the value. */
  readonly heals?: boolean;
  /** What it is stored with, where the caller says that. */
  readonly exptime?: () => Exptime | undefined;
}

/** Ends an update of a value that another fleet has, and that the fleet has now got. */
class Healed extends Error {}

/** What a fleet has answered. */
type Answer<Value> = { readonly replica: number; readonly value: Value | undefined };

class ReplicasView implements ReplicaCommands {
  readonly #clients: readonly KeyCommands[];
  readonly #settings: Settings;

  constructor(clients: readonly KeyCommands[], settings: Settings) {
    this.#clients = clients;
    this.#settings = settings;
  }

  /** The longest key that all of them take. */
  get longestKey(): number {
    return Math.min(...this.#clients.map(longestKeyOf));
  }

  get events(): ReplicaEvents {
    return this.#settings.events;
  }

  async get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    return await this.#attempt(key, options, undefined, async (strict) => {
      return await this.#read(key, strict, (client) => client.get<Value>(key, strict));
    });
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    checkOptions(options, OPERATION_OPTIONS);
    const results = new Map<string, Value>();
    const failures = new Map<string, unknown>();
    const unique = readKeys(keys, "get");
    await Promise.all(unique.map(async (key) => {
      try {
        const value: Value | undefined = await this.get<Value>(key, options);
        if (value !== undefined) results.set(key, value);
      } catch (error) {
        failures.set(key, error);
      }
    }));
    options?.signal?.throwIfAborted();
    const invalid = [...failures.values()].find((error) => error instanceof ValidationException);
    if (invalid !== undefined) throw invalid;
    if (failures.size > 0) throw partialError("get", { failures, results, count: unique.length });
    return results;
  }

  async gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return await this.#attempt(key, options, undefined, async (strict) => {
      return await this.#first(key, strict, async (client, replica) => {
        const found = await client.gets<Value>(key, strict);
        if (found === undefined) return undefined;
        return { value: found.value, cas: this.#casOf(found.cas, replica) };
      });
    });
  }

  async getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    const value = await this.get<Value>(key, options);
    if (value !== undefined) await this.touch(key, exptime, options);
    return value;
  }

  async set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    await this.#attempt(key, options, undefined, async (strict) => {
      await this.#writeAll(key, (client) => client.set(key, value, exptime, strict));
    });
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = readEntries(entries);
    const [key = ""] = values.keys();
    await this.#attempt(key, options, undefined, async (strict) => {
      const outcomes = await Promise.allSettled(
        this.#clients.map((client) => client.setMany(values, exptime, strict)),
      );
      const results = new Map(Array.from(values.keys(), (key) => [key, true]));
      this.#takeNoteOfMany("set", results, outcomes);
    });
  }

  async add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#attempt(key, options, false, async (strict) => {
      return await this.#changeAsIs(key, strict, async (client, replica) => {
        // What a read would find is there. What is wrong with the input, add says itself.
        await this.#heal(key, replica, strict).catch((error) => {
          if (!(error instanceof ValidationException)) throw error;
        });
        return await client.add(key, value, exptime, strict);
      }, { exptime: () => exptime });
    });
  }

  async replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#attempt(key, options, false, async (strict) => {
      return await this.#changeAsIs(key, strict, (client) => {
        return client.replace(key, value, exptime, strict);
      }, { exptime: () => exptime, heals: true });
    });
  }

  async append(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#attempt(key, options, false, async (strict) => {
      return await this.#change(key, strict, (client) => client.append(key, data, strict));
    });
  }

  async prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#attempt(key, options, false, async (strict) => {
      return await this.#change(key, strict, (client) => client.prepend(key, data, strict));
    });
  }

  async cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    if (typeof cas !== "bigint") throw invalidOption("cas", cas, "a bigint that gets has returned");
    const count = BigInt(this.#clients.length);
    const replica = Number(cas % count);
    return await this.#attempt<CasOutcome, OperationOptions>(
      key,
      options,
      "not_found",
      async (strict) => {
        await this.#settle(replica, key);
        const client = this.#client(replica);
        const outcome = await client.cas(key, value, cas / count, exptime, strict);
        if (outcome === "stored") await this.#copy(key, replica, strict, exptime);
        // It was written since, or that fleet has lost it.
        if (outcome === "not_found" && await this.#heal(key, replica, strict)) return "exists";
        return outcome;
      },
    );
  }

  async incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#count("incr", key, delta, options);
  }

  async decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#count("decr", key, delta, options);
  }

  async touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return await this.#attempt(key, options, false, async (strict) => {
      const all = await this.#changeAll(key, (client) => client.touch(key, exptime, strict));
      return all.includes(true);
    });
  }

  async delete(key: string, options?: OperationOptions): Promise<boolean> {
    return await this.#attempt(key, options, false, async (strict) => {
      const all = await this.#writeAll(key, (client) => client.delete(key, strict));
      return all.includes(true);
    });
  }

  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const unique = readKeys(keys, "delete");
    const [key = ""] = unique;
    const results = new Map(unique.map((key) => [key, false]));
    return await this.#attempt(key, options, results, async (strict) => {
      const outcomes = await Promise.allSettled(
        this.#clients.map((client) => client.deleteMany(unique, strict)),
      );
      const all = outcomes.flatMap<ReadonlyMap<string, unknown>>((outcome) => {
        if (outcome.status === "fulfilled") return [outcome.value];
        return isPartial(outcome.reason) ? [outcome.reason.results] : [];
      });
      for (const key of unique) {
        results.set(key, all.some((deleted) => deleted.get(key) === true));
      }
      this.#takeNoteOfMany("delete", results, outcomes);
      return results;
    });
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    checkFunction("load", load);
    const loading = new CallerLoad(load);
    let isReached = false;
    const ask = async (replicas: readonly number[]): Promise<Value> => {
      const [replica, ...rest] = replicas;
      if (replica === undefined) return await loading.run();
      try {
        return await this.#askOne(replica, key, async (client) => {
          // It would be joined, and what it copies may be gone: that is no value that load has given.
          const repair = this.#settings.repairs.get(repairOf(replica, key));
          if (repair !== undefined) await untilAborted(repair, options?.signal);
          return await client.getOrSet(key, () => {
            isReached = true;
            return rest.length === 0 ? loading.run() : ask(rest);
          }, options);
        }) as Value;
      } catch (error) {
        // A fleet that cannot be reached is left out; what load fails with is the caller's.
        if (!isUnreachable(error) || loading.failedWith(error)) throw error;
        this.#tell(replica, key, "read", error);
        if (rest.length === 0 && !isReached) throw error;
        return await ask(rest);
      }
    };
    // Where the fleet that is read misses, the first of the list decides who loads the value, and all get it.
    const [nearest = 0] = this.#order();
    const others = [...this.#clients.keys()].filter((replica) =>
      replica !== nearest && replica > 0
    );
    return await ask(nearest === 0 ? [0, ...others] : [nearest, 0, ...others]);
  }

  async update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    checkFunction("change", change);
    const { exptime } = options ?? {};
    const strict = strictly(options);
    let next: Value | undefined;
    return await this.#changeAsIs(key, strict, async (client, replica) => {
      let isHealed = false;
      const changeFound = async (value: Value | undefined) => {
        if (value === undefined && !isHealed) {
          isHealed = true;
          if (await this.#heal(key, replica, strict)) throw new Healed();
        }
        return next = await change(value);
      };
      try {
        return await client.update(key, changeFound, strict);
      } catch (error) {
        if (!(error instanceof Healed)) throw error;
        return await client.update(key, changeFound, strict);
      }
    }, { exptime: () => typeof exptime === "function" ? exptime(next) : exptime });
  }

  async invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return await this.#attempt(key, options, false, async (strict) => {
      const all = await this.#changeAll(key, (client) => client.invalidate(key, strict));
      return all.includes(true);
    });
  }

  async inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    return await this.#attempt(key, options, undefined, async (strict) => {
      return await this.#first(key, strict, async (client, replica) => {
        const info = await client.inspect(key, strict);
        return info && { ...info, cas: this.#casOf(info.cas, replica) };
      });
    });
  }

  withTranscoder(transcoder: Transcoder): ReplicaCommands {
    const clients = this.#clients.map((client) => client.withTranscoder(transcoder));
    // What is copied in one format does not concern others.
    return new ReplicasView(clients, { ...this.#settings, repairs: new Map() });
  }

  locate(key: string): KeyLocation | Promise<KeyLocation> {
    return this.#client(0).locate(key);
  }

  /**
   * Carries out an operation so that every fleet tells when it fails. Where too few have not, it does what the clients
   * do with `failover: "miss"`.
   *
   * @param dropped What it resolves to then.
   */
  async #attempt<Result, Options extends OperationOptions>(
    key: string,
    options: Options | undefined,
    dropped: Result,
    operate: (strict: Options) => Promise<Result>,
  ): Promise<Result> {
    const strict = strictly(options);
    try {
      return await operate(strict);
    } catch (error) {
      if (!isOfNetwork(error) || options?.failover === "error") throw error;
      if (await this.#missesAtFaults(key)) return dropped;
      throw error;
    }
  }

  /** Whether a client takes the fault of a server for a miss. */
  async #missesAtFaults(key: string): Promise<boolean> {
    const all = await Promise.all(this.#clients.map(async (client) => {
      const session = sessionOf(client);
      if (session !== undefined) return session.settings.failover === "miss";
      // Other implementations do not tell: they are asked in both ways.
      const [lenient, strict] = await Promise.allSettled([
        client.inspect(key),
        client.inspect(key, { failover: "error" }),
      ]);
      return lenient.status === "fulfilled" && strict.status === "rejected";
    }));
    return all.includes(true);
  }

  #client(replica: number): KeyCommands {
    const client = this.#clients[replica];
    if (client !== undefined) return client;
    throw new ValidationException(`Cannot use fleet ${replica}: there is none`, replica);
  }

  /** A cas unique with the number of the fleet that it belongs to. */
  #casOf(cas: bigint, replica: number): bigint {
    return cas * BigInt(this.#clients.length) + BigInt(replica);
  }

  /** The numbers of the fleets, in the order in which they are to be read. */
  #order(): number[] {
    const { read, isNear, hasZones, latencies } = this.#settings;
    const all = [...this.#clients.keys()];
    if (read === "first") return all;
    if (read === "any") return shuffled(all);
    if (hasZones) {
      const shuffledAll = shuffled(all);
      return shuffledAll.toSorted((a, b) => Number(isNear[b]) - Number(isNear[a]));
    }
    // One that has not answered yet is tried, or it would never be known to be near.
    const distance = (replica: number) => latencies[replica]?.smoothed ?? 0;
    return all.toSorted((a, b) => distance(a) - distance(b));
  }

  /** Reads from the fleets one after the other, until one has a value. */
  async #read<Value>(
    key: string,
    options: OperationOptions | undefined,
    read: (client: KeyCommands) => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    checkSignal(options);
    const order = this.#order();
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
        cancel = this.#hedge(ask, asked < order.length);
        this.#askOne(replica, key, read).then(
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
            this.#tell(replica, key, "read", error);
            ask();
          },
        );
      };
      ask();
    });
    options?.signal?.throwIfAborted();
    if (found === undefined) {
      if (missed.length === 0 && faults.length > 0) throw faults[0];
      return undefined;
    }
    this.#repair(key, found.replica, missed);
    return found.value;
  }

  /** Asks the next fleet when the one that was asked is slow. */
  #hedge(ask: () => void, isMore: boolean): () => void {
    const { hedgeAfter, clock, latencies } = this.#settings;
    if (hedgeAfter === undefined || !isMore) return () => {};
    const slowest = latencies.flatMap((latency) => latency.p95 ?? []);
    const delay = hedgeAfter === "p95" ? Math.min(...slowest) : hedgeAfter;
    return delay === Infinity ? () => {} : clock.after(delay, ask);
  }

  /** Deletes what a write was to replace in a fleet that has missed it. */
  async #settle(replica: number, key: string): Promise<void> {
    const due = this.#settings.due[replica];
    const missed = due?.get(key);
    if (missed === undefined) return;
    await this.#client(replica).delete(key, { failover: "error" });
    // It may have missed another one meanwhile.
    if (due?.get(key) === missed) due.delete(key);
  }

  async #askOne<Value>(
    replica: number,
    key: string,
    read: (client: KeyCommands) => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    const { clock, latencies } = this.#settings;
    const client = this.#client(replica);
    await this.#settle(replica, key);
    const start = clock.now();
    const value = await read(client);
    latencies[replica]?.add(clock.now() - start);
    return value;
  }

  /** Copies a value to the servers that have missed it, in the background. */
  #repair(key: string, source: number, missed: readonly number[]): void {
    for (const replica of missed) {
      const { repairs } = this.#settings;
      const place = { commands: this.#client(replica), key };
      const from = { commands: this.#client(source), key };
      const id = repairOf(replica, key);
      const repair = fill(from, place, Infinity, { failover: "error" }).then(() => {}, (error) => {
        this.#tell(replica, key, "write", error);
      }).finally(() => {
        if (repairs.get(id) === repair) repairs.delete(id);
      });
      repairs.set(id, repair);
    }
  }

  /** The same for what changes a value that is there: one that a write was to replace must not stay. */
  async #changeAll<Result>(
    key: string,
    change: (client: KeyCommands) => Promise<Result>,
  ): Promise<Result[]> {
    return await this.#writeAll(key, async (client, replica) => {
      await this.#settle(replica, key);
      return await change(client);
    });
  }

  /** Carries out a write in every fleet; resolves to the results of those that have. */
  async #writeAll<Result>(
    key: string,
    write: (client: KeyCommands, replica: number) => Promise<Result>,
  ): Promise<Result[]> {
    const outcomes = await Promise.allSettled(this.#clients.map(write));
    const fault = this.#takeNote(key, outcomes.map(faultOf));
    if (fault !== undefined) throw fault.error;
    return outcomes.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []);
  }

  /**
   * Takes note of what has become of a write of many keys in each fleet: each key may have failed elsewhere.
   *
   * @throws When too few fleets have taken one of them.
   */
  #takeNoteOfMany(
    action: "set" | "delete",
    results: ReadonlyMap<string, unknown>,
    outcomes: readonly PromiseSettledResult<unknown>[],
  ): void {
    const failures = new Map<string, unknown>();
    const taken = new Map(results);
    for (const key of results.keys()) {
      const faults = outcomes.map((outcome) => faultOfKey(outcome, key));
      const fault = this.#takeNote(key, faults);
      if (fault === undefined) continue;
      failures.set(key, fault.error);
      taken.delete(key);
    }
    if (failures.size === 0) return;
    // What is wrong with the request is wrong with all of it.
    const whole = outcomes.map(faultOf).find((fault) => fault && !isPartial(fault.error));
    if (whole !== undefined && !isUnreachable(whole.error)) throw whole.error;
    const known = action === "set" ? new Map() : taken;
    throw partialError(action, { failures, results: known, count: results.size });
  }

  /**
   * Takes note of what has become of a write of a key.
   *
   * @param faults The fault of each fleet; `undefined` for those that have taken it.
   * @returns The first fault, when too few have taken it.
   */
  #takeNote(key: string, faults: readonly (Fault | undefined)[]): Fault | undefined {
    const { due, needed } = this.#settings;
    const taken = faults.filter((fault) => fault === undefined).length;
    for (const [replica, fault] of faults.entries()) {
      if (fault === undefined) {
        due[replica]?.delete(key);
      } else if (taken > 0) {
        this.#owe(replica, key);
        this.#tell(replica, key, "write", fault.error);
      }
    }
    return taken < needed ? faults.find((fault) => fault !== undefined) : undefined;
  }

  /** Remembers that a fleet has missed a write. */
  #owe(replica: number, key: string): void {
    const due = this.#settings.due[replica];
    if (due === undefined) return;
    due.set(key, {});
    if (due.size <= MOST_DUE) return;
    for (const oldest of due.keys()) {
      due.delete(oldest);
      return;
    }
  }

  /** Asks the first fleet of the list that can be reached; if it lacks the key, it gets what another one has. */
  async #first<Result>(
    key: string,
    options: OperationOptions | undefined,
    ask: (client: KeyCommands, replica: number) => Promise<Result>,
  ): Promise<Result> {
    return (await this.#firstOf(key, options, ask, true)).result;
  }

  async #firstOf<Result>(
    key: string,
    options: OperationOptions | undefined,
    ask: (client: KeyCommands, replica: number) => Promise<Result>,
    heals: boolean,
  ): Promise<{ readonly result: Result; readonly replica: number }> {
    let fault: unknown;
    for (const replica of this.#clients.keys()) {
      checkSignal(options);
      const askReplica = async () => {
        const { result } = await this.#askOne(replica, key, async (client) => {
          return { result: await ask(client, replica) };
        }) as { result: Result };
        return result;
      };
      try {
        const result = await askReplica();
        const isHealed = heals && isAbsent(result) && await this.#heal(key, replica, options);
        return { result: isHealed ? await askReplica() : result, replica };
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        fault ??= error;
        this.#tell(replica, key, "read", error);
      }
    }
    throw fault;
  }

  /** Gives a fleet the value of a key that it lacks; tells whether another one has it. */
  async #heal(
    key: string,
    replica: number,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    const operation = operationOptions(options ?? {});
    const others = [...this.#clients.keys()].filter((other) => {
      return other !== replica && !this.#settings.due[other]?.has(key);
    });
    const present = await Promise.all(others.map(async (other) => {
      try {
        return await this.#client(other).inspect(key, operation) !== undefined;
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        this.#tell(other, key, "read", error);
        return false;
      }
    }));
    const source = others[present.indexOf(true)];
    if (source === undefined) return false;
    const place = { commands: this.#client(replica), key };
    const from = { commands: this.#client(source), key };
    return await fill(from, place, Infinity, operation) !== undefined;
  }

  /** Has the first fleet change a value that one of them has, and the others take over what comes of it. */
  async #change<Result>(
    key: string,
    options: OperationOptions | undefined,
    change: (client: KeyCommands, replica: number) => Promise<Result>,
  ): Promise<Result> {
    return await this.#changeAsIs(key, options, change, { heals: true });
  }

  /** The same, where the first fleet need not have the value, or looks for it itself. */
  async #changeAsIs<Result>(
    key: string,
    options: OperationOptions | undefined,
    change: (client: KeyCommands, replica: number) => Promise<Result>,
    { heals = false, exptime = () => undefined }: Changing = {},
  ): Promise<Result> {
    const { result, replica } = await this.#firstOf(key, options, change, heals);
    // Nothing has changed there.
    if (!isAbsent(result)) await this.#copy(key, replica, options, exptime());
    return result;
  }

  /** Copies an item from one fleet to the others. */
  async #copy(
    key: string,
    source: number,
    options: OperationOptions | undefined,
    exptime?: Exptime,
  ): Promise<void> {
    const others = [...this.#clients.keys()].filter((replica) => replica !== source);
    const places: Place[] = others.map((replica) => ({ commands: this.#client(replica), key }));
    const from = { commands: this.#client(source), key };
    const operation = operationOptions(options ?? {});
    const copied = await publish(from, places, Infinity, operation, exptime);
    const faults: (Fault | undefined)[] = [...this.#clients].map(() => undefined);
    for (const [i, replica] of others.entries()) {
      const outcome = copied[i];
      if (outcome !== undefined) faults[replica] = faultOf(outcome);
    }
    const fault = this.#takeNote(key, faults);
    if (fault !== undefined) throw fault.error;
  }

  async #count(
    verb: "incr" | "decr",
    key: string,
    delta: bigint | number | undefined,
    options: CounterOptions | undefined,
  ): Promise<bigint | undefined> {
    const { initial, exptime } = options ?? {};
    const count = (options: CounterOptions) => {
      return this.#change(key, options, (client) => client[verb](key, delta, options));
    };
    if (initial === undefined) {
      return await this.#attempt<bigint | undefined, CounterOptions>(
        key,
        options,
        undefined,
        count,
      );
    }
    // A counter that another fleet has must not begin again.
    checkOptions(options, COUNTER_OPTIONS);
    readDelta(initial);
    checkExptime(exptime, Date.now);
    const strict = strictly(options);
    return await count(operationOptions(strict)) ?? await count(strict);
  }

  #tell(replica: number, key: string, operation: "read" | "write", error: unknown): void {
    this.#settings.events.dispatchEvent(new ReplicaFailure({ replica, key, operation, error }));
  }
}

/** Whether a command has found nothing to work on, or has changed nothing. */
function isAbsent(result: unknown): boolean {
  return result === undefined || result === false;
}

/** Whether servers cannot be reached, of all keys that have failed. */
function isOfNetwork(error: unknown): boolean {
  if (!isPartial(error)) return isUnreachable(error);
  return [...error.failures.values()].every(isUnreachable);
}

/** A client with `failover: "miss"` would hide that a fleet has failed. */
function strictly<Options extends OperationOptions>(options: Options | undefined): Options {
  checkSignal(options);
  const copy = copyOptions((options ?? {}) as Options, OPTION_NAMES);
  checkOptions(operationOptions(copy), OPERATION_OPTIONS);
  return { ...copy, failover: "error" };
}

function faultOf(outcome: PromiseSettledResult<unknown>): Fault | undefined {
  return outcome.status === "rejected" ? { error: outcome.reason } : undefined;
}

/** What has become of one key of many; an error that tells of each says nothing of others. */
function faultOfKey(outcome: PromiseSettledResult<unknown>, key: string): Fault | undefined {
  const fault = faultOf(outcome);
  if (fault === undefined || !isPartial(fault.error)) return fault;
  const { failures } = fault.error;
  return failures.has(key) ? { error: failures.get(key) } : undefined;
}

function shuffled(numbers: readonly number[]): number[] {
  return numbers.map((number) => [Math.random(), number] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, number]) => number);
}

/** Names the repair of a key in a fleet. */
function repairOf(replica: number, key: string): string {
  return `${replica} ${key}`;
}
