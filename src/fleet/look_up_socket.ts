/** The sockets of look-ups. @module */

import "../loaded_already.ts";
import { connect } from "../connection/connect.ts";
import { describeSeparate, publishSeparateEnd } from "../connection/separate_connections.ts";
import { transportWithEnd } from "../connection/transport_with_end.ts";
import type { Transport } from "../transport/transport.ts";
import type { ReachOptions } from "./servers.ts";

/**
 * Opens a socket for a look-up, as the client does for its servers.
 *
 * @param signal Aborts the attempt.
 */
export async function openForLookUp(
  reached: ReachOptions,
  signal: AbortSignal,
): Promise<Transport> {
  signal.throwIfAborted();
  const context = describeSeparate(reached);
  const opened = await connect({ ...reached, signal, context });
  const transport = transportWithEnd(opened, () => publishSeparateEnd(context, reached.server));
  if (reached.direct) return transport;
  const { readable, writable } = transport;
  return { readable, writable, close: () => transport.close() };
}
