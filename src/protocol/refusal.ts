/** Lines that say no. @module */

import { ClientException, SocketError } from "../errors.ts";

/** Who was asked for what, for messages. */
export interface Asked {
  /** What cannot be done: `watch 127.0.0.1:11211`. */
  readonly action: string;
  /** The server's name. */
  readonly server: string;
}

/**
 * Reads a line that is none of a command's own answers. `lru_crawler` and `watch` refuse in words of
 * their own, `BADCLASS …`, `WATCHER_TOO_MANY …`: any word in capitals is taken for a refusal.
 *
 * @returns The refusal, with the server's line as its `item`.
 * @throws {SocketError} When the line is no refusal.
 */
export function refusalOf(line: string, { action, server }: Asked): ClientException {
  if (/^[A-Z_]+( |$)/.test(line)) {
    return new ClientException(`Cannot ${action}: the server answered "${line}"`, line);
  }
  throw strangeLine(line, server);
}

/** What a line is met with that is not memcached's protocol. */
export function strangeLine(line: string, server: string): SocketError {
  const shown = JSON.stringify(line.slice(0, 80));
  return new SocketError(`Connection to ${server} ended: the reply ${shown} answers nothing`, {
    server,
  });
}
