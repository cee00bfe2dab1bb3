/** moecache with a transcoder that stores bytes as they are. @module */

import { Client, type Transcoder } from "../../mod.ts";
import type { AdaptedClient, Notes } from "../adapter.ts";
import { adapt } from "./moecache.ts";

const bytesAsTheyAre: Transcoder = {
  encode: (value) => ({ flags: 0, data: value as Uint8Array }),
  decode: ({ data }) => data,
  handsOverData: true,
};

/** There is nothing to remark on. */
export const notes: Notes = {};

/** Makes a client of the servers. */
export function connect(servers: readonly string[]): AdaptedClient {
  return adapt(new Client(servers, { transcoder: bytesAsTheyAre }));
}
