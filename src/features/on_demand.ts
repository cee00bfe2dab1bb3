/** The features that are loaded with their first use: one module, since each is small. @module */

export { getOrSet, invalidate } from "./get_or_set.ts";
export { inspect, meta } from "./meta.ts";
export { update } from "./update.ts";
