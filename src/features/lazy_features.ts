/** Loads features at their first use. @module */

import {
  GET_OR_SET_OPTIONS,
  type GetOrSetOptions,
  INVALIDATE_OPTIONS,
  type InvalidateOptions,
  OPERATION_OPTIONS,
  type OperationOptions,
  UPDATE_OPTIONS,
  type UpdateOptions,
} from "../commands/operation_options.ts";
import type { Session } from "../commands/session.ts";
import { traced } from "../commands/traced.ts";
import { cannotLoad } from "../errors.ts";
import { checkOptions, copyOptions, type OptionTypes } from "../option_checks.ts";
import { inContext, presentContext } from "../observation.ts";
import type { ItemInfo, MetaReply } from "../protocol/commands/meta.ts";
import { lazily } from "../waiting.ts";
import type { MetaParts } from "./meta.ts";

/** The loaded module. */
export type Features = typeof import("./on_demand.ts");

/**
 * Loads the features. Unlike {@linkcode withFeatures}, it needs no options, and always takes a turn. In a CommonJS
 * package, tsx loads them with a second core, which does not know this client: it compiles this module to CommonJS, and
 * loads what is imported on demand as ES modules.
 */
export const loadFeatures: () => Promise<Features> = /* @__PURE__ */ lazily(() => {
  return import("./on_demand.ts").then((features) =>
    features.cannotLoad === cannotLoad ? features : Promise.reject("it was loaded twice")
  );
});
let loaded: Features | undefined;

/**
 * Uses a feature. If it has been loaded, it is called at once, so that the operations of a turn keep their order.
 *
 * @param options The operation's options. They are checked and copied at once, because the caller may change them.
 */
export function withFeatures<Options extends object, Result>(
  options: Options | undefined,
  types: OptionTypes<Options>,
  use: (features: Features, options: Options | undefined) => Promise<Result>,
): Promise<Result> {
  try {
    checkOptions(options, types);
  } catch (error) {
    return Promise.reject(error);
  }
  const taken = options && copyOptions(options, Object.keys(types));
  if (loaded !== undefined) return use(loaded, taken);
  const context = presentContext();
  return loadFeatures().then((features) => inContext(context, () => use(loaded = features, taken)));
}

function getOrSetUntraced<Value>(
  session: Session,
  key: string,
  load: () => Value | Promise<Value>,
  options?: GetOrSetOptions,
): Promise<Value> {
  return withFeatures(options, GET_OR_SET_OPTIONS, ({ getOrSet }, options) => {
    return getOrSet(session, key, load, options);
  });
}

function updateUntraced<Value>(
  session: Session,
  key: string,
  change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
  options?: UpdateOptions,
): Promise<Value | undefined> {
  return withFeatures(options, UPDATE_OPTIONS, ({ update }, options) => {
    return update(session, key, change, options);
  });
}

function invalidateUntraced(
  session: Session,
  key: string,
  options?: InvalidateOptions,
): Promise<boolean> {
  return withFeatures(options, INVALIDATE_OPTIONS, ({ invalidate }, options) => {
    return invalidate(session, key, options);
  });
}

function inspectUntraced(
  session: Session,
  key: string,
  options?: OperationOptions,
): Promise<ItemInfo | undefined> {
  return withFeatures(options, OPERATION_OPTIONS, ({ inspect }, options) => {
    return inspect(session, key, options);
  });
}

function metaUntraced(
  session: Session,
  key: string,
  parts: MetaParts,
  options?: OperationOptions,
): Promise<MetaReply> {
  return withFeatures(options, OPERATION_OPTIONS, ({ meta }, options) => {
    return meta(session, key, parts, options);
  });
}

/** Reads the value of a key, or computes it. */
export const getOrSet: typeof getOrSetUntraced = /* @__PURE__ */ traced(
  "getOrSet",
  getOrSetUntraced,
);

/** Changes the value of a key. */
export const update: typeof updateUntraced = /* @__PURE__ */ traced("update", updateUntraced);

/** Marks a value as stale. */
export const invalidate: typeof invalidateUntraced = /* @__PURE__ */ traced(
  "invalidate",
  invalidateUntraced,
);

/** Tells what memcached knows of an item. */
export const inspect: typeof inspectUntraced = /* @__PURE__ */ traced("inspect", inspectUntraced);

/** Sends a meta command. */
export const meta: typeof metaUntraced = /* @__PURE__ */ traced("meta", metaUntraced);
