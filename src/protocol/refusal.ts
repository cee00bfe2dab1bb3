/** Replies that refuse a request. @module */

import { ClientException, quote, SocketError } from "../errors.ts";
import { readText } from "./bytes.ts";

/**
 * Ends a connection although its server works: after such a reply, the beginning of the next reply is unknown. The
 * connection adds the property `server`.
 */
export class Interruption extends SocketError {}

/** The operation, for messages. */
interface Refused {
  /** The operation, for example `set key "a"`. */
  readonly action: string;
  /** The server's name; absent when it is not known, or the operation names it. */
  readonly server?: string | undefined;
}

/**
 * Makes the error of an operation that the server has refused.
 *
 * @param refused The operation and the server.
 * @param line The server's reply, which becomes the `item`.
 * @param hint An explanation for the message.
 */
export function refusalError(
  { action, server }: Refused,
  line: string,
  hint: string = "",
): ClientException {
  const where = server ? ` (${server})` : "";
  const rest = hint && `; ${hint}`;
  return new ClientException(
    `Cannot ${action}: the server answered "${line}"${where}${rest}`,
    line,
  );
}

/** What to add to the message of a refusal of some form. */
export type Hints = readonly (readonly [form: RegExp, hint: string])[];

/**
 * Reads a line that is not an expected reply: a refusal, or not a reply of memcached at all.
 *
 * @param refused The operation and the server, as for {@linkcode refusalError}.
 * @param hints Explanations for the message; the first one whose form matches is added.
 * @throws {SocketError} When the line is not a refusal.
 * @throws {ClientException} When it refuses the client, and not only this command.
 */
export function readRefusal(
  bytes: Uint8Array,
  start: number,
  end: number,
  refused: Refused,
  hints: Hints = [],
): ClientException {
  const line = readRefusalLine(bytes, start, end);
  return refusalError(refused, line, hints.find(([form]) => form.test(line))?.[1]);
}

/**
 * memcached's replies to commands before the authentication; it reads even a `set` as an authentication. When several
 * requests arrive together, it replies only to the last one. So replies on such a connection cannot be assigned to
 * requests.
 */
const UNAUTHENTICATED = [
  "CLIENT_ERROR unauthenticated",
  "CLIENT_ERROR bad authentication token format",
  "CLIENT_ERROR authentication failure",
];

/** As {@linkcode readRefusal}, for several operations that are refused together. Returns the line. */
export function readRefusalLine(bytes: Uint8Array, start: number, end: number): string {
  const line = readText(bytes, start, end);
  if (UNAUTHENTICATED.includes(line)) {
    throw new ClientException(`the server requires a user name and a password: "${line}"`, line);
  }
  if (/^(ERROR$|(CLIENT|SERVER)_ERROR( |$))/.test(line)) return line;
  throw new SocketError(`unexpected reply ${quote(line)}`);
}
