/** Opening sockets to a server as a client's options say. @module */

import type { ResolvedOptions } from "./client_options.ts";
import { authenticated, type Dial } from "./connection/authenticate.ts";
import type { ResolvedServer } from "./server_address.ts";

/** What of a client's options counts for opening sockets. */
export type DialerOptions = Pick<ResolvedOptions, "dial" | "keepAlive" | "noDelay">;

/** Makes what opens the sockets to a server, and introduces the client where the server wants to know. */
export function serverDialer(
  { endpoint, authentication }: ResolvedServer,
  { dial, keepAlive, noDelay }: DialerOptions,
): Dial {
  return authenticated((signal) => dial(endpoint, { signal, keepAlive, noDelay }), authentication);
}
