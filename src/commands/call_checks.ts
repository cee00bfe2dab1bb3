/**
 * Checks of what commands on keys are called with, for everything that asks memcached something before it passes a
 * call on: wrong input is refused before any byte is sent. The client itself checks the same in each command.
 *
 * @module
 */

import "../loaded_already.ts";
import { quote, ValidationException } from "../errors.ts";
import { checkFunction, checkInteger, isPromise, type OptionTypes } from "../option_checks.ts";
import { checkUint64 } from "../protocol/commands/answer.ts";
import { checkCas } from "../protocol/commands/storage.ts";
import { checkExptime } from "../protocol/exptime.ts";
import { checkKey } from "../protocol/key.ts";
import { checkSeconds, checkWaitFor } from "../protocol/seconds.ts";
import { ownData } from "../transcoding/item_codec.ts";
import type { KeyCommands } from "./key_commands.ts";
import type {
  CounterOptions,
  GetOrSetOptions,
  InvalidateOptions,
  UpdateOptions,
} from "./operation_options.ts";
import { sessionOf } from "./session.ts";

/** The checks that depend on the client, namespace or view that is called. */
export interface CallRules {
  /** Checks a key. */
  checkKey(key: unknown, action: string): void;
  /**
   * Refuses what the transcoder cannot represent, of the values that are nothing to store for most of them: `undefined`,
   * functions and symbols. Other values would have to be encoded twice.
   */
  checkValue?(value: unknown, key: string, action: string): void;
  /** The options that it takes besides those of the client. */
  readonly extraOptions?: OptionTypes<object> | undefined;
}

/** Checks the arguments of a call. The names and types of its options have been checked. */
type Check = (args: readonly unknown[], rules: CallRules) => void;

/** The commands whose calls can be checked. */
export type CheckedCommand = Exclude<keyof KeyCommands, "longestKey" | "withTranscoder">;

/** How often `update` may retry. */
export const MOST_RETRIES = 1_000_000;

/** The options of the commands that have more than every operation. */
const MORE_OPTIONS: Readonly<Partial<Record<CheckedCommand, readonly string[]>>> = {
  incr: ["initial", "exptime"],
  decr: ["initial", "exptime"],
  getOrSet: ["exptime", "staleFor", "earlyRefresh", "lockFor", "waitFor", "negativeFor"],
  update: ["exptime", "retries"],
  invalidate: ["staleFor"],
};

/** The names of a command's options. */
export function optionNames(command: CheckedCommand): string[] {
  return ["signal", "failover", ...MORE_OPTIONS[command] ?? []];
}

/** The checks of each command; one with many keys gets a list of them, or a map of the values. */
const CHECKS: Readonly<Record<CheckedCommand, Check>> = {
  get: ([key], rules) => rules.checkKey(key, "get"),
  getMany: ([keys], rules) => checkEach(keys, "get", rules),
  gets: ([key], rules) => rules.checkKey(key, "gets"),
  getAndTouch: ([key, exptime], rules) => {
    rules.checkKey(key, "get and touch");
    checkExptime(exptime, Date.now, "needed");
  },
  set: ([key, value, exptime], rules) => checkStored("set", key, value, exptime, rules),
  setMany: ([entries, exptime], rules) => {
    checkExptimeNow(exptime);
    for (const [key, value] of entries as ReadonlyMap<string, unknown>) {
      rules.checkKey(key, "set");
      checkValue("set", key, value, rules);
    }
  },
  add: ([key, value, exptime], rules) => checkStored("add", key, value, exptime, rules),
  replace: ([key, value, exptime], rules) => checkStored("replace", key, value, exptime, rules),
  append: ([key, data], rules) => checkAdded("append", key, data, rules),
  prepend: ([key, data], rules) => checkAdded("prepend", key, data, rules),
  cas: ([key, value, cas, exptime], rules) => {
    checkStored("cas", key, value, exptime, rules);
    checkCas(cas);
  },
  incr: (args, rules) => checkCounted("incr", args, rules),
  decr: (args, rules) => checkCounted("decr", args, rules),
  touch: ([key, exptime], rules) => {
    rules.checkKey(key, "touch");
    checkExptime(exptime, Date.now, "needed");
  },
  delete: ([key], rules) => rules.checkKey(key, "delete"),
  deleteMany: ([keys], rules) => checkEach(keys, "delete", rules),
  getOrSet: ([key, load, options], rules) => {
    rules.checkKey(key, "get or set");
    checkFunction("load", load);
    checkLoading(options as GetOrSetOptions | undefined);
  },
  update: ([key, change, options], rules) => {
    rules.checkKey(key, "update");
    checkFunction("change", change);
    const { exptime, retries } = (options ?? {}) as UpdateOptions;
    if (retries !== undefined) checkInteger("retries", retries, 0, MOST_RETRIES);
    if (typeof exptime !== "function") checkExptimeNow(exptime);
  },
  invalidate: ([key, options], rules) => {
    rules.checkKey(key, "invalidate");
    const { staleFor } = (options ?? {}) as InvalidateOptions;
    if (staleFor !== undefined) checkSeconds("staleFor", staleFor, 1);
  },
  inspect: ([key], rules) => rules.checkKey(key, "inspect"),
  locate: ([key], rules) => rules.checkKey(key, "locate"),
};

