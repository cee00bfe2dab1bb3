/** What the suites run on. @module */

import { MemcachedServer } from "@moecache/moecache/testing";
import { MemcachedProcess } from "../../support/memcached.ts";

/** A server that is there until it is disposed of. */
export interface Server extends AsyncDisposable {
  readonly address: string;
}

/** What starts each kind of server. */
export const SERVERS: Readonly<Record<string, () => Promise<Server>>> = {
  memcached: () => MemcachedProcess.start(),
  "the embedded server": () => MemcachedServer.listen(),
};
