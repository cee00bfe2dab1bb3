/** Lines that say no. @module */

import { ClientException, SocketError } from "../errors.ts";
import { readText } from "./bytes.ts";

/**
 * What ends a connection though its server is well: a reply that leaves open where the next one begins. Without
 * a `server`, which the connection adds.
 */
export class Interruption extends SocketError {}

/** Who was asked for what, for messages. */
export interface Asked {
  /** What cannot be done: `watch 127.0.0.1:11211`. */
  readonly action: string;
  /** The server's name. */
  readonly server: string;
}

/**
 * What an operation is rejected with that the server has refused.
 *
 * @param action What was asked, for the message: `set key "a"`.
 * @param line What the server answered, which becomes the `item`.
 * @param hint What else there is to say about it.
 */
export function refusalError(action: string, line: string, hint?: string): ClientException {
  const rest = hint === undefined ? "" : `; ${hint}`;
  return new ClientException(`Cannot ${action}: the server answered "${line}"${rest}`, line);
}

/**
 * Reads a line that is none of a command's own answers: memcached's refusal, or no answer at all.
 *
 * @param action What was asked, as for {@linkcode refusalError}.
 * @throws {SocketError} When the line is no refusal.
 * @throws {ClientException} When it is one of this client, and not of this command alone.
 */
export function readRefusal(
  bytes: Uint8Array,
  start: number,
  end: number,
  action: string,
): ClientException {
  return refusalError(action, readRefusalLine(bytes, start, end));
}

/** As {@linkcode readRefusal}, for several operations that are refused in one line, which it returns. */
export function readRefusalLine(bytes: Uint8Array, start: number, end: number): string {
  const line = readText(bytes, start, end);
  checkAuthenticated(line);
  if (/^(ERROR$|(CLIENT|SERVER)_ERROR( |$))/.test(line)) return line;
  throw new SocketError(`the reply ${show(line)} answers nothing`);
}

/**
 * Reads a line that is none of a command's own answers. `lru_crawler` and `watch` refuse in words of
 * their own, `BADCLASS …`, `WATCHER_TOO_MANY …`: any word in capitals is taken for a refusal.
 *
 * @returns The refusal, with the server's line as its `item`.
 * @throws {SocketError} When the line is no refusal.
 */
export function refusalOf(line: string, { action, server }: Asked): ClientException {
  if (/^[A-Z_]+( |$)/.test(line)) return refusalError(action, line);
  throw strangeLine(line, server);
}

/** What a line is met with that is not memcached's protocol. */
export function strangeLine(line: string, server: string): SocketError {
  return new SocketError(`Connection to ${server} ended: the reply ${show(line)} answers nothing`, {
    server,
  });
}

function show(line: string): string {
  return JSON.stringify(line.slice(0, 80));
}

/**
 * What memcached answers to a command that comes before the authentication, even a `set`, which it takes for
 * one. Of several requests that come at once it answers the last only, so that no reply on such a connection
 * can be told from another.
 */
const UNAUTHENTICATED = [
  "CLIENT_ERROR unauthenticated",
  "CLIENT_ERROR bad authentication token format",
  "CLIENT_ERROR authentication failure",
];

/**
 * Looks whether a refusal means that nothing more can be had on this connection.
 *
 * @throws {ClientException} When the server wants the client to authenticate first.
 */
function checkAuthenticated(line: string): void {
  if (!UNAUTHENTICATED.includes(line)) return;
  throw new ClientException(`the server wants a user name and a password: "${line}"`, line);
}
