/** moecache with pickles that have bytes, which Python 3 reads. @module */

import { Client, moecacheTranscoder } from "../../mod.ts";
import type { AdaptedClient, Notes } from "../adapter.ts";
import { adapt } from "./moecache.ts";

/** There is nothing to remark on. */
export const notes: Notes = {};

/** Makes a client of the servers. */
export function connect(servers: readonly string[]): AdaptedClient {
  return adapt(new Client(servers, { transcoder: moecacheTranscoder({ pickleProtocol: 4 }) }));
}
