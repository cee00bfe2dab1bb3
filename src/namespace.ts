/** Keys under a prefix, which can all be made to miss at once. @module */

import type { CounterOptions, OperationOptions } from "./client_options.ts";
import {
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  quote,
  ValidationException,
} from "./errors.ts";
import type { GetOrSetOptions, Load } from "./get_or_set.ts";
import type { InvalidateOptions, LeasingCommands } from "./leasing_commands.ts";
import type { CasOutcome } from "./protocol/commands/storage.ts";
import type { Exptime } from "./protocol/exptime.ts";
import { checkKey, MAX_KEY_LENGTH } from "./protocol/key.ts";
import type { Change, UpdateOptions } from "./update.ts";
import { untilAborted } from "./waiting.ts";

/** An operation under one generation; what it resolves to counts only if that is the current one. */
interface Attempt {
  /** What all keys begin with. */
  readonly prefix: string;
  /** Makes a function fail that would have an effect outside memcached under an old generation. */
  guard<Args extends unknown[], Result>(
    action: (...args: Args) => Result | Promise<Result>,
  ): (...args: Args) => Promise<Result>;
}

/** The digits of the largest generation, 2^64 - 1, and the colon behind them. */
const GENERATION_LENGTH = 21;

/**
 * A view of a client whose keys all carry a prefix and a generation, `prefix` + generation + `:` + key,
 * and can be made to miss all at once: {@linkcode invalidateAll} counts the generation up, and what
 * was stored under earlier ones is never asked for again. `client.namespace(prefix)` makes one.
 *
 * The methods are those of the client, and throw what they throw; `@throws` names what is added. The
 * generation is a counter on memcached, under `prefix` + `generation`. Each operation asks for it in the
 * turn in which it sends its own command, under the generation known so far; only when that has become
 * another does the operation take a second round. So an operation that begins after
 * `invalidateAll` has resolved, in whatever process, finds nothing older.
 *
 * A counter that memcached evicts begins again at the current time in milliseconds, which makes
 * everything miss; it would return to a used generation only with clocks that far apart, or after more than
 * one `invalidateAll` per millisecond.
 *
 * @example Forgetting all of a user's pages at once
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const pages = client.namespace("user:1:pages:");
 * await pages.setMany({ home: "<h1>Home</h1>", about: "<h1>About</h1>" }, 60);
 * assertEquals((await pages.getMany(["home", "about"])).size, 2);
 * await pages.invalidateAll();
 * assertEquals(await pages.get("home"), undefined);
 * ```
 */
export class Namespace {
  /** What all keys begin with. */
  readonly prefix: string;
  readonly #client: LeasingCommands;
  readonly #counterKey: string;
  #generation: bigint | undefined;
  /** The generation being fetched for the operations of this turn. */
  #fetching: Promise<bigint> | undefined;

  /** @internal */
  constructor(client: LeasingCommands, prefix: string) {
    checkKey(prefix, "use as a prefix");
    this.#counterKey = `${prefix}generation`;
    if (prefix.length >= MAX_KEY_LENGTH - GENERATION_LENGTH) {
      throw new ValidationException(
        `Cannot use prefix ${quote(prefix)}: it leaves no room for keys`,
        prefix,
      );
    }
    this.prefix = prefix;
    this.#client = client;
  }

  /**
   * Makes all keys of the namespace miss, for every client: one round trip, however many there are.
   * memcached drops what was stored as it expires, or as it needs the memory.
   *
   * @param options `signal`.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
   *
   * @example Every price, after a change of the currency
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const prices = client.namespace("prices:");
   * await prices.set("tea", 4);
   * await prices.invalidateAll();
   * assertEquals(await prices.get("tea"), undefined);
   * ```
   */
  async invalidateAll(options?: OperationOptions): Promise<void> {
    this.#generation = await this.#count(1n, options);
  }

