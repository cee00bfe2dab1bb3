/**
 * `ms`.
 *
 * @module
 */

import type { ClientFlags } from "../items/item.ts";
import { itemSize } from "../items/item_sizes.ts";
import { parseFlags, parseInt32 } from "../number_parser.ts";
import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import { BAD_DATA_CHUNK, BAD_FORMAT, type Command, MAX_VALUE_LENGTH } from "./command.ts";
import {
  exptimeOf,
  formatCode,
  formatFlags,
  formatLooseCode,
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

const MODES: ReadonlyMap<string, StoreMode> = /* @__PURE__ */ new Map([
  ["E", "add"],
  ["A", "append"],
  ["P", "prepend"],
  ["R", "replace"],
  ["S", "set"],
]);

const CODES = { "stored": "HD", "exists": "EX", "not_found": "NF", "not_stored": "NS" };

/** `ms <key> <bytes> <flags>*` */
export const metaSet: Command = { minTokens: 2, valueLength, run };

/** In the draft of meta commands the length of the value is one of the flags. */
function valueLength([, , ...rest]: readonly string[]): number | undefined {
  const draft = rest.find((token) => /^S\d+$/.test(token));
  return parseInt32(draft === undefined ? rest[0] ?? "" : draft.slice(1));
}

function run(state: ServerState, tokens: readonly string[]): Outcome {
  const refusal = refuseLine(tokens);
  if (refusal !== undefined) return refusal;
  return state.dialect.meta.isDraft ? runDraft(state, tokens) : runFinal(state, tokens);
}

function runFinal(
  state: ServerState,
  [, key = "", lengthToken = "", ...flags]: readonly string[],
): Outcome {
  const length = parseInt32(lengthToken);
  // After an unreadable length, the following bytes are read as commands.
  if (length === undefined || length < 0 || length > MAX_VALUE_LENGTH) return BAD_FORMAT;
  const request = parseMetaRequest(state.dialect.meta, key, flags);
  if (typeof request === "string") return { kind: "refused", byteLength: length, line: request };
  return receive(state, request, length);
}

function runDraft(state: ServerState, [, key = "", ...flags]: readonly string[]): Outcome {
  const request = parseMetaRequest(state.dialect.meta, key, flags);
  const length = valueLength(["ms", key, ...flags]);
  const isReadable = length !== undefined && flags.includes(`S${length}`);
  if (typeof request === "string") {
    return isReadable ? { kind: "refused", byteLength: length, line: request } : request;
  }
  return isReadable ? receive(state, request, length) : BAD_FORMAT;
}

function receive(state: ServerState, request: MetaRequest, length: number): Outcome {
  const mode = modeOf(request);
  if (mode === undefined) return { kind: "refused", byteLength: length, line: INVALID_MODE };
  const { key } = request;
  const size = itemSize(key, flagsOf(state, request), length);
  const line = refuse(state, request, { mode, key, valueLength: length, size });
  if (line !== undefined) return { kind: "refused", byteLength: length, line };
  return {
    kind: "data",
    byteLength: length,
    complete: (value) => finish(state, request, { mode, size, value }),
  };
}

function modeOf({ flags }: MetaRequest): StoreMode | undefined {
  const mode = MODES.get(flags.get("M") ?? "S");
  return flags.has("C") && (mode === "set" || mode === "replace") ? "cas" : mode;
}

function flagsOf({ flagBits }: ServerState, { flags }: MetaRequest): ClientFlags {
  return parseFlags(flags.get("F") ?? "", flagBits) ?? 0;
}

function refuse(
  state: ServerState,
  { key, flags }: MetaRequest,
  announcement: Announcement,
): string | undefined {
  if (isOpaqueTooLong(flags)) return OPAQUE_TOO_LONG;
  const refusal = refuseItem(state, announcement);
  // The stored item is older than the refused one, so it is deleted.
  if (refusal !== undefined && state.store.find(key) !== undefined) state.store.delete(key);
  return refusal;
}

/** A value that has arrived; `undefined` if it has no line end. */
interface Arrival {
  readonly mode: StoreMode;
  readonly size: number;
  readonly value: Uint8Array | undefined;
}

function finish(
  state: ServerState,
  request: MetaRequest,
  { mode, size, value }: Arrival,
): string | undefined {
  state.statistics.countIn(state.store.classes.classOf(size), "cmd_set");
  if (value === undefined) return BAD_DATA_CHUNK;
  const result = storeItem(state, createStoreRequest(state, request, mode, value));
  if (typeof result === "string") return result;
  const { status, item } = result;
  if (status === "stored" && request.flags.has("q")) return undefined;
  const { isDraft, tellsNewCas } = state.dialect.meta;
  const cas = tellsNewCas ? item?.cas ?? 0 : 0;
  const format = (letter: string) => letter === "c" && !isDraft ? ` c${cas}` : "";
  const write = isDraft ? formatLooseCode : formatCode;
  return write(state.dialect.meta, CODES[status], formatFlags(request, format));
}

function createStoreRequest(
  state: ServerState,
  request: MetaRequest,
  mode: StoreMode,
  value: Uint8Array,
): StoreRequest {
  const { key, keyIsBinary, flags } = request;
  const exptime = state.store.clock.resolve(exptimeOf(flags, "T") ?? 0);
  return {
    mode,
    content: { key, flags: flagsOf(state, request), exptime, value },
    cas: numberOf(flags, "C") ?? 0n,
    acceptsStale: flags.has("I"),
    keyIsBinary,
  };
}
