/** Features that are loaded with their first use. @module */

import { checkOptions, type OptionTypes } from "../option_checks.ts";
import { lazily } from "../waiting.ts";

/** What is loaded. */
type Features = typeof import("./on_demand.ts");

const load = /* @__PURE__ */ lazily(() => import("./on_demand.ts"));
let loaded: Features | undefined;

/**
 * Uses a feature: at once when it has been loaded before, so that it keeps its place among the operations of
 * the turn.
 *
 * @param options Those of the operation, which are checked and taken at once: the caller may change them.
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
  const taken = options === undefined ? undefined : { ...options };
  if (loaded !== undefined) return use(loaded, taken);
  return load().then((features) => use(loaded = features, taken));
}
