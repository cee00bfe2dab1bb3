/** The dialer for Deno. @module */

import type { DialOptions, Endpoint, Transport } from "./transport.ts";

/** Opens a TCP or unix socket with `Deno.connect`. */
export async function dialDeno(endpoint: Endpoint, { signal }: DialOptions): Promise<Transport> {
  if (endpoint.path !== undefined) {
    return await Deno.connect({ transport: "unix", path: endpoint.path });
  }
  const { hostname, port } = endpoint as Required<Endpoint>;
  const connection = await Deno.connect({ hostname, port, signal });
  // What is to leave together is gathered before it is written; the kernel need not wait for more.
  connection.setNoDelay(true);
  connection.setKeepAlive(true);
  return connection;
}
