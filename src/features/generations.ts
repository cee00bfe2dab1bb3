/** Operations on keys of a generation: when the next generation begins, all keys of the last one are misses. @module */

import {
  type CallRules,
  callRulesOfClient,
  checkArguments,
  type CheckedCommand,
  optionNames,
} from "../commands/call_checks.ts";
import type { KeyCommands } from "../commands/key_commands.ts";
import type {
  CounterOptions,
  GetOrSetOptions,
  OperationOptions,
  UpdateOptions,
} from "../commands/operation_options.ts";
import { type Session, sessionOf } from "../commands/session.ts";
import { exceededLimit } from "../connection/refusals.ts";
import {
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  quote,
  SocketError,
  ValidationException,
} from "../errors.ts";
import { checkNames } from "../option_checks.ts";
import { inContext, presentContext } from "../observation.ts";
import type { Exptime } from "../protocol/exptime.ts";
import { reservedKey } from "../fleet/reserved_key.ts";
import { itemTranscoder } from "../transcoding/item_codec.ts";
import { untilAborted, watchSignal } from "../waiting.ts";
import { failureOf, withCallersKeys, withCallersStack } from "./callers_keys.ts";
import { type CounterCommands, RisingCounter } from "./rising_counter.ts";
import { computeAsRead, type UnstoredValues } from "./unstored_values.ts";

/** In place of values that have been checked already. */
const NO_VALUES: ReadonlyMap<string, unknown> = /* @__PURE__ */ new Map();

/** Why a function was not called. */
const OLD_GENERATION: Error = /* @__PURE__ */ new Error("The generation is an old one");

/** An operation with one generation. Its result is used only if that is the current generation. */
export interface Attempt {
  /** The prefix of all keys. */
  readonly prefix: string;
  /**
   * Wraps a function with effects outside of memcached, so that it fails with {@linkcode OLD_GENERATION} if the
   * generation is old. Each further call asks for the generation again.
   */
  guard<Args extends unknown[], Result>(
    action: (...args: Args) => Result | Promise<Result>,
  ): (...args: Args) => Promise<Result>;
  /** Calls a function with a signal that is aborted if the generation is old, or by the caller's signal. */
  waitingFor<Result>(
    action: (signal: AbortSignal) => Promise<Result>,
    own: AbortSignal | undefined,
  ): Promise<Result>;
}

/** An operation on keys of one generation. */
export interface Operation<Result> {
  /** Its name, for messages. */
  readonly command: string;
  /** The caller's keys. */
  readonly keys: readonly string[];
  /** Carries it out with one generation. */
  readonly operate: (attempt: Attempt) => Promise<Result>;
  readonly options: OperationOptions | undefined;
  /**
   * Makes the result if the current generation is unknown and the client treats this as a miss; absent if the operation
   * fails then.
   */
  readonly miss?: (() => Result | Promise<Result>) | undefined;
  /** What is stored, encoded, or being encoded. */
  readonly values?: readonly unknown[] | undefined;
}

/** The current generation; or the error, if it is unknown and the client treats this as a miss. */
type Generation = bigint | Error;

/** The generations of the keys with one prefix: a counter in memcached. */
export class Generations {
  readonly #commands: CounterCommands;
  readonly #prefix: string;
  readonly #counterKey: string;
  readonly #counter: RisingCounter;
  readonly #longestKey: number;
  /** A client's format may take more keys than there are otherwise. */
  readonly #rules: CallRules;
  /** Whether the last request for the current generation has succeeded. */
  #isKnown = true;
  /** The request for the generation that is about to be sent. */
  #fetching: Promise<Generation> | undefined;
  #items: KeyCommands | undefined;
  /** How many operations wait until the generation is known, and the bytes of the values that they store. */
  #waiting = 0;
  #waitingBytes = 0;

  /**
   * @param commands What the counter is read and counted with.
   * @param prefix The prefix of all keys.
   * @param longestKey The maximum length of a key after the prefix and the generation.
   */
  constructor(commands: CounterCommands, prefix: string, longestKey: number) {
    this.#commands = commands;
    this.#prefix = prefix;
    this.#longestKey = longestKey;
    const session = sessionOf(commands);
    this.#rules = callRulesOfClient(commands);
    this.#counterKey = reservedKey(prefix, "generation", session?.settings.keys);
    this.#counter = new RisingCounter(commands, this.#counterKey);
  }

