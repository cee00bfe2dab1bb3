/**
 * Authentication: before anything else, a `set` whose value proves who the client is.
 *
 * @module
 */

import type { Credentials } from "../protocol/credentials.ts";
import { decodeLatin1, encodeUtf8 } from "./byte_text.ts";
import { parseUint32 } from "./number_parser.ts";
import type { Outcome } from "./outcome.ts";
import type { Statistics } from "./statistics.ts";

/**
 * How a client proves who it is: `memcached` takes user name and password as the value of the `set`, whatever its
 * key; `memcachier` takes the user name as its key and the password as its value.
 */
export type AuthDialect = "memcached" | "memcachier";

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
  readonly #dialect: AuthDialect;
  readonly #statistics: Statistics;

  /** Takes who may use the server, how they prove it, and where attempts are counted. */
  constructor(
    { username, password }: Credentials,
    dialect: AuthDialect,
    statistics: Statistics,
  ) {
    this.#username = encodeUtf8(username);
    this.#password = encodeUtf8(password);
    this.#dialect = dialect;
    this.#statistics = statistics;
  }

  /**
   * Takes a line of a client that may not use the server yet.
   *
   * @param tokens The words of the line.
   * @param admit Called when the client has proved who it is.
   * @returns What to do, or `undefined` to end the conversation.
   */
  hear(tokens: readonly string[], admit: () => void): Outcome {
    const [verb, key = "", , , lengthToken = ""] = tokens;
    const byteLength = parseUint32(lengthToken);
    if (verb !== "set" || byteLength === undefined) return UNAUTHENTICATED;
    if (byteLength > LONGEST_VALUE) return undefined;
    return { kind: "data", byteLength, complete: (value) => this.#judge(key, value, admit) };
  }

  #judge(key: string, value: Uint8Array | undefined, admit: () => void): string {
    if (value === undefined) return BAD_TERMINATION;
    const [username, password] = this.#dialect === "memcachier"
      ? [key, decodeLatin1(value)]
      : wordsOf(value);
    if (username === undefined || password === undefined) return BAD_TOKEN;
    this.#statistics.count("auth_cmds");
    if (username !== this.#username || password !== this.#password) {
      this.#statistics.count("auth_errors");
      return FAILURE;
    }
    admit();
    return "STORED";
  }
}

/** Words end at spaces, and like every string in C the whole ends at its first NUL. */
function wordsOf(value: Uint8Array): string[] {
  const [text = ""] = decodeLatin1(value).split("\0", 1);
  return text.split(" ").filter((word) => word !== "");
}
