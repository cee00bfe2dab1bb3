/**
 * What a command is. Commands are functions from the words of a line to an {@linkcode Outcome}; no command reads
 * or writes a connection.
 *
 * @module
 */

import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";

/** A command memcached knows. */
export interface Command {
  /** Fewest tokens, the command's name included. A line with less is an `ERROR`. */
  readonly minTokens: number;
  /** Most tokens; absent where there may be any number. */
  readonly maxTokens?: number;
  /** First position at which a last token `noreply` silences the command; absent where none does. */
  readonly noreplyFrom?: number;
  /** Whether memcached sends all replies up to this one before it reads the next command. */
  readonly flushes?: boolean;
  /** The length in bytes of the value behind the line, where there is one that can be read over. */
  readonly valueLength?: (tokens: readonly string[]) => number | undefined;
  /** Runs the command, whose tokens are as many as it wants. */
  readonly run: (
    state: ServerState,
    tokens: readonly string[],
    circumstances: Circumstances,
  ) => Outcome;
}

/** What a command may have to know of the conversation. */
export interface Circumstances {
  /** Whether it came together with others whose replies are not sent yet. */
  readonly isPipelined: boolean;
  /** Lines to send in the place of items, by their keys, where a test asks for it. */
  readonly itemReplies?: Readonly<Record<string, string>> | undefined;
}

/** A longer value leaves memcached no room for the line end in a signed 32-bit number. */
export const MAX_VALUE_LENGTH: number = 2 ** 31 - 3;

/** The longest key in bytes. */
export const KEY_MAX_LENGTH = 250;

/** The answer to most lines that are not as they should be. */
export const BAD_FORMAT = "CLIENT_ERROR bad command line format";

/** The answer to a value that does not end in a line end. */
export const BAD_DATA_CHUNK = "CLIENT_ERROR bad data chunk";

/** The answer to an exptime that is no number. */
export const INVALID_EXPTIME = "CLIENT_ERROR invalid exptime argument";

/** The answer where nothing is evicted, and there is no room. */
export const OUT_OF_MEMORY = "SERVER_ERROR out of memory storing object";