  /**
   * Commands that store values that have been encoded, or are being encoded.
   *
   * @param commands The commands in the format of the values. Without a session, they get the values as they are.
   */
  itemsFor(commands: KeyCommands): KeyCommands {
    if (sessionOf(commands) === undefined) return commands;
    return this.#items ??= this.#commands.withTranscoder(itemTranscoder);
  }

  /** Begins the next generation. */
  async next(options: OperationOptions | undefined): Promise<void> {
    try {
      await this.#counter.next(options);
    } catch (error) {
      throw this.#unknown(error, "invalidateAll", []);
    }
  }

  /** The present beginning of all keys. */
  currentPrefix(options: OperationOptions | undefined): Promise<string> {
    const operate = ({ prefix }: Attempt) => Promise.resolve(prefix);
    return this.#run({ command: "get the prefix of", keys: [], operate, options });
  }

  /**
   * Runs an operation with the last known generation, and requests the current one in the same turn. If the current one
   * differs, runs it again. If that cannot be known, the operation ends after what it has sent: nothing is written later.
   */
  async #run<Result>(operation: Operation<Result>): Promise<Result> {
    const { command, keys, options, values = [] } = operation;
    for (const key of keys) this.#check(key);
    options?.signal?.throwIfAborted();
    const used = this.#isKnown ? this.#counter.known : undefined;
    const leave = used === undefined ? this.#wait(command, keys, values) : () => {};
    // What is done under a generation is a part of the operation, however late it begins.
    const context = presentContext();
    const fetching = this.#fetch();
    const current = untilAborted(fetching, options?.signal);
    const begin = (generation: bigint) =>
      inContext(context, () => this.#begin(operation, generation, fetching));
    const result = used === undefined ? undefined : begin(used);
    // The result with an old generation is discarded, even an error.
    const ended = Promise.allSettled([result]);
    let fetched: Generation;
    try {
      fetched = await current;
    } catch (error) {
      if (options?.signal?.aborted) throw error;
      await untilAborted(ended, options?.signal);
      throw this.#unknown(error, command, keys);
    } finally {
      leave();
    }
    // A generation that was current when the operation began is current enough, and is not requested again.
    if (result !== undefined && fetched === used) return await result;
    if (typeof fetched === "bigint") return await begin(fetched);
    await untilAborted(ended, options?.signal);
    return await this.#miss(operation, fetched);
  }

