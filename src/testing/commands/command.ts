/**
 * The type of a command: a function from the tokens of a line to an {@linkcode Outcome}. Commands do not read or write
 * connections.
 *
 * @module
 */

import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";

/** A command of memcached. */
export interface Command {
  /** The minimum number of tokens, including the command's name. A line with fewer is an `ERROR`. */
  readonly minTokens: number;
  /** The maximum number of tokens; absent when there is none. */
  readonly maxTokens?: number;
  /**
   * The first position at which `noreply`, as the last token, suppresses the reply; absent when the command has no
   * `noreply`.
   */
  readonly noreplyFrom?: number;
  /** Whether memcached sends all replies up to this one before it reads the next command */
  readonly flushes?: boolean;
  /** The length in bytes of the value that follows the line, if the line gives one. It is used to skip the value. */
  readonly valueLength?: (tokens: readonly string[]) => number | undefined;
  /** Runs the command. The number of tokens has been checked. */
  readonly run: (
    state: ServerState,
    tokens: readonly string[],
    circumstances: Circumstances,
  ) => Outcome;
}

/** What some commands need to know about the connection. */
export interface Circumstances {
  /** Whether it arrived together with other commands whose replies have not been sent. */
  readonly isPipelined: boolean;
  /** Lines to send in place of items, by key, if a test asks for it. */
  readonly itemReplies?: Readonly<Record<string, string>> | undefined;
}

/** The longest value: with its line end, a longer one would overflow memcached's signed 32-bit length. */
export const MAX_VALUE_LENGTH: number = 2 ** 31 - 3;

/** The maximum length of a key in bytes. */
export const KEY_MAX_LENGTH = 250;

/** The reply to most malformed lines. */
export const BAD_FORMAT = "CLIENT_ERROR bad command line format";

/** The reply to a value without a line end. */
export const BAD_DATA_CHUNK = "CLIENT_ERROR bad data chunk";

/** The reply to an exptime that is not a number. */
export const INVALID_EXPTIME = "CLIENT_ERROR invalid exptime argument";

/** The reply when there is no room and eviction is disabled. */
export const OUT_OF_MEMORY = "SERVER_ERROR out of memory storing object";
