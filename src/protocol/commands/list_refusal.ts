/** What `lru_crawler` and `watch` answer in place of a list. @module */

import { type ClientException, quote, SocketError } from "../../errors.ts";
import { refusalError } from "../refusal.ts";

/** The operation and the server, for messages. */
export interface Asked {
  /** The operation, for example `watch 127.0.0.1:11211`. */
  readonly action: string;
  /** The server's name. */
  readonly server: string;
}

/**
 * Reads a line that is not an expected reply. `lru_crawler` and `watch` have other refusals, such as `BADCLASS …` and
 * `WATCHER_TOO_MANY …`. So any word in capitals counts as a refusal.
 *
 * @returns The refusal, with the server's line as its `item`.
 * @throws {SocketError} When the line is not a refusal.
 */
export function refusalOf(line: string, { action, server }: Asked): ClientException {
  if (/^[A-Z_]+( |$)/.test(line)) return refusalError({ action }, line);
  throw strangeLine(line, server);
}

/** Makes the error for a line that does not follow memcached's protocol. */
export function strangeLine(line: string, server: string): SocketError {
  return new SocketError(`Connection to ${server} ended: unexpected reply ${quote(line)}`, {
    server,
  });
}
