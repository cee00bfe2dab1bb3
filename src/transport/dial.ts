/** Opening a socket on whatever runtime this is. @module */

import { dialDeno } from "./deno.ts";
import type { DialOptions, Endpoint, Transport } from "./transport.ts";

/**
 * Opens a socket.
 *
 * @throws What the runtime throws when it cannot.
 */
export function dial(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  return dialDeno(endpoint, options);
}
