/**
 * Authentication as memcached's `-Y` has it: before anything else, a `set` whose value is the user name
 * and the password.
 *
 * @module
 */

import type { Credentials } from "../protocol/credentials.ts";
import type { Outcome } from "./commands/command.ts";
import { decodeLatin1 } from "./latin1.ts";
import { parseUint32 } from "./number_parser.ts";

/** memcached reads the request into a buffer of 16 KiB, and gives up on what does not fit. */
const LONGEST_VALUE = 16 * 1024 - 2;

const UNAUTHENTICATED = "CLIENT_ERROR unauthenticated";
const BAD_TERMINATION = "CLIENT_ERROR bad command line termination";
const BAD_TOKEN = "CLIENT_ERROR bad authentication token format";
const FAILURE = "CLIENT_ERROR authentication failure";

/** Decides who may use a server. */
export class Gatekeeper {
  readonly #username: string;
  readonly #password: string;

  constructor({ username, password }: Credentials) {
    this.#username = bytesOf(username);
    this.#password = bytesOf(password);
  }

  /**
   * Takes a line of a client that may not use the server yet.
   *
   * @param tokens The words of the line.
   * @param admit Called when the client has proved who it is.
   * @returns What to do, or `undefined` to end the conversation.
   */
  hear(tokens: readonly string[], admit: () => void): Outcome {
    const [verb, , , , lengthToken = ""] = tokens;
    const byteLength = parseUint32(lengthToken);
    if (verb !== "set" || byteLength === undefined) return UNAUTHENTICATED;
    if (byteLength > LONGEST_VALUE) return undefined;
    return { kind: "data", byteLength, complete: (value) => this.#judge(value, admit) };
  }

  #judge(value: Uint8Array | undefined, admit: () => void): string {
    if (value === undefined) return BAD_TERMINATION;
    const [username, password] = wordsOf(value);
    if (username === undefined || password === undefined) return BAD_TOKEN;
    if (username !== this.#username || password !== this.#password) return FAILURE;
    admit();
    return "STORED";
  }
}

/** A character per byte. */
function bytesOf(text: string): string {
  return decodeLatin1(new TextEncoder().encode(text));
}

/** Words end at spaces, and like every string in C the whole ends at its first NUL. */
function wordsOf(value: Uint8Array): string[] {
  const [text = ""] = decodeLatin1(value).split("\0", 1);
  return text.split(" ").filter((word) => word !== "");
}
