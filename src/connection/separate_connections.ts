/** What is published of connections that no commands share: those of `items`, `watch` and look-ups. @module */

import "../loaded_already.ts";
import type { ConnectContext } from "../channel_contexts.ts";
import { SocketError } from "../errors.ts";
import { CHANNEL_NAMES, publish } from "../observation.ts";
import { connectionEndedError, nextConnection } from "./connect.ts";
import type { ConnectionOptions } from "./connection_options.ts";

/** Numbers a separate connection; returns what is published of it, if its server is known. */
export function describeSeparate(
  { location }: Pick<ConnectionOptions, "location">,
): ConnectContext | undefined {
  return location && { ...location, connectionEpoch: nextConnection(), isSeparate: true };
}

/**
 * Publishes that a separate connection is closed. Its failures do not count as failures of the server.
 *
 * @param reason Why; by default, because it has done its work.
 */
export function publishSeparateEnd(
  context: ConnectContext | undefined,
  server: string,
  reason: unknown = new SocketError("it is not used any more"),
): void {
  if (context === undefined) return;
  const ended = { ...context, reason: connectionEndedError(server, reason), isFailure: false };
  publish(CHANNEL_NAMES.connectionClosed, () => ended);
}