/**
 * Checks what a command is called with, but for the names and types of its options.
 *
 * @throws {ValidationException} When an argument is invalid.
 */
export function checkArguments(
  command: CheckedCommand,
  args: readonly unknown[],
  rules: CallRules,
): void {
  CHECKS[command](args, rules);
}

/** How a client, or a namespace of it, checks its arguments; other implementations do as a client without options. */
export function callRulesOfClient(commands: object): CallRules {
  const session = sessionOf(commands);
  if (session === undefined) return { checkKey };
  return {
    checkKey: (key, action) => session.checkKey(key, action),
    checkValue: (value, key, action) => {
      // Only `undefined`, functions and symbols.
      if (!/undef|func|symb/.test(typeof value)) return;
      const item = session.writeItem(value, key, action);
      // The operation itself is rejected.
      if (isPromise(item)) item.catch(() => {});
    },
  };
}

function checkEach(keys: unknown, action: string, rules: CallRules): void {
  for (const key of keys as Iterable<unknown>) rules.checkKey(key, action);
}

function checkStored(
  action: string,
  key: unknown,
  value: unknown,
  exptime: unknown,
  rules: CallRules,
): void {
  rules.checkKey(key, action);
  checkExptimeNow(exptime);
  checkValue(action, key as string, value, rules);
}

function checkValue(action: string, key: string, value: unknown, rules: CallRules): void {
  // A view would wait for it while it computes what is stored; the client refuses it.
  if (isPromise(value)) {
    const why = "it is a promise";
    throw new ValidationException(`Cannot ${action} value of key ${quote(key)}: ${why}`, value);
  }
  rules.checkValue?.(value, key, action);
}

function checkAdded(action: string, key: unknown, data: unknown, rules: CallRules): void {
  rules.checkKey(key, action);
  ownData(data, `${action} data to key ${JSON.stringify(key)}`);
}

function checkCounted(action: string, args: readonly unknown[], rules: CallRules): void {
  const [key, delta = 1, options = {}] = args;
  rules.checkKey(key, action);
  checkUint64("delta", delta);
  const { initial, exptime } = options as CounterOptions;
  if (initial !== undefined) checkUint64("initial", initial);
  checkExptimeNow(exptime);
}

function checkLoading(options: GetOrSetOptions = {}): void {
  const check = (
    name: "staleFor" | "earlyRefresh" | "lockFor" | "negativeFor",
    least: 0 | 1,
  ) => {
    if (options[name] !== undefined) checkSeconds(name, options[name], least);
  };
  checkExptimeNow(options.exptime);
  check("staleFor", 0);
  check("earlyRefresh", 0);
  check("lockFor", 1);
  if (options.waitFor !== undefined) checkWaitFor(options.waitFor);
  check("negativeFor", 0);
}

function checkExptimeNow(exptime: unknown): void {
  checkExptime(exptime as number | undefined, Date.now);
}
