/** moecache with the transcoder that stores bytes as they are, and copies them before they are sent. @module */

import { Client, rawTranscoder } from "../../mod.ts";
import type { AdaptedClient, Notes } from "../adapter.ts";
import { adapt } from "./moecache.ts";

/** There is nothing to remark on. */
export const notes: Notes = {};

/** Makes a client of the servers. */
export function connect(servers: readonly string[]): AdaptedClient {
  return adapt(new Client(servers, { transcoder: rawTranscoder }));
}
