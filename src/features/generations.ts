/** Operations under a generation of keys, which all are left behind when the next one begins. @module */

import type { OperationOptions } from "../commands/operation_options.ts";
import {
  PartialClientException,
  type PartialFailure,
  PartialSocketError,
  quote,
  type SocketError,
  ValidationException,
} from "../errors.ts";
import { checkKey } from "../protocol/key.ts";
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

/** The generations of the keys under one prefix: a counter on memcached. */
export class Generations {
  readonly #prefix: string;
  readonly #counter: RisingCounter;
  readonly #longestKey: number;
  /** Whether memcached has answered what the current one is, the last time it was asked. */
  #isKnown = true;
  /** The one that is about to be asked for. */
  #fetching: Promise<Generation> | undefined;

  /**
   * @param commands What the counter is read and counted with.
   * @param prefix What all keys begin with.
   * @param longestKey How many characters a key may have behind the prefix and the generation.
   */
  constructor(commands: CounterCommands, prefix: string, longestKey: number) {
    this.#prefix = prefix;
    this.#longestKey = longestKey;
    this.#counter = new RisingCounter(commands, reservedKey(prefix, "generation"));
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
      return generation = await this.#counter.current();
    } finally {
      // Until it is known again, operations wait for it: what is not to be is not sent.
      this.#isKnown = typeof generation === "bigint";
    }
  }

  #check(key: unknown): void {
    checkKey(key, "use");
    if (key.length <= this.#longestKey) return;
    const why = `its keys must not be longer than ${this.#longestKey} characters`;
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
