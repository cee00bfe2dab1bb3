/**
 * What is loaded when a server is noticed that knows no meta commands: what the features do there instead.
 *
 * @module
 */

export { inspect, invalidate } from "./classic_items.ts";
export { placeOf, placeStub, readLeased, rememberFreshness } from "./classic_leases.ts";
