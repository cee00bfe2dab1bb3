/**
 * `delete`.
 *
 * @module
 */

import type { ServerState } from "../server_state.ts";
import { BAD_FORMAT, type Command, KEY_MAX_LENGTH, type Outcome } from "./command.ts";

const USAGE = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]";

/** `delete <key> [0] [noreply]`: the number, once a time in seconds, has to be 0. */
export const deleteCommand: Command = { minTokens: 2, maxTokens: 4, noreplyFrom: 2, run };

function run({ store, statistics }: ServerState, tokens: readonly string[]): Outcome {
  const [, key = "", ...options] = tokens;
  if (!areValid(options)) return USAGE;
  if (key.length > KEY_MAX_LENGTH) return BAD_FORMAT;
  statistics.countPrefix(key, "del");
  const found = store.find(key) !== undefined;
  statistics.count(found ? "delete_hits" : "delete_misses");
  if (found) store.delete(key);
  return found ? "DELETED" : "NOT_FOUND";
}

function areValid(options: readonly string[]): boolean {
  return ["", "0", "noreply", "0 noreply"].includes(options.join(" "));
}
