/** The features that are loaded with their first use: one module, since most are small. @module */

import "../loaded_already.ts";
export { Generations } from "./generations.ts";
export { getOrSet } from "./get_or_set.ts";
export { listItems } from "./item_list.ts";
export { inspect, invalidate, meta } from "./meta.ts";
export { update } from "./update.ts";
export { WatchedEvents } from "./watched_events.ts";
