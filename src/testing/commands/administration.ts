/**
 * `flush_all`, `verbosity`, `version` and `quit`.
 *
 * @module
 */

import { parseInt32, parseUint32 } from "../number_parser.ts";
import type { ServerState } from "../server_state.ts";
import { VERSION } from "../version.ts";
import { BAD_FORMAT, type Command, INVALID_EXPTIME, type Outcome } from "./command.ts";

const MAX_VERBOSITY = 2;

/** `flush_all [delay] [noreply]` */
export const flushAll: Command = { minTokens: 1, maxTokens: 3, noreplyFrom: 1, run: runFlushAll };

/** `verbosity <level> [noreply]` */
export const verbosity: Command = { minTokens: 2, maxTokens: 3, noreplyFrom: 1, run: runVerbosity };

/** `version` */
export const version: Command = { minTokens: 1, run: () => `VERSION ${VERSION}` };

/** `quit` */
export const quit: Command = { minTokens: 1, run: () => ({ kind: "quit" }) };

function runFlushAll({ store, statistics }: ServerState, tokens: readonly string[]): Outcome {
  statistics.count("cmd_flush");
  const [, delayToken = "0"] = tokens.at(-1) === "noreply" ? tokens.slice(0, -1) : tokens;
  const delay = parseInt32(delayToken);
  if (delay === undefined) return INVALID_EXPTIME;
  store.flush(delay);
  return "OK";
}

function runVerbosity(state: ServerState, [, levelToken = ""]: readonly string[]): Outcome {
  const level = parseUint32(levelToken);
  if (level === undefined) return BAD_FORMAT;
  state.verbosity = Math.min(level, MAX_VERBOSITY);
  return "OK";
}
