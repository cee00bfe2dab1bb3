/** moecache with the transcoder that stores bytes as they are. @module */

import { Client, rawTranscoder } from "../../mod.ts";
import type { AdaptedClient, Notes } from "../adapter.ts";
import { adapt } from "./moecache.ts";

/** There is nothing to remark on. */
export const notes: Notes = {};

/** Makes a client of the servers. */
export function connect(servers: readonly string[]): AdaptedClient {
  // The benchmark leaves its values alone; no rival copies them before it sends them, either.
  const transcoder = rawTranscoder({ handsOverData: true });
  return adapt(new Client(servers, { transcoder }));
}
