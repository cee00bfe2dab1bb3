/**
 * `ms`.
 *
 * @module
 */

import { parseInt32, parseUint32 } from "../number_parser.ts";
import type { ServerState } from "../server_state.ts";
import {
  BAD_DATA_CHUNK,
  BAD_FORMAT,
  type Command,
  MAX_VALUE_LENGTH,
  type Outcome,
} from "./command.ts";
import {
  exptimeOf,
  formatFlags,
  isOpaqueTooLong,
  type MetaRequest,
  numberOf,
  OPAQUE_TOO_LONG,
  parseMetaRequest,
  refuseLine,
} from "./meta_request.ts";
import {
  type Announcement,
  refuseItem,
  storeItem,
  type StoreMode,
  type StoreRequest,
} from "./store_item.ts";

const INVALID_MODE = "CLIENT_ERROR invalid mode for ms M token";

const MODES: ReadonlyMap<string, StoreMode> = new Map([
  ["E", "add"],
  ["A", "append"],
  ["P", "prepend"],
  ["R", "replace"],
  ["S", "set"],
]);

const CODES = { "stored": "HD", "exists": "EX", "not_found": "NF", "not_stored": "NS" };

/** `ms <key> <bytes> <flags>*` */
export const metaSet: Command = { minTokens: 2, run };

function run(state: ServerState, tokens: readonly string[]): Outcome {
  const [, key = "", lengthToken = "", ...flags] = tokens;
  const refusal = refuseLine(tokens);
  if (refusal !== undefined) return refusal;
  const byteLength = parseInt32(lengthToken);
  // Behind a length nobody can read, whatever follows is taken for commands.
  if (byteLength === undefined || byteLength < 0 || byteLength > MAX_VALUE_LENGTH) {
    return BAD_FORMAT;
  }
  const request = parseMetaRequest(key, flags);
  if (typeof request === "string") return { kind: "refused", byteLength, line: request };
  return receive(state, request, byteLength);
}

function receive(state: ServerState, request: MetaRequest, byteLength: number): Outcome {
  const mode = modeOf(request);
  if (mode === undefined) return { kind: "refused", byteLength, line: INVALID_MODE };
  const line = refuse(state, request, {
    mode,
    key: request.key,
    flags: flagsOf(request),
    byteLength,
  });
  if (line !== undefined) return { kind: "refused", byteLength, line };
  return { kind: "data", byteLength, complete: (value) => finish(state, request, mode, value) };
}

function modeOf({ flags }: MetaRequest): StoreMode | undefined {
  const mode = MODES.get(flags.get("M") ?? "S");
  return flags.has("C") && (mode === "set" || mode === "replace") ? "cas" : mode;
}

function flagsOf({ flags }: MetaRequest): number {
  return parseUint32(flags.get("F") ?? "") ?? 0;
}

function refuse(
  state: ServerState,
  { key, flags }: MetaRequest,
  announcement: Announcement,
): string | undefined {
  if (isOpaqueTooLong(flags)) return OPAQUE_TOO_LONG;
  const refusal = refuseItem(state, announcement);
  // What is there already is older than what was refused, so nobody may read it any more.
  if (refusal !== undefined && state.store.find(key) !== undefined) state.store.delete(key);
  return refusal;
}

function finish(
  state: ServerState,
  request: MetaRequest,
  mode: StoreMode,
  value: Uint8Array | undefined,
): string | undefined {
  state.statistics.count("cmd_set");
  if (value === undefined) return BAD_DATA_CHUNK;
  const { status, item } = storeItem(state, createStoreRequest(state, request, mode, value));
  if (status === "stored" && request.flags.has("q")) return undefined;
  const format = (letter: string) => letter === "c" ? ` c${item?.cas ?? 0}` : "";
  return CODES[status] + formatFlags(request, format);
}

function createStoreRequest(
  { store }: ServerState,
  request: MetaRequest,
  mode: StoreMode,
  value: Uint8Array,
): StoreRequest {
  const { key, keyIsBinary, flags } = request;
  const exptime = store.resolveExptime(exptimeOf(flags, "T") ?? 0);
  return {
    mode,
    content: { key, flags: flagsOf(request), exptime, value },
    cas: numberOf(flags, "C") ?? 0n,
    acceptsStale: flags.has("I"),
    keyIsBinary,
  };
}
