/**
 * `me` and `mn`.
 *
 * @module
 */

import { type Item, weigh } from "../item.ts";
import { decodeBase64, encodeBase64 } from "../key_text.ts";
import type { ServerState } from "../server_state.ts";
import { BAD_FORMAT, type Command, KEY_MAX_LENGTH, type Outcome } from "./command.ts";

/** `mn`: an answer, and all that were held back before it. */
export const metaNoop: Command = { minTokens: 1, flushes: true, run: () => "MN" };

/** `me <key> [b]`: all there is to know about an item. */
export const metaDebug: Command = { minTokens: 1, run };

function run(state: ServerState, tokens: readonly string[]): Outcome {
  const [, token, flag] = tokens;
  if (token === undefined || token.length > KEY_MAX_LENGTH) return BAD_FORMAT;
  const key = flag === "b" ? decodeBase64(token) : token;
  if (key === undefined) return BAD_FORMAT;
  state.statistics.count("cmd_meta");
  const item = state.store.find(key);
  return item === undefined ? "EN" : formatItem(state, item);
}

function formatItem({ store }: ServerState, item: Item): string {
  const remaining = store.remaining(item.exptime);
  const key = item.keyIsBinary ? encodeBase64(item.key) : item.key;
  // How long it has been expired, were it not for the sign.
  const expired = remaining === undefined ? -1 : -remaining;
  return `ME ${key} exp=${expired} la=${store.time - item.lastAccess} cas=${item.cas} ` +
    `fetch=${item.fetched ? "yes" : "no"} cls=${store.slabClassOf(item)} size=${weigh(item)}`;
}