  async #begin<Result>(
    { keys, operate }: Operation<Result>,
    generation: bigint,
    fetching: Promise<Generation>,
  ): Promise<Result> {
    try {
      return await operate(this.#attempt(generation, fetching));
    } catch (error) {
      throw this.#withCallersKeys(error, generation, keys);
    }
  }

  /** Makes the result of an operation whose generation is unknown for this reason, if that counts as a miss. */
  async #miss<Result>(
    { command, keys, options, miss }: Operation<Result>,
    reason: Error,
  ): Promise<Result> {
    const { failover, initial }: CounterOptions = options ?? {};
    // A caller that passes `initial` gets a number or an error, never `undefined`.
    const isLenient = failover !== "error" && initial === undefined;
    if (miss !== undefined && isLenient) return await miss();
    throw this.#unknown(reason, command, keys);
  }

  /**
   * Runs a command on one key, when what it is called with has been checked: with the last known generation, and with the
   * current one if that differs.
   *
   * @param args What it is called with, without the options.
   * @throws {ValidationException} When an argument is invalid. It is thrown at once, which saves a promise for each operation.
   */
  call<Result>(
    command: CheckedCommand,
    args: readonly [key: string, ...unknown[]],
    operation: Omit<Operation<Result>, "command" | "keys">,
  ): Promise<Result> {
    this.#checkCall(command, args, operation.options);
    return this.#run({ ...operation, command, keys: [args[0]] });
  }

  /**
   * Runs `getOrSet`. A value is computed and not stored if the generation is unknown and the client treats this as a
   * miss.
   *
   * @param computing Such values, by key.
   */
  getOrSet<Value>(
    commands: KeyCommands,
    computing: UnstoredValues,
    key: string,
    load: () => Value | Promise<Value>,
    options: GetOrSetOptions | undefined,
  ): Promise<Value> {
    const own = options?.signal;
    const operate = ({ prefix, guard, waitingFor }: Attempt) =>
      waitingFor((signal) => {
        return commands.getOrSet(prefix + key, guard(load), { ...options, signal });
      }, own);
    const miss = () => untilAborted(computeAsRead(commands, computing, key, load), own);
    return this.call("getOrSet", [key, load], { operate, options, miss });
  }

  /**
   * Runs `update`. If the generation has ended before `change` is called again, it begins again under the current one:
   * the server may have restarted, and what is stored under the old one would be lost at once.
   */
  async update<Value>(
    commands: KeyCommands,
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options: UpdateOptions | undefined,
  ): Promise<Value | undefined> {
    const operate = ({ prefix, guard }: Attempt) =>
      commands.update(prefix + key, guard(change), options);
    while (true) {
      try {
        return await this.call("update", [key, change], { operate, options });
      } catch (error) {
        if (error !== OLD_GENERATION) throw error;
      }
    }
  }

  /**
   * Runs an operation on many keys. Its results and errors have the caller's keys. If the generation is unknown and the
   * client treats this as a miss, nothing is read or stored, and no key existed.
   *
   * @param stored What is stored, encoded, and when it expires; values are checked when they are encoded.
   */
  async runMany<Result>(
    action: "get" | "set" | "delete",
    keys: readonly string[],
    operate: (keys: string[]) => Promise<Map<string, Result>>,
    options: OperationOptions | undefined,
    stored: { values?: readonly unknown[]; exptime?: Exptime | undefined } = {},
  ): Promise<Map<string, Result>> {
    const args = action === "set" ? [NO_VALUES, stored.exptime] : [keys];
    this.#checkCall(`${action}Many`, args, options);
    const absent = action === "delete" ? keys.map((key) => [key, false] as const) : [];
    return await this.#run({
      command: action,
      keys,
      operate: async ({ prefix }) => {
        try {
          return withoutPrefix(await operate(keys.map((key) => prefix + key)), prefix);
        } catch (error) {
          throw withoutPrefixes(error, action, prefix, keys.length);
        }
      },
      options,
      miss: () => new Map<string, unknown>(absent) as Map<string, Result>,
      values: stored.values,
    });
  }

  /**
   * Counts an operation that sends nothing until the generation is known. As many may wait as may wait for all servers,
   * among which they are spread afterwards.
   *
   * @returns A function that counts it no more.
   * @throws {SocketError} When too many wait.
   */
  #wait(command: string, keys: readonly string[], values: readonly unknown[]): () => void {
    const byteLength = values.reduce((sum: number, value) => sum + lengthOf(value), 0);
    const full = this.#exceeded(byteLength);
    if (full !== undefined) {
      const operation = this.#named(command, keys);
      const message = `Cannot use namespace ${
        quote(this.#prefix)
      }: ${full}, not sent: ${operation}`;
      throw new SocketError(message);
    }
    this.#waiting++;
    this.#waitingBytes += byteLength;
    return () => {
      this.#waiting--;
      this.#waitingBytes -= byteLength;
    };
  }

  /** The limit that one more operation with values of this many bytes exceeds, in words; or `undefined`. */
  #exceeded(byteLength: number): string | undefined {
    const session = sessionOf(this.#commands);
    if (session === undefined) return undefined;
    // One alone may have many keys: each server takes what it has room for.
    if (this.#waiting === 0) return undefined;
    const { maxPending, maxPendingBytes } = session.settings;
    const count = this.#serverCount(session);
    const limits = { maxPending: maxPending * count, maxPendingBytes: maxPendingBytes * count };
    const waiting = { pending: this.#waiting, pendingBytes: this.#waitingBytes };
    return exceededLimit([waiting], byteLength, limits);
  }

  #serverCount({ route }: Session): number {
    try {
      return route.find(this.#counterKey).distribution.members.length;
    } catch {
      // None has been discovered yet: what waits for that is bounded as for one server.
      return 1;
    }
  }

  /** Makes the error of an operation whose generation cannot be known. */
  #unknown(error: unknown, command: string, keys: readonly string[]): unknown {
    const { known = 0n } = this.#counter;
    return failureOf(this.#withCallersKeys(error, known, keys), this.#named(command, keys));
  }

  /** An operation, as messages name it: `set key "a" and 2 more`. */
  #named(command: string, keys: readonly string[]): string {
    const [first = this.#prefix] = keys;
    const what = keys.length === 0 ? "namespace" : "key";
    const others = keys.length > 1 ? ` and ${keys.length - 1} more` : "";
    return `${command} ${what} ${quote(first)}${others}`;
  }

  #withCallersKeys(error: unknown, generation: bigint, keys: readonly string[]): unknown {
    const prefix = this.#prefixOf(generation);
    const names = new Map(keys.map((key) => [prefix + key, key]));
    const counter = `the generation of namespace ${quote(this.#prefix)}`;
    return withCallersKeys(error, names, (text) => {
      // Other operations that were under way on the connection may be named too.
      return text
        .replaceAll(`key "${this.#counterKey}"`, () => counter)
        .replaceAll(`key ${quote(this.#counterKey)}`, () => counter)
        .replaceAll(`"${prefix}`, `"`)
        .replaceAll(JSON.stringify(prefix).slice(0, -1), `"`);
    });
  }

  #prefixOf(generation: bigint): string {
    return `${this.#prefix}${generation}:`;
  }

  #attempt(generation: bigint, fetching: Promise<Generation>): Attempt {
    return {
      prefix: this.#prefixOf(generation),
      guard: (action) => {
        let asked: Promise<Generation> | undefined = fetching;
        return async (...args) => {
          // If this fails, the operation begins again, and fails then.
          const current = await (asked ?? this.#fetch().catch(() => undefined));
          asked = undefined;
          if (current !== generation) throw OLD_GENERATION;
          return await action(...args);
        };
      },
      waitingFor: async (action, own) => {
        const ending = new AbortController();
        const end = () => ending.abort();
        fetching.then((current) => current !== generation && end(), end);
        // Not AbortSignal.any: Node 20 may garbage-collect its result before it aborts.
        const unwatch = own && watchSignal(own, { abandon: (reason) => ending.abort(reason) });
        try {
          return await action(ending.signal);
        } finally {
          unwatch?.();
        }
      },
    };
  }

  /** Operations share a request until it is passed to the client. Later operations need a new one. */
  #fetch(): Promise<Generation> {
    return this.#fetching ??= Promise.resolve().then(() => {
      this.#fetching = undefined;
      return this.#read();
    });
  }

  async #read(): Promise<Generation> {
    let generation: Generation | undefined;
    try {
      return generation = await this.#counter.current();
    } finally {
      // Until it is known again, operations wait for it and send nothing.
      this.#isKnown = typeof generation === "bigint";
    }
  }

  #checkCall(
    command: CheckedCommand,
    args: readonly unknown[],
    options: OperationOptions | undefined,
  ): void {
    if (options !== undefined) checkNames(options, optionNames(command));
    checkArguments(command, [...args, options], this.#rules);
  }

  #check(key: string): void {
    this.#rules.checkKey(key, "use");
    if (key.length <= this.#longestKey) return;
    const why = `its keys must not be longer than ${this.#longestKey} characters`;
    throw new ValidationException(
      `Cannot use key ${quote(key)} in namespace ${quote(this.#prefix)}: ${why}`,
      key,
    );
  }
}

/** The length of a value that has been encoded, or of data; 0 of what is still being encoded. */
function lengthOf(value: unknown): number {
  const { data = value } = Object(value) as { readonly data?: unknown };
  return typeof data === "string" || data instanceof Uint8Array ? data.length : 0;
}

function withoutPrefix<Result>(
  map: ReadonlyMap<string, Result>,
  prefix: string,
): Map<string, Result> {
  return new Map(Array.from(map, ([key, result]) => [key.slice(prefix.length), result]));
}

/** Replaces the keys of an error by the caller's keys. */
function withoutPrefixes(
  error: unknown,
  action: string,
  prefix: string,
  count: number,
): unknown {
  if (!(error instanceof PartialClientException || error instanceof PartialSocketError)) {
    return error;
  }
  const partial: PartialFailure = {
    failures: withoutPrefix(error.failures, prefix),
    results: withoutPrefix(error.results, prefix),
    count,
  };
  const Class = error instanceof PartialClientException
    ? PartialClientException
    : PartialSocketError;
  return withCallersStack(new Class(action, partial));
}
