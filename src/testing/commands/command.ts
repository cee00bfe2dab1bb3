/**
 * What a command is, and what it asks of the session that runs it. Commands are functions from the
 * tokens of a line to an {@linkcode Outcome}; none of them reads or writes a connection.
 *
 * @module
 */

import type { ServerState } from "../server_state.ts";
import type { Watcher } from "../watcher.ts";

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
}

/** A reply line without its line end, nothing, or something that takes more than that. */
export type Outcome = string | undefined | Reply | DataBlock | RefusedBlock | Watch | Quit;

/** A reply in parts, each a string of characters up to U+00FF or bytes, made as they are sent. */
export interface Reply {
  readonly kind: "reply";
  readonly parts: Iterable<string | Uint8Array>;
  /** Whether what the client sent behind the command is only read when it sends more. */
  readonly pauses?: boolean;
}

/** The value that follows the command's line. */
export interface DataBlock {
  readonly kind: "data";
  /** Length of the value in bytes, without its line end. */
  readonly byteLength: number;
  /** Called once the value has come with its line end, `undefined` where it did not end in one. */
  readonly complete: (value: Uint8Array | undefined) => string | undefined;
}

/** A value that follows the command's line and is thrown away. */
export interface RefusedBlock {
  readonly kind: "refused";
  /** Length of the value in bytes, without its line end. */
  readonly byteLength: number;
  /** The reply, sent when the value has come. */
  readonly line: string;
}

/** The client will listen from now on, and is listened to no more. */
export interface Watch {
  readonly kind: "watch";
  readonly watcher: Watcher;
}

/** The client wants to leave. */
export interface Quit {
  readonly kind: "quit";
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
