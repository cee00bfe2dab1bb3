/**
 * Authentication: the client's first command is a `set` with its credentials.
 *
 * @module
 */

import type { Credentials } from "../protocol/credentials.ts";
import { decodeLatin1, encodeUtf8 } from "./byte_text.ts";
import { parseUint32 } from "./number_parser.ts";
import type { Outcome } from "./outcome.ts";
import type { Statistics } from "./statistics.ts";

/**
 * How a client authenticates. `memcached`: the value of the `set` is user name and password, and the key is ignored.
 * `memcachier`: the key is the user name, and the value the password.
 */
export type AuthDialect = "memcached" | "memcachier";

/** memcached reads the request into a buffer of 16 KiB, and closes the connection if it does not fit. */
const LONGEST_VALUE = 16 * 1024 - 2;

const UNAUTHENTICATED = "CLIENT_ERROR unauthenticated";
const BAD_TERMINATION = "CLIENT_ERROR bad command line termination";
const BAD_TOKEN = "CLIENT_ERROR bad authentication token format";
const FAILURE = "CLIENT_ERROR authentication failure";

/** Decides which clients may use a server. */
export class Gatekeeper {
  readonly #username: string;
  readonly #password: string;
  readonly #dialect: AuthDialect;
  readonly #statistics: Statistics;

  /** Takes the credentials, the dialect, and the statistics that count attempts. */
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
   * Handles a line from a client that has not authenticated yet.
   *
   * @param tokens The tokens of the line.
   * @param admit Called when the client has authenticated.
   * @returns The outcome, or `undefined` to close the connection.
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

/** Splits at spaces. Like every string in C, the value ends at its first NUL. */
function wordsOf(value: Uint8Array): string[] {
  const [text = ""] = decodeLatin1(value).split("\0", 1);
  return text.split(" ").filter((word) => word !== "");
}
