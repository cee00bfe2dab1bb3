/** The server lists of vectors. */

import type { Server } from "../../src/routing/locator.ts";

/** `[host, port]` or `[host, port, weight]`; the port of a unix socket's path is 0. */
export type VectorServer = readonly (string | number)[];

/** Names servers as the client does. */
export function serversOf(list: readonly VectorServer[], weighted = false): Server[] {
  return list.map(([host, port, weight = 1]) => ({
    name: nameOf(String(host), Number(port)),
    weight: weighted ? Number(weight) : 1,
  }));
}

function nameOf(host: string, port: number): string {
  if (host.startsWith("/")) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
