/** The commands of a view of several fleets. @module */

import {
  type CasOutcome,
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
} from "../../../mod.ts";
import { readEntries, readKeys } from "../../commands/many_keys.ts";
import { extrasOf, withExtras } from "../../features/info_extras.ts";
import { invalidOption, ownDate } from "../../option_checks.ts";
import { type CallRules, checkCall, type CheckedCommand, setCallRules } from "../call_rules.ts";
import { ownValue } from "../own_value.ts";
import { isPartial, partialError } from "../partial_errors.ts";
import { longestKeyOf, ownOptions } from "../wrapped_commands.ts";
import { add, askFirst, change, copyToOthers, count, heal, update } from "./deciding.ts";
import type { Fleets } from "./fleets.ts";
import { getOrSet } from "./loading.ts";
import { readFirstFound } from "./reading.ts";
import type { ReplicaEvents } from "./replica_events.ts";
import { changeAll, requireManyTaken, writeAll } from "./writing.ts";

/** Commands on keys of several fleets. */
export class ReplicasView implements KeyCommands {
  readonly #fleets: Fleets;
  readonly #callRules: CallRules;

  constructor(fleets: Fleets) {
    this.#fleets = fleets;
    this.#callRules = setCallRules(this, fleets.client(0));
  }

  /** The longest key that all of them take. */
  get longestKey(): number {
    return Math.min(...this.#fleets.clients.map(longestKeyOf));
  }

  get events(): ReplicaEvents {
    return this.#fleets.events;
  }

  async get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    this.#check("get", key, options);
    return await this.#fleets.attempt(key, options, undefined, async (strict) => {
      return await readFirstFound(this.#fleets, key, strict, (client) => {
        return client.get<Value>(key, strict);
      });
    });
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    given?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const options = ownOptions(given);
    const results = new Map<string, Value>();
    const failures = new Map<string, unknown>();
    const unique = readKeys(keys, "get");
    this.#check("getMany", unique, given);
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
    this.#check("gets", key, options);
    return await this.#fleets.attempt(key, options, undefined, async (strict) => {
      return await askFirst(this.#fleets, key, strict, async (client, replica) => {
        const found = await client.gets<Value>(key, strict);
        if (found === undefined) return undefined;
        return { value: found.value, cas: this.#fleets.casOf(found.cas, replica) };
      });
    });
  }

  async getAndTouch<Value = unknown>(
    key: string,
    givenExptime: Exptime,
    given?: OperationOptions,
  ): Promise<Value | undefined> {
    this.#check("getAndTouch", key, givenExptime, given);
    const options = ownOptions(given);
    const exptime = ownDate(givenExptime);
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
    this.#check("set", key, value, exptime, options);
    await this.#fleets.attempt(key, options, undefined, async (strict) => {
      await writeAll(this.#fleets, key, (client) => client.set(key, value, exptime, strict));
    });
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = readEntries(entries);
    this.#check("setMany", values, exptime, options);
    const [key = ""] = values.keys();
    await this.#fleets.attempt(key, options, undefined, async (strict) => {
      const missed = this.#latestMissed(values.keys());
      const outcomes = await Promise.allSettled(
        this.#fleets.clients.map((client) => client.setMany(values, exptime, strict)),
      );
      const results = new Map(Array.from(values.keys(), (key) => [key, true]));
      requireManyTaken(this.#fleets, "set", results, missed, outcomes);
    });
  }

  async add(
    key: string,
    givenValue: unknown,
    givenExptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    this.#check("add", key, givenValue, givenExptime, options);
    const value = ownValue(givenValue);
    const exptime = ownDate(givenExptime);
    return await this.#fleets.attempt(key, options, false, async (strict) => {
      return await add(this.#fleets, key, value, exptime, strict);
    });
  }

  async replace(
    key: string,
    givenValue: unknown,
    givenExptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    this.#check("replace", key, givenValue, givenExptime, options);
    const value = ownValue(givenValue);
    const exptime = ownDate(givenExptime);
    return await this.#fleets.attempt(key, options, false, async (strict) => {
      return await change(this.#fleets, key, strict, (client) => {
        return client.replace(key, value, exptime, strict);
      }, { exptime: () => exptime });
    });
  }

  append(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#extend("append", key, data, options);
  }

  prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#extend("prepend", key, data, options);
  }

  async cas(
    key: string,
    givenValue: unknown,
    cas: bigint,
    givenExptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    const value = ownValue(givenValue);
    const exptime = ownDate(givenExptime);
    if (typeof cas !== "bigint") throw invalidOption("cas", cas, "a bigint that gets has returned");
    const fleets = this.#fleets;
    const { replica, cas: casThere } = fleets.readCas(cas);
    this.#check("cas", key, givenValue, casThere, givenExptime, options);
    return await fleets.attempt<CasOutcome, OperationOptions>(
      key,
      options,
      "not_found",
      async (strict) => {
        await fleets.deleteMissed(replica, key);
        const client = fleets.client(replica);
        const outcome = await client.cas(key, value, casThere, exptime, strict);
        if (outcome === "stored") await copyToOthers(fleets, key, replica, strict, exptime);
        // It was written since, or that fleet has lost it.
        if (outcome === "not_found" && await heal(fleets, key, replica, strict)) return "exists";
        return outcome;
      },
    );
  }

  async incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    this.#check("incr", key, delta, options);
    return await count(this.#fleets, "incr", key, delta, options);
  }

  async decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    this.#check("decr", key, delta, options);
    return await count(this.#fleets, "decr", key, delta, options);
  }

  async touch(key: string, givenExptime: Exptime, options?: OperationOptions): Promise<boolean> {
    this.#check("touch", key, givenExptime, options);
    const exptime = ownDate(givenExptime);
    return await this.#fleets.attempt(key, options, false, async (strict) => {
      const all = await changeAll(this.#fleets, key, (client) => {
        return client.touch(key, exptime, strict);
      });
      return all.includes(true);
    });
  }

  async delete(key: string, options?: OperationOptions): Promise<boolean> {
    this.#check("delete", key, options);
    return await this.#fleets.attempt(key, options, false, async (strict) => {
      const all = await writeAll(this.#fleets, key, (client) => client.delete(key, strict));
      return all.includes(true);
    });
  }

  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const unique = readKeys(keys, "delete");
    this.#check("deleteMany", unique, options);
    const [key = ""] = unique;
    const results = new Map(unique.map((key) => [key, false]));
    return await this.#fleets.attempt(key, options, results, async (strict) => {
      const missed = this.#latestMissed(unique);
      const outcomes = await Promise.allSettled(
        this.#fleets.clients.map((client) => client.deleteMany(unique, strict)),
      );
      const all = outcomes.flatMap<ReadonlyMap<string, unknown>>((outcome) => {
        if (outcome.status === "fulfilled") return [outcome.value];
        return isPartial(outcome.reason) ? [outcome.reason.results] : [];
      });
      for (const key of unique) {
        results.set(key, all.some((deleted) => deleted.get(key) === true));
      }
      requireManyTaken(this.#fleets, "delete", results, missed, outcomes);
      return results;
    });
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    this.#check("getOrSet", key, load, options);
    return await getOrSet(this.#fleets, key, load, ownOptions(options));
  }

  async update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    this.#check("update", key, change, options);
    return await update(this.#fleets, key, change, options);
  }

  async invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    this.#check("invalidate", key, options);
    return await this.#fleets.attempt(key, options, false, async (strict) => {
      const all = await changeAll(this.#fleets, key, (client) => client.invalidate(key, strict));
      return all.includes(true);
    });
  }

  async inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    this.#check("inspect", key, options);
    return await this.#fleets.attempt(key, options, undefined, async (strict) => {
      return await askFirst(this.#fleets, key, strict, async (client, replica) => {
        const info = await client.inspect(key, strict);
        if (info === undefined) return undefined;
        return withExtras({ ...info, cas: this.#fleets.casOf(info.cas, replica) }, extrasOf(info));
      });
    });
  }

  withTranscoder(transcoder: Transcoder): ReplicasView {
    const clients = this.#fleets.clients.map((client) => client.withTranscoder(transcoder));
    return new ReplicasView(this.#fleets.withClients(clients));
  }

  locate(key: string): KeyLocation | Promise<KeyLocation> {
    return this.#fleets.client(0).locate(key);
  }

  #check(command: CheckedCommand, ...args: readonly unknown[]): void {
    checkCall(command, args, this.#callRules);
  }

  #latestMissed(keys: Iterable<string>): Map<string, readonly (object | undefined)[]> {
    return new Map(Array.from(keys, (key) => [key, this.#fleets.latestMissed(key)]));
  }

  async #extend(
    verb: "append" | "prepend",
    key: string,
    given: string | Uint8Array,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    this.#check(verb, key, given, options);
    const data = ownValue(given);
    return await this.#fleets.attempt(key, options, false, async (strict) => {
      return await change(this.#fleets, key, strict, (client) => client[verb](key, data, strict));
    });
  }
}
