/** Commands that a server closes the connection for. @module */

import { SocketError } from "../errors.ts";

/** How an error says that the server has closed the connection. */
const HANG_UP = /ended: (the server closed it(, under way: |$)|.*reset)/i;

/** The commands that were under way, as the error of the connection names them. */
const UNDER_WAY = /, under way: (.*?)(?: and (\d+ more))?$/;

/**
 * Names the command that a server may have closed the connection for, as twemproxy does for one it does not know. Such
 * a command is not sent again.
 *
 * @param action What cannot be done, for the message: `mg key "a"`.
 * @param error What the command failed with; another than the end of the connection stays as it is.
 */
export function namedAfterHangUp(action: string, error: unknown): unknown {
  if (!(error instanceof SocketError) || !HANG_UP.test(error.message)) return error;
  const end = besides(action, error.message);
  const { server } = error;
  const message =
    `Cannot ${action}: ${end}; a proxy may do so for a command that it does not know, ` +
    "and a server with TLS for a client without";
  return new SocketError(message, { ...server && { server }, cause: error });
}

/** The message without the command that the action names already. */
function besides(action: string, message: string): string {
  return message.replace(UNDER_WAY, (_, names: string, more?: string) => {
    const others = names.split(", ").filter((name) => !action.includes(name)).concat(more ?? []);
    return others.length === 0 ? "" : `, also under way: ${others.join(", ")}`;
  });
}
