/** The features that are loaded with their first use: one module, since most are small. @module */

import "../loaded_already.ts";
// Loaded with the stall timer everywhere, so that bundlers put both into one file.
import "../transport/byte_channel.ts";
// It tells whether this module and the client share one core.
export { cannotLoad } from "../errors.ts";
export { Generations } from "./generations.ts";
export { getOrSet } from "./get_or_set.ts";
export { listItems, listKeys } from "./item_list.ts";
export { inspect, invalidate, meta } from "./meta.ts";
export { update } from "./update.ts";
export { WatchedEvents } from "./watched_events.ts";
