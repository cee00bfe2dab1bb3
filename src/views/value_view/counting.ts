/** Counters in a view: by memcached, where it has the number as it is, else by reading and storing it. @module */

import {
  ClientException,
  type CounterOptions,
  type Exptime,
  type OperationOptions,
} from "../../../mod.ts";
import { checkUint64 } from "../../protocol/commands/answer.ts";
import { checkSignal } from "../../option_checks.ts";
import { copyPassedOptions, strictly } from "../wrapped_commands.ts";
import { ifThere } from "./presence.ts";
import { rewrite } from "./rewriting.ts";
import { changedTooOften, MOST_ATTEMPTS, type ValueStore } from "./value_store.ts";
import { addOver, discard, ignoreUnreadable } from "./writing.ts";

/** The number that counters wrap at. */
const COUNTER_END = 1n << 64n;

/** As `incr` and `decr` of the client. */
export async function count(
  store: ValueStore,
  verb: "incr" | "decr",
  key: string,
  delta: bigint | number,
  options: CounterOptions | undefined,
): Promise<bigint | undefined> {
  checkSignal(options);
  const isPlain = store.rules.isPlain(key);
  const innerKey = await store.rules.keyOf(key);
  if (isPlain === true && !store.rules.mayHide) {
    return await store.inner[verb](innerKey, delta, store.innerOptions(options));
  }
  const { initial, exptime, ...rest } = copyPassedOptions(options ?? {});
  const step = checkUint64("delta", delta);
  const first = initial === undefined ? undefined : checkUint64("initial", initial);
  // A caller that passes `initial` gets a number or an error, never `undefined`.
  const counting: OperationOptions = first === undefined ? rest : strictly(rest);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const counted = await countOnce(store, verb, key, step, counting);
    if (counted !== undefined || first === undefined) return counted;
    const begin = { initial: first, exptime };
    const begun = await beginCounter(store, verb, key, { step, begin, options: counting });
    if (begun !== undefined) return begun;
  }
  throw changedTooOften("count", key);
}

/**
 * Begins a counter; counts one that another client has begun meanwhile. Where its number is stored as it is, the client
 * stores it, as text: a transcoder may make something of strings that memcached cannot count, as JSON's quotes.
 *
 * @returns The number; `undefined` if something else was stored meanwhile.
 */
async function beginCounter(
  store: ValueStore,
  verb: "incr" | "decr",
  key: string,
  { step, begin, options }: {
    readonly step: bigint;
    readonly begin: { readonly initial: bigint; readonly exptime: Exptime | undefined };
    readonly options: OperationOptions;
  },
): Promise<bigint | undefined> {
  const { initial, exptime } = begin;
  const number = `${initial}`;
  const isPlain = store.rules.isPlain(key);
  if (!isPlain || await store.toStored(number, key, { options, exptime }) !== number) {
    return await addOver(store, key, number, { options, exptime }) ? initial : undefined;
  }
  const innerKey = await store.rules.keyOf(key);
  // Otherwise, what counts as a miss would be counted.
  await discard(store, key, innerKey, options);
  const inner: CounterOptions = { ...store.innerOptions(options), ...begin };
  try {
    return await store.inner[verb](innerKey, step, inner);
  } catch (error) {
    if (isPlain === true) throw error;
    return ignoreUnreadable(error);
  }
}

/** Counts a counter that exists. */
async function countOnce(
  store: ValueStore,
  verb: "incr" | "decr",
  key: string,
  step: bigint,
  options: OperationOptions,
): Promise<bigint | undefined> {
  const isPlain = store.rules.isPlain(key);
  if (isPlain === true) {
    let counted: bigint | undefined;
    const isThere = await ifThere(store, key, options, async (innerKey, inner) => {
      return (counted = await store.inner[verb](innerKey, step, inner)) !== undefined;
    });
    return isThere ? counted : undefined;
  }
  if (isPlain) {
    try {
      const innerKey = await store.rules.keyOf(key);
      return await store.inner[verb](innerKey, step, store.innerOptions(options));
    } catch (error) {
      // More than a number is stored, or something else: which of them, it shows when it is read.
      ignoreUnreadable(error);
    }
  }
  const counted = await rewrite(store, key, (value) => {
    const count = readCount(key, value);
    if (verb === "incr") return `${(count + step) % COUNTER_END}`;
    return `${count > step ? count - step : 0n}`;
  }, options);
  return typeof counted === "string" ? BigInt(counted) : undefined;
}

function readCount(key: string, value: unknown): bigint {
  if (typeof value === "string" && /^\d{1,20} *$/.test(value)) {
    const count = BigInt(value.trimEnd());
    if (count < COUNTER_END) return count;
  }
  const why = "its value is not a number from 0 to 2^64 - 1 in decimal digits";
  throw new ClientException(`Cannot count key ${JSON.stringify(key)}: ${why}`, value);
}
