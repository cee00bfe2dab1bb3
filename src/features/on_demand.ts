/** The features that are loaded with their first use: one module, since each is small. @module */

export { getOrSet } from "./get_or_set.ts";
export { update } from "./update.ts";
