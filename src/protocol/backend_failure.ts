/** What a proxy answers in place of a server that it cannot reach, or that has not replied in time. @module */

import { ClientException, SocketError, ValidationException } from "../errors.ts";

/** memcached's own refusals with `SERVER_ERROR`: it has not executed the command, and it serves other commands. */
const OWN_REFUSAL = /^SERVER_ERROR (out of memory|object too large)/i;

/**
 * Whether a proxy has answered for a server of its own, such as `SERVER_ERROR backend failure` or `SERVER_ERROR
 * Connection timed out`. That server may have executed the command, or may still execute it.
 */
export function isBackendFailure(error: unknown): boolean {
  // A ValidationException holds a value of the caller, not a line that a server has sent.
  if (!(error instanceof ClientException) || error instanceof ValidationException) return false;
  const { item } = error;
  return typeof item === "string" && /^SERVER_ERROR( |$)/.test(item) && !OWN_REFUSAL.test(item);
}

/** Whether the server of a key cannot be reached: by the client, or by the proxy before it. */
export function isUnreachable(error: unknown): error is ClientException | SocketError {
  return error instanceof SocketError || isBackendFailure(error);
}
