/**
 * The features with classic commands. This module is loaded when a server without meta commands is found.
 *
 * @module
 */

export { inspect, invalidate } from "./classic_items.ts";
export { placeOf, placeStub, readLeased, rememberFreshness } from "./classic_leases.ts";
