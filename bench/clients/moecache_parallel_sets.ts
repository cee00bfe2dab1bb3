/** moecache without its `setMany`, which has to be worth its name. @module */

import type { AdaptedClient, Notes } from "../adapter.ts";
import { connect as connectUsual } from "./moecache.ts";

/** There is nothing to remark on. */
export const notes: Notes = {};

/** Makes a client of the servers. */
export function connect(servers: readonly string[]): AdaptedClient {
  const { setMany: _, ...client } = connectUsual(servers);
  return client;
}
