/**
 * `mg`, `mn` and `me`.
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "../byte_text.ts";
import type { Item } from "../items/item.ts";
import { itemSize, sizeOf } from "../items/item_sizes.ts";
import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import { BAD_FORMAT, type Command, KEY_MAX_LENGTH } from "./command.ts";
import {
  exptimeOf,
  formatCode,
  formatEcho,
  formatFlags,
  formatKey,
  isOpaqueTooLong,
  type MetaRequest,
  OPAQUE_TOO_LONG,
  parseMetaRequest,
  refuseLine,
} from "./meta_request.ts";

/** Flags with which memcached counts the access after it has made the reply. */
const LATE_BUMPERS = ["N", "T", "R", "l", "h"];

/** An item to reply with. */
interface Hit {
  readonly request: MetaRequest;
  readonly item: Item;
  /** Whether `N` has just created the item. */
  readonly isNew: boolean;
  /** Whether the client has won the right to replace it. */
  won: boolean;
}

/** `mg <key> <flags>*` */
export const metaGet: Command = { minTokens: 2, run };

/** `mn`: a reply, after all that were suppressed before it. */
export const metaNoop: Command = { minTokens: 1, flushes: true, run: () => "MN" };

/** `me <key> [b]`: everything about an item but its value. */
export const metaDebug: Command = { minTokens: 1, run: runDebug };

function run(state: ServerState, tokens: readonly string[]): Outcome {
  const refusal = refuseLine(tokens, "CLIENT_ERROR options flags are too long");
  if (refusal !== undefined) return refusal;
  const [, key = "", ...flags] = tokens;
  const dialect = state.dialect.meta;
  if (flags.length === 0 && !dialect.isPolished) return BAD_FORMAT;
  const request = parseMetaRequest(dialect, key, flags);
  if (typeof request === "string") return request;
  const item = state.store.find(request.key);
  if (item !== undefined) return answerHit(state, { request, item, isNew: false, won: false });
  const created = vivify(state, request);
  if (created === undefined) return answerMiss(state, request);
  return answerHit(state, { request, item: created, isNew: true, won: false });
}

function vivify({ store }: ServerState, { key, flags }: MetaRequest): Item | undefined {
  if (!flags.has("N") || !store.hasRoomFor(key.length, 0, itemSize(key, 0, 0))) return undefined;
  // As in memcached, the new item does not record that its key came as base64.
  return store.put({ key, flags: 0, exptime: 0, value: new Uint8Array() });
}

function answerMiss({ statistics, dialect }: ServerState, request: MetaRequest): Outcome {
  statistics.count("cmd_get");
  statistics.count("get_misses");
  if (!dialect.meta.isPolished) return request.flags.has("q") ? undefined : "EN";
  if (isOpaqueTooLong(request.flags)) return OPAQUE_TOO_LONG;
  return request.flags.has("q") ? undefined : `EN${formatFlags(request)}`;
}

function answerHit(state: ServerState, hit: Hit): Outcome {
  const { request: { flags }, item } = hit;
  const bumps = !flags.has("u");
  const bumpsLate = LATE_BUMPERS.some((letter) => flags.has(letter));
  if (bumps && !bumpsLate) state.store.bump(item);
  const answers = answerFlags(state, hit);
  if (answers === undefined) return OPAQUE_TOO_LONG;
  const line = answers + answerLease(hit);
  if (bumps && bumpsLate) state.store.bump(item);
  countHit(state, hit);
  if (!flags.has("v")) return formatCode(state.dialect.meta, "HD", line);
  return { kind: "reply", parts: [{ words: [`VA ${item.valueLength}${line}`], item }] };
}

/** In the order of the flags: each flag shows what the flags before it have changed. */
function answerFlags(state: ServerState, hit: Hit): string | undefined {
  let answers = "";
  for (const letter of hit.request.flags.keys()) {
    if (letter === "O" && isOpaqueTooLong(hit.request.flags)) return undefined;
    changeItem(state, hit, letter);
    answers += formatFlag(state, hit, letter);
  }
  return answers;
}

function changeItem({ store }: ServerState, hit: Hit, letter: string): void {
  const { item, isNew, request: { flags } } = hit;
  if (letter === "T") {
    item.exptime = store.clock.resolve(exptimeOf(flags, "T") ?? 0);
  } else if (letter === "N" && isNew) {
    item.exptime = store.clock.resolve(exptimeOf(flags, "N") ?? 0);
    hit.won = true;
  } else if (letter === "R" && !isNew && !item.winSent) {
    const recacheTime = store.clock.resolve(exptimeOf(flags, "R") ?? 0);
    if (item.exptime !== 0 && item.exptime < recacheTime) hit.won = true;
  }
}

function formatFlag({ store }: ServerState, { item, request }: Hit, letter: string): string {
  switch (letter) {
    case "s":
      return ` s${item.valueLength}`;
    case "t":
      return ` t${store.clock.remaining(item.exptime) ?? -1}`;
    case "c":
      return ` c${item.cas}`;
    case "f":
      return ` f${item.flags}`;
    case "l":
      return ` l${store.clock.time - item.lastAccess}`;
    case "h":
      return ` h${item.fetched ? 1 : 0}`;
    case "k":
      return formatKey(item.key, item.keyIsBinary);
    default:
      return formatEcho(request, letter);
  }
}

/** `W`: this client has won the right to replace the item. `Z`: another client has won it before. */
function answerLease(hit: Hit): string {
  const { item } = hit;
  const sent = item.winSent ? " Z" : "";
  const stale = item.stale ? " X" : "";
  const won = hit.won || (item.stale && !item.winSent);
  if (won) item.winSent = true;
  return sent + stale + (won ? " W" : "");
}

function countHit({ statistics }: ServerState, { item, request: { flags } }: Hit): void {
  const isTouch = flags.has("T");
  statistics.count(isTouch ? "cmd_touch" : "cmd_get");
  statistics.countIn(item.slabClass, isTouch ? "touch_hits" : "get_hits");
}

function runDebug(state: ServerState, [, token, flag]: readonly string[]): Outcome {
  if (token === undefined || token.length > KEY_MAX_LENGTH) return BAD_FORMAT;
  const key = flag === "b" ? decodeBase64(token) : token;
  if (key === undefined) return BAD_FORMAT;
  state.statistics.count("cmd_meta");
  const item = state.store.find(key);
  return item === undefined ? "EN" : formatDebug(state, item);
}

function formatDebug({ store }: ServerState, item: Item): string {
  const remaining = store.clock.remaining(item.exptime);
  const key = item.keyIsBinary ? encodeBase64(item.key) : item.key;
  // memcached prints this difference negated: for an expired item it is negative.
  const expired = remaining === undefined ? -1 : -remaining;
  return `ME ${key} exp=${expired} la=${store.clock.time - item.lastAccess} cas=${item.cas} ` +
    `fetch=${item.fetched ? "yes" : "no"} cls=${item.slabClass} size=${sizeOf(item)}`;
}
