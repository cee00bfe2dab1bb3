/** The commands, each published as an operation while a subscriber listens. @module */

import type { CommandContext } from "../channel_contexts.ts";
import { CHANNEL_NAMES, presentContext, trace, tracesCommands } from "../observation.ts";
import { count } from "./count.ts";
import * as deletes from "./delete.ts";
import type { CounterOptions, OperationOptions } from "./operation_options.ts";
import * as reads from "./read.ts";
import type { Session } from "./session.ts";
import * as stores from "./store.ts";

/** A command as a function over a session; its first parameter has the keys, and four more may follow. */
// deno-lint-ignore no-explicit-any -- what every function of that form is
type Operate = (session: Session, keys: any, a?: any, b?: any, c?: any, d?: any) => Promise<any>;

/** The commands that tell by their result whether there is a value. */
const READS: readonly string[] = ["get", "gets", "getAndTouch", "getMany", "inspect"];

/**
 * Makes a command publish itself as an operation while a subscriber listens.
 *
 * @param command Its name as a method.
 * @param operate The command.
 */
export function traced<Traced extends Operate>(command: string, operate: Traced): Traced {
  const tracing: Operate = (session, keys, a, b, c, d) => {
    const { client } = session.settings.counters;
    return traceOperation({ command, client }, keys, (read) => operate(session, read, a, b, c, d));
  };
  // Without rest parameters, and without a function that refers to these: either would be an object for each operation.
  const operation: Operate = (session, keys, a, b, c, d) =>
    (tracesCommands() ? tracing : operate)(session, keys, a, b, c, d);
  return operation as Traced;
}

/**
 * Publishes an operation, unless it is a part of another one.
 *
 * @param described What is known of it.
 * @param keys The key, the keys, or the entries by key, as the caller gave them.
 * @param operate Called with the same keys, in a form that can be read again.
 */
export function traceOperation<Result, Keys>(
  described: Pick<CommandContext, "command" | "client" | "namespace">,
  keys: Keys,
  operate: (keys: Keys) => Promise<Result>,
): Promise<Result> {
  if (presentContext() !== undefined) return operate(keys);
  const { command, client, namespace } = described;
  const read = readOnce(keys) as Keys;
  const args = keysOf(read);
  const context: CommandContext = { command, args, keys: args.length, client };
  if (namespace !== undefined) context.namespace = namespace;
  const complete = READS.includes(command) ? countItems : undefined;
  return trace(CHANNEL_NAMES.command, context, () => operate(read), complete, context);
}

function countItems(context: CommandContext, result: unknown): void {
  context.hits = result instanceof Map ? result.size : Number(result !== undefined);
  context.misses = context.keys - context.hits;
}

/** Keys or entries that can be read twice: those of an iterator are taken out of it, and what it throws. */
function readOnce(keys: unknown): unknown {
  if (typeof keys !== "object" || keys === null || !(Symbol.iterator in keys)) return keys;
  try {
    return [...keys as Iterable<unknown>];
  } catch (error) {
    return {
      [Symbol.iterator]() {
        throw error;
      },
    };
  }
}

/** The keys of an operation, each once, and nothing else. */
function keysOf(keys: unknown): string[] {
  if (typeof keys === "string") return [keys];
  if (typeof keys !== "object" || keys === null) return [];
  const all = Array.isArray(keys)
    ? keys.map((key) => Array.isArray(key) ? key[0] : key)
    : Object.keys(keys);
  return [...new Set(all)].filter((key) => typeof key === "string");
}

type Extend = (
  session: Session,
  key: string,
  data: string | Uint8Array,
  options?: OperationOptions,
) => Promise<boolean>;
type Count = (
  session: Session,
  key: string,
  delta?: bigint | number,
  options?: CounterOptions,
) => Promise<bigint | undefined>;

export const get: typeof reads.get = /* @__PURE__ */ traced("get", reads.get);
export const getMany: typeof reads.getMany = /* @__PURE__ */ traced("getMany", reads.getMany);
export const gets: typeof reads.gets = /* @__PURE__ */ traced("gets", reads.gets);
export const getAndTouch: typeof reads.getAndTouch = /* @__PURE__ */ traced(
  "getAndTouch",
  reads.getAndTouch,
);
export const touch: typeof reads.touch = /* @__PURE__ */ traced("touch", reads.touch);
export const set: typeof stores.set = /* @__PURE__ */ traced("set", stores.set);
export const setMany: typeof stores.setMany = /* @__PURE__ */ traced("setMany", stores.setMany);
export const add: typeof stores.add = /* @__PURE__ */ traced("add", stores.add);
export const replace: typeof stores.replace = /* @__PURE__ */ traced("replace", stores.replace);
export const cas: typeof stores.cas = /* @__PURE__ */ traced("cas", stores.cas);
export const deleteMany: typeof deletes.deleteMany = /* @__PURE__ */ traced(
  "deleteMany",
  deletes.deleteMany,
);
export const deleteKey: typeof deletes.deleteKey = /* @__PURE__ */ traced(
  "delete",
  deletes.deleteKey,
);
export const append: Extend = /* @__PURE__ */ traced("append", (session, key, data, options) => {
  return stores.extend(session, "append", key, data, options);
});
export const prepend: Extend = /* @__PURE__ */ traced("prepend", (session, key, data, options) => {
  return stores.extend(session, "prepend", key, data, options);
});
export const incr: Count = /* @__PURE__ */ traced("incr", (session, key, delta, options) => {
  return count(session, "incr", key, delta, options);
});
export const decr: Count = /* @__PURE__ */ traced("decr", (session, key, delta, options) => {
  return count(session, "decr", key, delta, options);
});
