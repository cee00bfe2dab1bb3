/**
 * The features with classic commands. This module is loaded when a server without meta commands is found.
 *
 * @module
 */

import "../../loaded_already.ts";
// What else the other features share with the core: the same parts are to reach all of it.
import "../../commands/session.ts";
import "../../connection/connect.ts";
import "../loads.ts";
export { inspect, invalidate } from "./classic_items.ts";
export { placeStub, rawItemsOf, readLeased, rememberFreshness } from "./classic_leases.ts";
