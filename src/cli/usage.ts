/** Faults of the command line itself, and the exit codes. @module */

import { ClientException, SocketError, ValidationException } from "../../mod.ts";

/** The exit codes of every command. */
export const EXIT = {
  /** Found, or done. */
  done: 0,
  /** A miss, or nothing to show. */
  nothing: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A server refuses, or cannot be reached. */
  server: 3,
} as const;

/** A command line that makes no sense; its message says why. */
export class UsageFault extends Error {
  override readonly name: string = "UsageFault";
}

/** Whether a server refuses, or cannot be reached: the others may do better. */
export function isServerFault(error: unknown): boolean {
  return error instanceof SocketError ||
    error instanceof ClientException && !(error instanceof ValidationException);
}

/** What errors of the library advise, and what that is on a command line. */
const ADVISED: readonly (readonly [advice: string, here: string])[] = [
  ["set the option transcoder to read", "use --format to read"],
  ["into the option auth", "into MEMCACHED_USERNAME and MEMCACHED_PASSWORD"],
  [", and tls has no cert", ", which a command line cannot give"],
  ["which is missing in the option addresses", "which a command line cannot give"],
  ['the option initial, or with set(key, "0")', "--initial, or with `moecache set KEY 0`"],
];

/** How errors say that a server wants credentials; those of lists and streams quote its answer only. */
const UNAUTHENTICATED =
  /the server (?:answered|requires a user name and a password:) "CLIENT_ERROR (?:unauthenticated|bad authentication token format|authentication failure)"/g;
const NEEDS_CREDENTIALS = "the server requires a user name and a password: put them into " +
  "MEMCACHED_USERNAME and MEMCACHED_PASSWORD";

/** What an error says, as it is for a command line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return ADVISED.reduce((text, [advice, here]) => text.replaceAll(advice, here), message)
    .replace(UNAUTHENTICATED, NEEDS_CREDENTIALS);
}
