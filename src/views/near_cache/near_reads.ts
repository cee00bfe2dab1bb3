/** How a near cache asks memcached for what it does not keep, and what it serves when that fails. @module */

import type {
  GetOrSetOptions,
  KeyCommands,
  OperationOptions,
  PartialFailure,
} from "../../../mod.ts";
import { OPERATION_OPTIONS, operationOptions } from "../../commands/operation_options.ts";
import { extrasOf } from "../../features/info_extras.ts";
import { checkOptions } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { CallerLoad } from "../caller_load.ts";
import { isPartial, partialError } from "../partial_errors.ts";
import { copyPassedOptions, strictly } from "../wrapped_commands.ts";
import type { Entry, NearValues, Reading } from "./near_values.ts";
import { copied } from "./shared_values.ts";

/** A value of `getOrSet`; one that is stale was kept, and is served because its server cannot be reached. */
interface Loaded<Value> {
  readonly value: Value;
  readonly isStale?: boolean;
}

/** The reads of memcached through a near cache. */
export class NearReads {
  readonly #client: KeyCommands;
  readonly #values: NearValues;

  constructor(client: KeyCommands, values: NearValues) {
    this.#client = client;
    this.#values = values;
  }

  /** Asks for a key, once for all concurrent callers. */
  async one(
    key: string,
    entry: Entry | undefined,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    const { clock, ttl } = this.#values.settings;
    const reading = this.#values.beginReading(key);
    try {
      // Those who can give up ask by themselves.
      if (options !== undefined) return await this.#ask(key, entry, reading, options);
      const start = clock.now();
      const { asked } = reading;
      if (asked !== undefined && start < asked.start + ttl * 1000) {
        return await this.#forAnother(key, reading, await asked.value);
      }
      const own = { start, value: this.#ask(key, entry, reading, undefined) };
      reading.asked = own;
      try {
        return await own.value;
      } finally {
        if (reading.asked === own) delete reading.asked;
      }
    } finally {
      this.#values.endReading(key, reading);
    }
  }

  /** Gives what was read to one more caller. What can be neither shared nor copied is asked for again. */
  async #forAnother(key: string, reading: Reading, value: unknown): Promise<unknown> {
    if (typeof value !== "object") return value;
    const kept = this.#values.get(key);
    if (this.#values.isFresh(kept)) return kept.take();
    const copy = copied(value);
    return copy === undefined ? await this.#ask(key, kept, reading, undefined) : copy.value;
  }

  /** Asks for a key, and serves what is kept where its server cannot be reached. */
  async #ask(
    key: string,
    entry: Entry | undefined,
    reading: Reading,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    if (!this.#values.isServable(entry)) {
      return await this.#askServer(key, entry, reading, options);
    }
    checkOptions(options, OPERATION_OPTIONS);
    try {
      return await this.#askServer(key, entry, reading, strictOperation(options));
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (!reading.isOvertaken && this.#values.isServable(entry)) return entry.take();
    }
    return await this.#askServer(key, entry, reading, options);
  }

  async #askServer(
    key: string,
    entry: Entry | undefined,
    reading: Reading,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    const { clock, revalidate, ttl } = this.#values.settings;
    const start = clock.now();
    if (revalidate !== "cas") {
      const value = await this.#client.get(key, options);
      return this.#values.keep(key, value, { start, reading });
    }
    const operation = operationOptions(options);
    if (entry?.version !== undefined) {
      const { cas, carrier } = entry.version;
      const info = await this.#client.inspect(key, operation);
      if (info?.cas === cas && extrasOf(info)?.carrier === carrier && !reading.isOvertaken) {
        entry.expires = start + ttl * 1000;
        return entry.take();
      }
    }
    const again = clock.now();
    const [found, info] = await Promise.all([
      this.#client.gets(key, options),
      // Without it, the value is asked for again.
      this.#client.inspect(key, operation).catch(() => undefined),
    ]);
    // A memcached that runs with `-C` answers 0 for every item.
    const isSame = info !== undefined && info.cas > 0n && info.cas === found?.cas;
    const version = isSame ? { cas: info.cas, carrier: extrasOf(info)?.carrier } : undefined;
    return this.#values.keep(key, found?.value, { start: again, reading, version });
  }

  /** Asks for many keys; `stale` are those that are served because their server cannot be reached. */
  async many(
    keys: readonly string[],
    options: OperationOptions | undefined,
  ): Promise<{ fresh: ReadonlyMap<string, unknown>; stale: ReadonlyMap<string, unknown> }> {
    const stale = new Map<string, unknown>();
    if (!keys.some((key) => this.#values.isServable(this.#values.get(key)))) {
      return { fresh: await this.#client.getMany(keys, options), stale };
    }
    checkOptions(options, OPERATION_OPTIONS);
    try {
      return { fresh: await this.#client.getMany(keys, strictOperation(options)), stale };
    } catch (error) {
      const { failures, results = new Map() } = error as Partial<PartialFailure>;
      const faults: Iterable<unknown> = failures?.values() ?? [error];
      if (![...faults].some(isUnreachable)) throw error;
      const rest: string[] = [];
      for (const key of failures?.keys() ?? keys) {
        const entry = this.#values.get(key);
        const isAway = failures === undefined || isUnreachable(failures.get(key));
        if (isAway && this.#values.isServable(entry)) stale.set(key, entry.take());
        else rest.push(key);
      }
      if (rest.length === 0) return { fresh: results, stale };
      const found = await this.#askRest(rest, options, [...results, ...stale]);
      return { fresh: new Map([...results, ...found]), stale };
    }
  }

  /** Asks for the keys for which there is nothing to serve, with what is known of the others in the error. */
  async #askRest(
    keys: readonly string[],
    options: OperationOptions | undefined,
    known: readonly (readonly [string, unknown])[],
  ): Promise<ReadonlyMap<string, unknown>> {
    try {
      return await this.#client.getMany(keys, options);
    } catch (error) {
      if (!isPartial(error)) throw error;
      const { failures, results } = error;
      throw partialError("get", { failures, results: new Map([...known, ...results]) });
    }
  }

  /** Reads or loads a value; one that is kept is served where its server cannot be reached. */
  async orLoad<Value>(
    key: string,
    entry: Entry | undefined,
    load: () => Value | Promise<Value>,
    { options, reading }: {
      readonly options: GetOrSetOptions | undefined;
      readonly reading: Reading;
    },
  ): Promise<Loaded<Value>> {
    if (!this.#values.isServable(entry)) {
      return { value: await this.#client.getOrSet(key, load, options) };
    }
    const loading = new CallerLoad(load);
    const strict = strictly(copyPassedOptions<GetOrSetOptions>(options ?? {}));
    try {
      return { value: await this.#client.getOrSet(key, loading.run, strict) };
    } catch (error) {
      // What load fails with is the caller's.
      if (!isUnreachable(error) || loading.failedWith(error)) throw error;
      if (!reading.isOvertaken && this.#values.isServable(entry)) {
        return { value: entry.take() as Value, isStale: true };
      }
    }
    return { value: await this.#client.getOrSet(key, load, options) };
  }
}

function strictOperation(options: OperationOptions | undefined): OperationOptions {
  return strictly(operationOptions(options));
}
