/**
 * `touch`.
 *
 * @module
 */

import type { Item } from "../item.ts";
import { parseInt32 } from "../number_parser.ts";
import type { ServerState } from "../server_state.ts";
import {
  BAD_FORMAT,
  type Command,
  INVALID_EXPTIME,
  KEY_MAX_LENGTH,
  type Outcome,
} from "./command.ts";

/** `touch <key> <exptime> [noreply]` */
export const touch: Command = { minTokens: 3, maxTokens: 4, noreplyFrom: 2, run };

/**
 * Gives an item a new exptime, without giving it a new CAS token.
 *
 * @param state The server's.
 * @param key The item's key.
 * @param exptime The exptime as the client gave it.
 * @returns The item, or `undefined` when there is none.
 */
export function touchItem(state: ServerState, key: string, exptime: number): Item | undefined {
  const { store, statistics } = state;
  const item = store.fetch(key);
  statistics.count("cmd_touch");
  statistics.count(item === undefined ? "touch_misses" : "touch_hits");
  if (item !== undefined) item.exptime = store.resolveExptime(exptime);
  return item;
}

function run(state: ServerState, tokens: readonly string[]): Outcome {
  const [, key = "", exptimeToken = ""] = tokens;
  if (key.length > KEY_MAX_LENGTH) return BAD_FORMAT;
  const exptime = parseInt32(exptimeToken);
  if (exptime === undefined) return INVALID_EXPTIME;
  return touchItem(state, key, exptime) === undefined ? "NOT_FOUND" : "TOUCHED";
}