  /** As the client's `get`. */
  get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    return this.#run(
      [key],
      ({ prefix }) => this.#client.get<Value>(prefix + key, options),
      options,
    );
  }

  /** As the client's `getMany`; the keys of the map, and of errors, are without the prefix. */
  async getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    return await this.#runMany("get", [...keys], (keys) => {
      return this.#client.getMany<Value>(keys, options);
    }, options);
  }

  /** As the client's `gets`. */
  gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.gets<Value>(prefix + key, options);
    }, options);
  }

  /** As the client's `getAndTouch`. */
  getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.getAndTouch<Value>(prefix + key, exptime, options);
    }, options);
  }

  /** As the client's `set`. */
  set(key: string, value: unknown, exptime?: Exptime, options?: OperationOptions): Promise<void> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.set(prefix + key, value, exptime, options);
    }, options);
  }

  /** As the client's `setMany`; the keys of errors are without the prefix. */
  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const pairs = Symbol.iterator in entries ? entries : Object.entries(entries);
    const values = new Map(pairs as Iterable<readonly [string, unknown]>);
    await this.#runMany("set", [...values.keys()], async (keys) => {
      const all = [...values.values()];
      const prefixed = new Map(keys.map((key, i) => [key, all[i]]));
      await this.#client.setMany(prefixed, exptime, options);
      return new Map();
    }, options);
  }

  /** As the client's `add`. */
  add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.add(prefix + key, value, exptime, options);
    }, options);
  }

  /** As the client's `replace`. */
  replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.replace(prefix + key, value, exptime, options);
    }, options);
  }

  /** As the client's `append`. */
  append(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.append(prefix + key, data, options);
    }, options);
  }

  /** As the client's `prepend`. */
  prepend(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.prepend(prefix + key, data, options);
    }, options);
  }

  /** As the client's `cas`. */
  cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.cas(prefix + key, value, cas, exptime, options);
    }, options);
  }

  /** As the client's `incr`. */
  incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.incr(prefix + key, delta, options);
    }, options);
  }

  /** As the client's `decr`. */
  decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.decr(prefix + key, delta, options);
    }, options);
  }

  /** As the client's `touch`. */
  touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.touch(prefix + key, exptime, options);
    }, options);
  }

  /** As the client's `delete`. */
  delete(key: string, options?: OperationOptions): Promise<boolean> {
    return this.#run([key], ({ prefix }) => this.#client.delete(prefix + key, options), options);
  }

  /** As the client's `deleteMany`; the keys of the map, and of errors, are without the prefix. */
  async deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    return await this.#runMany("delete", [...keys], (keys) => {
      return this.#client.deleteMany(keys, options);
    }, options);
  }

  /** As the client's `getOrSet`; `load` is called under the current generation only. */
  getOrSet<Value>(key: string, load: Load<Value>, options?: GetOrSetOptions): Promise<Value> {
    return this.#run([key], ({ prefix, guard }) => {
      return this.#client.getOrSet(prefix + key, guard(load), options);
    }, options);
  }

  /** As the client's `invalidate`. */
  invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return this.#run([key], ({ prefix }) => {
      return this.#client.invalidate(prefix + key, options);
    }, options);
  }

  /** As the client's `update`; `change` is called under the current generation only. */
  update<Value = unknown>(
    key: string,
    change: Change<Value>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    return this.#run([key], ({ prefix, guard }) => {
      return this.#client.update(prefix + key, guard(change), options);
    }, options);
  }

  async #run<Result>(
    keys: readonly string[],
    operate: (attempt: Attempt) => Promise<Result>,
    options: OperationOptions | undefined,
  ): Promise<Result> {
    for (const key of keys) this.#check(key);
    options?.signal?.throwIfAborted();
    const used = this.#generation;
    const fetching = this.#fetch();
    const current = untilAborted(fetching, options?.signal);
    if (used === undefined) return await operate(this.#attempt(await current, fetching));
    const [fetched, result] = await Promise.allSettled([
      current,
      operate(this.#attempt(used, fetching)),
    ]);
    if (fetched.status === "rejected") throw fetched.reason;
    // One that was current when the operation had begun is good enough; it need not be asked for again.
    if (fetched.value !== used) return await operate(this.#attempt(fetched.value, fetching));
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }

  async #runMany<Result>(
    action: string,
    keys: readonly string[],
    operate: (keys: string[]) => Promise<Map<string, Result>>,
    options: OperationOptions | undefined,
  ): Promise<Map<string, Result>> {
    return await this.#run(keys, async ({ prefix }) => {
      try {
        return withoutPrefix(await operate(keys.map((key) => prefix + key)), prefix);
      } catch (error) {
        throw withoutPrefixes(error, action, prefix);
      }
    }, options);
  }

  #attempt(generation: bigint, fetching: Promise<bigint>): Attempt {
    return {
      prefix: `${this.prefix}${generation}:`,
      guard: (action) => async (...args) => {
        if (await fetching !== generation) throw new Error("The generation is an old one");
        return await action(...args);
      },
    };
  }

  /** Has the operations of one turn share a request: none of them has been sent before it. */
  #fetch(): Promise<bigint> {
    if (this.#fetching === undefined) {
      this.#fetching = this.#count(0n, undefined).then((count) => this.#generation = count);
      queueMicrotask(() => this.#fetching = undefined);
    }
    return this.#fetching;
  }

  async #count(delta: bigint, options: OperationOptions | undefined): Promise<bigint> {
    const initial = BigInt(Date.now());
    const generation = await this.#client.incr(this.#counterKey, delta, { ...options, initial });
    return generation!;
  }

  #check(key: unknown): void {
    checkKey(key, "use");
    const most = MAX_KEY_LENGTH - GENERATION_LENGTH - this.prefix.length;
    if (key.length <= most) return;
    throw new ValidationException(
      `Cannot use key ${quote(key)} in namespace ${quote(this.prefix)}: ` +
        `its keys must not be longer than ${most} characters`,
      key,
    );
  }
}

function withoutPrefix<Result>(
  map: ReadonlyMap<string, Result>,
  prefix: string,
): Map<string, Result> {
  return new Map(Array.from(map, ([key, result]) => [key.slice(prefix.length), result]));
}

/** Gives an error about many keys those that the caller knows. */
function withoutPrefixes(error: unknown, action: string, prefix: string): unknown {
  const isPartial = error instanceof PartialClientException || error instanceof PartialSocketError;
  if (!isPartial) return error;
  const partial: PartialFailure = {
    failures: withoutPrefix(error.failures, prefix),
    results: withoutPrefix(error.results, prefix),
  };
  return error instanceof PartialClientException
    ? new PartialClientException(action, partial)
    : new PartialSocketError(action, partial);
}
