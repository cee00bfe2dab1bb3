/** Commands that a server closes the connection for. @module */

import { SocketError } from "../errors.ts";

/** How an error says that the server has closed the connection. */
const HANG_UP = /ended: (the server closed it(,|$)|.*reset)/i;

/**
 * Names the command that a server may have closed the connection for, as twemproxy does for one it does not know. Such
 * a command is not sent again.
 *
 * @param action What cannot be done, for the message: `mg key "a"`.
 * @param error What the command failed with; another than the end of the connection stays as it is.
 */
export function namedAfterHangUp(action: string, error: unknown): unknown {
  if (!(error instanceof SocketError) || !HANG_UP.test(error.message)) return error;
  const why = `${error.message}; a proxy may do so for a command that it does not know`;
  const { server } = error;
  return new SocketError(`Cannot ${action}: ${why}`, { ...server && { server }, cause: error });
}
