/**
 * `md`.
 *
 * @module
 */

import type { Item } from "../items/item.ts";
import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import type { Command } from "./command.ts";
import {
  exptimeOf,
  formatFlags,
  formatLooseCode,
  isOpaqueTooLong,
  type MetaFlags,
  type MetaRequest,
  numberOf,
  OPAQUE_TOO_LONG,
  parseMetaRequest,
  refuseLine,
} from "./meta_request.ts";

/** The reply of `md` and `ma` to any invalid flag. */
export const INVALID_FLAGS = "CLIENT_ERROR invalid or duplicate flag";

/** `md <key> <flags>*` */
export const metaDelete: Command = { minTokens: 2, run };

function run(state: ServerState, tokens: readonly string[]): Outcome {
  const refusal = refuseLine(tokens);
  if (refusal !== undefined) return refusal;
  const [, key = "", ...flags] = tokens;
  const dialect = state.dialect.meta;
  const request = parseMetaRequest(dialect, key, flags);
  if (typeof request === "string") return INVALID_FLAGS;
  if (isOpaqueTooLong(request.flags)) return OPAQUE_TOO_LONG;
  const code = remove(state, request);
  if (code === "HD" && request.flags.has("q")) return undefined;
  return formatLooseCode(dialect, code, formatFlags(request));
}

function remove(state: ServerState, { key, flags }: MetaRequest): string {
  const item = state.store.find(key);
  const cas = numberOf(flags, "C");
  if (item === undefined || (cas !== undefined && cas !== BigInt(item.cas))) {
    state.statistics.count("delete_misses");
    return item === undefined ? "NF" : "EX";
  }
  if (flags.has("I")) {
    invalidate(state, item, flags);
  } else {
    state.statistics.countIn(item.slabClass, "delete_hits");
    state.store.delete(key);
  }
  return "HD";
}

function invalidate({ store }: ServerState, item: Item, flags: MetaFlags): void {
  const exptime = exptimeOf(flags, "T");
  if (exptime !== undefined) item.exptime = store.clock.resolve(exptime);
  store.invalidate(item);
}
