/**
 * Listening on whatever runtime this is.
 *
 * @module
 */

import { listenNode } from "./node_listener.ts";
import type { ServerListener } from "./server_connection.ts";

/** Starts to listen on a TCP port; 0 is any free one. */
export async function listen(hostname: string, port: number): Promise<ServerListener> {
  if (typeof globalThis.Deno?.listen === "function") return Deno.listen({ hostname, port });
  return await listenNode(hostname, port);
}

/** The number of this process, where it has one. */
export function processId(): number {
  const { process } = globalThis as { process?: { pid?: number } };
  return process?.pid ?? 0;
}

/** What Deno, and Node and Bun, call it when one of the ends of a connection has gone. */
const DISCONNECTIONS = new Set([
  ...["BadResource", "BrokenPipe", "ConnectionAborted", "ConnectionReset", "Interrupted"],
  ...["InvalidData", "NotConnected", "TimedOut", "UnexpectedEof"],
  ...["ECONNABORTED", "ECONNRESET", "ENOTCONN", "EPIPE", "ETIMEDOUT"],
  ...["ERR_SOCKET_CLOSED", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"],
]);

/** Whether a connection failed because one of its ends has gone. */
export function isDisconnection(error: unknown): boolean {
  const { name = "", code = "" } = (error ?? {}) as { name?: string; code?: string };
  return DISCONNECTIONS.has(name) || DISCONNECTIONS.has(code);
}
