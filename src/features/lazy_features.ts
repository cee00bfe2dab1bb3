/** Features that are loaded with their first use. @module */

import { checkOptions, type OptionTypes } from "../option_checks.ts";
import { lazily } from "../waiting.ts";

/** What is loaded. */
export type Features = typeof import("./on_demand.ts");

/** Loads the features, for what has no place to keep. */
export const loadFeatures: () => Promise<Features> = /* @__PURE__ */ lazily(() => {
  return import("./on_demand.ts");
});
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
  return loadFeatures().then((features) => use(loaded = features, taken));
}
