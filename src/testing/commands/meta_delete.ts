/**
 * `md`.
 *
 * @module
 */

import type { Item } from "../item.ts";
import type { ServerState } from "../server_state.ts";
import type { Command, Outcome } from "./command.ts";
import {
  exptimeOf,
  formatFlags,
  isOpaqueTooLong,
  type MetaFlags,
  type MetaRequest,
  numberOf,
  OPAQUE_TOO_LONG,
  parseMetaRequest,
  refuseLine,
} from "./meta_request.ts";

/** The answer of `md` and `ma` to any flag that is not as it should be. */
export const INVALID_FLAGS = "CLIENT_ERROR invalid or duplicate flag";

/** `md <key> <flags>*` */
export const metaDelete: Command = { minTokens: 2, run };

function run(state: ServerState, tokens: readonly string[]): Outcome {
  const refusal = refuseLine(tokens);
  if (refusal !== undefined) return refusal;
  const [, key = "", ...flags] = tokens;
  const request = parseMetaRequest(key, flags);
  if (typeof request === "string") return INVALID_FLAGS;
  if (isOpaqueTooLong(request.flags)) return OPAQUE_TOO_LONG;
  const code = remove(state, request);
  return code === "HD" && request.flags.has("q") ? undefined : code + formatFlags(request);
}

function remove(state: ServerState, { key, flags }: MetaRequest): string {
  const item = state.store.find(key);
  const cas = numberOf(flags, "C");
  if (item === undefined || (cas !== undefined && cas !== item.cas)) {
    state.statistics.count("delete_misses");
    return item === undefined ? "NF" : "EX";
  }
  if (flags.has("I")) {
    invalidate(state, item, flags);
  } else {
    state.statistics.count("delete_hits");
    state.store.delete(key);
  }
  return "HD";
}

function invalidate({ store }: ServerState, item: Item, flags: MetaFlags): void {
  const exptime = exptimeOf(flags, "T");
  if (exptime !== undefined) item.exptime = store.resolveExptime(exptime);
  store.invalidate(item);
}
