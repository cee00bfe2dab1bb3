/** The commands of a view that stores hot keys on several servers. @module */

import {
  type CasOutcome,
  ClientException,
  type CounterOptions,
  type Exptime,
  type GetOrSetOptions,
  type InvalidateOptions,
  type ItemInfo,
  type KeyCommands,
  type KeyLocation,
  type OperationOptions,
  SocketError,
  type Transcoder,
  type UpdateOptions,
} from "../../../mod.ts";
import { readEntries, readKeys } from "../../commands/many_keys.ts";
import { operationOptions } from "../../commands/operation_options.ts";
import { checkFunction } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { MARK_FLAGS, type RawItem } from "../../transcoding/item_codec.ts";
import { allEnded } from "../../waiting/promises.ts";
import { type CallRules, checkCall, type CheckedCommand, setCallRules } from "../call_rules.ts";
import { fill, type Place, publish } from "../copies.ts";
import { isPartial, namingKeys, partialError } from "../partial_errors.ts";
import { longestKeyOf, ownOptions, takesDerivedKey } from "../wrapped_commands.ts";

/** How many names are tried for a copy that is to be on another server. */
const MOST_NAMES = 64;
/** How much longer the note that a key has copies lives than these, in seconds. */
const GRACE = 60;

/** Where a copy is. */
interface CopyPlace extends Place {
  /** Makes readers of the copy read the item, which is stale. */
  readonly markStale: (options: OperationOptions) => Promise<void>;
}

/** How a view knows which keys are hot. */
export interface Heat {
  readonly isHot: (key: string) => boolean;
  /** Counts a read, where the keys are found by use. */
  readonly use?: (key: string) => void;
}

/** What the caller has chosen. */
export interface SpreadSettings extends Heat {
  readonly copies: number;
  readonly maxAge: number;
  /** Stores notes and marks, which are values of no format. */
  readonly items: KeyCommands;
}

/** Commands on keys, with copies of the hot ones. */
export class SpreadView implements KeyCommands {
  readonly #client: KeyCommands;
  readonly #settings: SpreadSettings;
  readonly #callRules: CallRules;

  constructor(client: KeyCommands, settings: SpreadSettings) {
    this.#client = client;
    this.#settings = settings;
    this.#callRules = setCallRules(this, client);
  }

