/** Operations under a generation of keys, which all are left behind when the next one begins. @module */

import { KEY_COMMAND_OPTIONS, type OperationOptions } from "../commands/operation_options.ts";
import {
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  quote,
  SocketError,
  ValidationException,
} from "../errors.ts";
import { checkOptions } from "../option_checks.ts";
import { checkKey, MAX_KEY_LENGTH } from "../protocol/key.ts";
import { reservedKey } from "../fleet/reserved_key.ts";
import { untilAborted, watchSignal } from "../waiting.ts";
import { type CounterCommands, RisingCounter } from "./rising_counter.ts";

/** An operation under one generation; what it resolves to counts only if that is the current one. */
export interface Attempt {
  /** What all keys begin with. */
  readonly prefix: string;
  /** Makes a function fail that would have an effect outside memcached under an old generation. */
  guard<Args extends unknown[], Result>(
    action: (...args: Args) => Result | Promise<Result>,
  ): (...args: Args) => Promise<Result>;
  /** Does something with a signal that ends the waiting under an old generation; the caller's own ends it too. */
  waitingFor<Result>(
    action: (signal: AbortSignal) => Promise<Result>,
    own: AbortSignal | undefined,
  ): Promise<Result>;
}

/** The present generation, or why it cannot be known where the client takes that for a miss. */
type Generation = bigint | SocketError;

/** The digits of the largest generation, 2^64 - 1, and the colon behind them. */
const GENERATION_LENGTH = 21;

/** The generations of the keys under one prefix: a counter on memcached. */
export class Generations {
  readonly #commands: CounterCommands;
  readonly #prefix: string;
  readonly #counterKey: string;
  readonly #counter: RisingCounter;
  /** Whether memcached has answered what the current one is, the last time it was asked. */
  #isKnown = true;
  /** The one that is about to be asked for. */
  #fetching: Promise<Generation> | undefined;

  constructor(commands: CounterCommands, prefix: string) {
    checkKey(prefix, "use as a prefix");
    if (prefix.length >= MAX_KEY_LENGTH - GENERATION_LENGTH) {
      const why = "it leaves no room for keys";
      throw new ValidationException(`Cannot use prefix ${quote(prefix)}: ${why}`, prefix);
    }
    this.#commands = commands;
    this.#prefix = prefix;
    this.#counterKey = reservedKey(prefix, "generation");
    this.#counter = new RisingCounter(commands, this.#counterKey);
  }

  /** Begins the next generation. */
  async next(options: OperationOptions | undefined): Promise<void> {
    await this.#counter.next(options);
  }

  /**
   * Runs an operation under the generation known so far while asking for the current one, and again where
   * that is another.
   *
   * @param miss What comes of it where the current generation cannot be known and the client takes that for a
   * miss; absent for an operation that fails then.
   */
  async run<Result>(
    keys: readonly string[],
    operate: (attempt: Attempt) => Promise<Result>,
    options: OperationOptions | undefined,
    miss?: () => Result | Promise<Result>,
  ): Promise<Result> {
    // Before the generation is asked for; which of them the operation has, it checks itself.
    checkOptions(options, KEY_COMMAND_OPTIONS);
    for (const key of keys) this.#check(key);
    options?.signal?.throwIfAborted();
    const used = this.#isKnown ? this.#counter.known : undefined;
    const fetching = this.#fetch();
    const current = untilAborted(fetching, options?.signal);
    const goOn = async (generation: Generation) => {
      if (typeof generation === "bigint") return await operate(this.#attempt(generation, fetching));
      if (miss === undefined || options?.failover === "error") throw generation;
      return await miss();
    };
    if (used === undefined) return await goOn(await current);
    const result = operate(this.#attempt(used, fetching));
    // What comes of it under an old generation is nobody's, even an error, and nobody waits for it.
    void Promise.allSettled([result]);
    const fetched = await current;
    // One that was current when the operation had begun is good enough; it need not be asked for again.
    return await (fetched === used ? result : goOn(fetched));
  }

  /** Runs an operation on many keys, whose results and errors are told by the keys the caller knows. */
  async runMany<Result>(
    action: string,
    keys: readonly string[],
    operate: (keys: string[]) => Promise<Map<string, Result>>,
    options: OperationOptions | undefined,
    miss: () => Map<string, Result>,
  ): Promise<Map<string, Result>> {
    return await this.run(
      keys,
      async ({ prefix }) => {
        try {
          return withoutPrefix(await operate(keys.map((key) => prefix + key)), prefix);
        } catch (error) {
          throw withoutPrefixes(error, action, prefix);
        }
      },
      options,
      miss,
    );
  }

  #attempt(generation: bigint, fetching: Promise<Generation>): Attempt {
    return {
      prefix: `${this.#prefix}${generation}:`,
      guard: (action) => async (...args) => {
        if (await fetching !== generation) throw new Error("The generation is an old one");
        return await action(...args);
      },
      waitingFor: async (action, own) => {
        const ending = new AbortController();
        const end = () => ending.abort();
        fetching.then((current) => current !== generation && end(), end);
        // Not AbortSignal.any: on Node 20, what it makes may be collected before it aborts.
        const unwatch = own && watchSignal(own, { abandon: (reason) => ending.abort(reason) });
        try {
          return await action(ending.signal);
        } finally {
          unwatch?.();
        }
      },
    };
  }

  /** Has operations share a request, until it is given to the client: what begins later may know better. */
  #fetch(): Promise<Generation> {
    return this.#fetching ??= Promise.resolve().then(() => {
      this.#fetching = undefined;
      return this.#read();
    });
  }

  async #read(): Promise<Generation> {
    let generation: Generation | undefined;
    try {
      return generation = await this.#ask();
    } finally {
      // Until it is known again, operations wait for it: what is not to be is not sent.
      this.#isKnown = typeof generation === "bigint";
    }
  }

  async #ask(): Promise<Generation> {
    const present = await this.#counter.peek();
    if (present !== undefined) return present;
    // The counter is missing or an old one; or the client takes a server that it cannot reach for a miss.
    try {
      return await this.#counter.read();
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      // A client that takes no fault for a miss fails here.
      if (await this.#commands.incr(this.#counterKey, 0n) === undefined) return error;
      throw error;
    }
  }

  #check(key: unknown): void {
    checkKey(key, "use");
    const most = MAX_KEY_LENGTH - GENERATION_LENGTH - this.#prefix.length;
    if (key.length <= most) return;
    const why = `its keys must not be longer than ${most} characters`;
    throw new ValidationException(
      `Cannot use key ${quote(key)} in namespace ${quote(this.#prefix)}: ${why}`,
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