  /** The longest key that it takes. */
  get longestKey(): number {
    return longestKeyOf(this.#client);
  }

  async get<Value = unknown>(key: string, given?: OperationOptions): Promise<Value | undefined> {
    this.#check("get", key, given);
    const options = ownOptions(given);
    const copy = await this.#pick(key);
    const value = copy && await this.#readCopy(key, copy, options);
    return value === undefined ? await this.#client.get<Value>(key, options) : value as Value;
  }

  async getMany<Value = unknown>(
    keys: Iterable<string>,
    given?: OperationOptions,
  ): Promise<Map<string, Value>> {
    const options = ownOptions(given);
    const unique = readKeys(keys, "get");
    this.#check("getMany", unique, given);
    const places = await Promise.all(unique.map((key) => this.#pick(key)));
    const isDirect = (_: string, i: number) => places[i] === undefined;
    const results = new Map<string, Value>();
    const failures = new Map<string, unknown>();
    const again: string[] = [];
    const readItems = async (keys: readonly string[]) => {
      try {
        const found = await this.#client.getMany<Value>(keys, options);
        for (const [key, value] of found) results.set(key, value);
      } catch (error) {
        if (!isPartial(error)) throw error;
        for (const [key, value] of error.results) results.set(key, value as Value);
        for (const [key, failure] of error.failures) failures.set(key, failure);
      }
    };
    const readCopy = async (key: string, copy: Place) => {
      try {
        const value = await this.#readCopy(key, copy, options);
        if (value === undefined) again.push(key);
        else results.set(key, value as Value);
      } catch (error) {
        failures.set(key, error);
      }
    };
    await allEnded([
      readItems(unique.filter(isDirect)),
      ...unique.map((key, i) => places[i] && readCopy(key, places[i])),
    ]);
    options?.signal?.throwIfAborted();
    if (again.length > 0) await readItems(again);
    if (failures.size > 0) throw partialError("get", { failures, results, count: unique.length });
    return results;
  }

  async gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return await this.#client.gets<Value>(key, options);
  }

  async getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    this.#check("getAndTouch", key, exptime, options);
    return await this.#change(key, options, () => {
      return this.#client.getAndTouch<Value>(key, exptime, options);
    });
  }

  async set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    await this.#change(key, options, () => this.#client.set(key, value, exptime, options));
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = readEntries(entries);
    this.#check("setMany", values, exptime, options);
    await this.#changeMany("set", [...values.keys()], options, async () => {
      await this.#client.setMany(values, exptime, options);
      return new Map();
    });
  }

  async add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#change(key, options, () => this.#client.add(key, value, exptime, options));
  }

  async replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#change(key, options, () => {
      return this.#client.replace(key, value, exptime, options);
    });
  }

  async append(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#change(key, options, () => this.#client.append(key, data, options));
  }

  async prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return await this.#change(key, options, () => this.#client.prepend(key, data, options));
  }

  async cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return await this.#change(key, options, () => {
      return this.#client.cas(key, value, cas, exptime, options);
    });
  }

  async incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#change(key, options, () => this.#client.incr(key, delta, options));
  }

  async decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return await this.#change(key, options, () => this.#client.decr(key, delta, options));
  }

  async touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return await this.#change(key, options, () => this.#client.touch(key, exptime, options));
  }

  async delete(key: string, options?: OperationOptions): Promise<boolean> {
    return await this.#change(key, options, () => this.#client.delete(key, options));
  }

  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    const all = readKeys(keys, "delete");
    this.#check("deleteMany", all, options);
    return await this.#changeMany(
      "delete",
      all,
      options,
      () => this.#client.deleteMany(all, options),
    );
  }

  async getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    given?: GetOrSetOptions,
  ): Promise<Value> {
    this.#check("getOrSet", key, load, given);
    const options = ownOptions(given);
    checkFunction("load", load);
    const { staleFor = 0, earlyRefresh = 0 } = options ?? {};
    const copy = await this.#pick(key);
    // A copy does not know how old its item is, nor whether that has been marked as stale.
    if (copy !== undefined && staleFor === 0 && earlyRefresh === 0) {
      const value = await this.#readCopy(key, copy, operationOptions(options));
      if (value !== undefined) return value as Value;
    }
    let hasLoaded = false;
    const value = await this.#client.getOrSet(key, () => (hasLoaded = true, load()), options);
    if (hasLoaded) await this.#publish(key, operationOptions(options));
    return value;
  }

  async update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    return await this.#change(key, options, () => this.#client.update(key, change, options));
  }

  async invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    this.#check("invalidate", key, options);
    this.#checkHot([key]);
    const operation = operationOptions(options);
    const found = await this.#client.invalidate(key, options);
    // A copy of the stale value would keep it from being computed again: readers are sent to the item.
    const hasCopies = await this.#lifeOfCopies(key, operation) !== undefined;
    const copies = hasCopies ? await this.#copiesOf(key) : [];
    await allEnded(copies.map(({ markStale }) => markStale(operation)));
    return found;
  }

  async inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    return await this.#client.inspect(key, options);
  }

  withTranscoder(transcoder: Transcoder): KeyCommands {
    return namingCopies(new SpreadView(this.#client.withTranscoder(transcoder), this.#settings));
  }

  locate(key: string): KeyLocation | Promise<KeyLocation> {
    return this.#client.locate(key);
  }

  #check(command: CheckedCommand, ...args: readonly unknown[]): void {
    checkCall(command, args, this.#callRules);
  }

  /** Asks the caller's function which keys are hot, before anything is sent: it may fail. */
  #checkHot(keys: readonly string[]): void {
    const { isHot, use } = this.#settings;
    // What is wrong with a key, the command itself tells.
    if (use === undefined) keys.filter((key) => typeof key === "string").forEach(isHot);
  }

  /** Picks a copy to read from; `undefined` for the item itself. */
  async #pick(key: string): Promise<Place | undefined> {
    const { isHot, use } = this.#settings;
    use?.(key);
    if (!isHot(key)) return undefined;
    let copies: readonly Place[];
    try {
      copies = await this.#copiesOf(key);
    } catch (error) {
      // While the servers are being discovered, the client waits for them.
      if (error instanceof SocketError) return undefined;
      throw error;
    }
    return copies[Math.floor(Math.random() * (copies.length + 1))];
  }

  /** The places of the copies: each on another server, as far as there are so many. */
  async #copiesOf(key: string): Promise<CopyPlace[]> {
    const { items, maxAge } = this.#settings;
    const copies: CopyPlace[] = [];
    if (!takesDerivedKey(this.#client, copyOf(key, MOST_NAMES))) return copies;
    const servers = new Set([(await this.#client.locate(key)).server]);
    for (let i = 1; i <= MOST_NAMES && servers.size < this.#settings.copies; i++) {
      const copy = copyOf(key, i);
      const { server } = await this.#client.locate(copy);
      if (servers.has(server)) continue;
      servers.add(server);
      const markStale = (options: OperationOptions) => items.set(copy, MARK, maxAge, options);
      copies.push({ commands: this.#client, key: copy, markStale });
    }
    return copies;
  }

  /** Reads a copy, which is made where it is missing; `undefined` where the item itself has to be asked. */
  async #readCopy(
    key: string,
    copy: Place,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    const { maxAge } = this.#settings;
    const operation = operationOptions(options);
    try {
      const value = await this.#client.get(copy.key, options);
      if (value !== undefined) return value;
      await this.#note(key, operation);
      return await fill({ commands: this.#client, key }, copy, maxAge, operation);
    } catch (error) {
      // What is wrong with the key or the value, the item itself tells.
      if (!isUnreachable(error) && !(error instanceof ClientException)) throw error;
      options?.signal?.throwIfAborted();
      return undefined;
    }
  }

  /** Notes that a key has copies, if clients that write cannot know it. */
  async #note(key: string, options: OperationOptions): Promise<void> {
    const { items, maxAge, use } = this.#settings;
    if (use !== undefined) await items.set(noteOf(key), NOTE, maxAge + GRACE, options);
  }

  /**
   * For how many seconds the copies of a key may live: they must not outlive the note. `undefined` when there are none;
   * 0 where that is not known, or is over.
   */
  async #lifeOfCopies(key: string, options: OperationOptions): Promise<number | undefined> {
    const { isHot, items, maxAge, use } = this.#settings;
    if (typeof key !== "string") return undefined;
    if (use === undefined) return isHot(key) ? maxAge : undefined;
    if (!takesDerivedKey(this.#client, noteOf(key))) return undefined;
    const note = await items.inspect(noteOf(key), options);
    return note && Math.max(0, Math.min((note.ttl ?? 0) - GRACE, maxAge));
  }

  async #change<Result>(
    key: string,
    options: OperationOptions | undefined,
    change: () => Promise<Result>,
  ): Promise<Result> {
    const operation = operationOptions(options);
    this.#checkHot([key]);
    const result = await change();
    await this.#publish(key, operation);
    return result;
  }

  async #changeMany<Result>(
    action: "set" | "delete",
    keys: readonly string[],
    options: OperationOptions | undefined,
    change: () => Promise<ReadonlyMap<string, Result>>,
  ): Promise<Map<string, Result>> {
    const operation = operationOptions(options);
    this.#checkHot(keys);
    const failures = new Map<string, unknown>();
    const results = new Map<string, Result>();
    try {
      for (const [key, result] of await change()) results.set(key, result);
    } catch (error) {
      if (!isPartial(error)) throw error;
      for (const [key, result] of error.results) results.set(key, result as Result);
      for (const [key, failure] of error.failures) failures.set(key, failure);
    }
    // Also of those that have failed: their items may have changed all the same.
    const published = await Promise.allSettled(keys.map((key) => this.#publish(key, operation)));
    operation.signal?.throwIfAborted();
    for (const [i, key] of keys.entries()) {
      const outcome = published[i];
      if (outcome?.status !== "rejected" || failures.has(key)) continue;
      failures.set(key, outcome.reason);
      results.delete(key);
    }
    if (failures.size > 0) throw partialError(action, { failures, results, count: keys.length });
    return results;
  }

  /** Makes the copies of a key follow its item. */
  async #publish(key: string, options: OperationOptions): Promise<void> {
    const life = await this.#lifeOfCopies(key, options);
    if (life === undefined) return;
    const copies = await this.#copiesOf(key);
    if (copies.length === 0) return;
    const source = { commands: this.#client, key };
    const outcomes = await publish(source, copies, life, options);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }
}

/** Names the key of the caller's in errors of its copies and its note. */
export function namingCopies(view: SpreadView): KeyCommands {
  return namingKeys(view, (key) => {
    return [noteOf(key), ...Array.from({ length: MOST_NAMES }, (_, i) => copyOf(key, i + 1))];
  });
}

/** What a note holds, in no format of any value: that it is there says all. */
const NOTE: RawItem = { flags: 0, data: new Uint8Array() };
/** What stands in the place of a copy whose item is stale. */
const MARK: RawItem = { flags: MARK_FLAGS, data: new Uint8Array() };

/** The number stands first: keys that differ in their last characters only are close together on some rings. */
function copyOf(key: string, i: number): string {
  return `copy${i}~${key}`;
}

function noteOf(key: string): string {
  return `${key}~copies`;
}
