/**
 * `get`, `gets`, `bget`, `gat`, `gats` and `touch`.
 *
 * @module
 */

import { encodeUtf8 } from "../byte_text.ts";
import type { ClientFlags, Item } from "../items/item.ts";
import { parseInt32 } from "../number_parser.ts";
import type { ItemReply, Outcome, ReplyPart } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import {
  BAD_FORMAT,
  type Circumstances,
  type Command,
  INVALID_EXPTIME,
  KEY_MAX_LENGTH,
} from "./command.ts";

/** What a retrieval command asks for. */
interface Retrieval {
  readonly state: ServerState;
  readonly keys: readonly string[];
  readonly withCas: boolean;
  /** Looks up an item, and counts the lookup. */
  readonly fetch: (key: string) => Item | undefined;
  /** Lines to send in place of items, by key. */
  readonly itemReplies: Circumstances["itemReplies"];
}

/** `get <key>*` */
export const get: Command = /* @__PURE__ */ fetchCommand(false);

/** `gets <key>*`: with CAS uniques. */
export const gets: Command = /* @__PURE__ */ fetchCommand(true);

/** `gat <exptime> <key>*`: get and touch. */
export const gat: Command = /* @__PURE__ */ touchCommand(false);

/** `gats <exptime> <key>*`: get and touch, with CAS uniques. */
export const gats: Command = /* @__PURE__ */ touchCommand(true);

/** `touch <key> <exptime> [noreply]` */
export const touch: Command = { minTokens: 3, maxTokens: 4, noreplyFrom: 2, run: runTouch };

function fetchCommand(withCas: boolean): Command {
  return {
    minTokens: 2,
    flushes: true,
    run: (state, [, ...keys], { itemReplies }) => {
      return retrieve({ state, keys, withCas, itemReplies, fetch: (key) => fetchItem(state, key) });
    },
  };
}

function touchCommand(withCas: boolean): Command {
  return {
    minTokens: 2,
    flushes: true,
    run: (state, [, exptimeToken = "", ...keys], { itemReplies }) => {
      const exptime = parseInt32(exptimeToken);
      if (exptime === undefined) return INVALID_EXPTIME;
      const fetch = (key: string) => touchItem(state, key, exptime);
      return retrieve({ state, keys, withCas, itemReplies, fetch });
    },
  };
}

function runTouch(state: ServerState, [, key = "", exptimeToken = ""]: readonly string[]): Outcome {
  if (key.length > KEY_MAX_LENGTH) return BAD_FORMAT;
  const exptime = parseInt32(exptimeToken);
  if (exptime === undefined) return INVALID_EXPTIME;
  return touchItem(state, key, exptime) === undefined ? "NOT_FOUND" : "TOUCHED";
}

function retrieve(retrieval: Retrieval): Outcome {
  const { keys, fetch } = retrieval;
  const tooLong = keys.findIndex((key) => key.length > KEY_MAX_LENGTH);
  if (tooLong >= 0) {
    // As in memcached, the keys before the invalid one have been counted and touched.
    for (const key of keys.slice(0, tooLong)) fetch(key);
    return BAD_FORMAT;
  }
  return { kind: "reply", parts: formatItems(retrieval) };
}

function* formatItems(retrieval: Retrieval): Generator<ReplyPart> {
  const { keys, fetch, itemReplies } = retrieval;
  const lines = itemReplies && new Map(Object.entries(itemReplies).map(encodeEntry));
  for (const key of keys) {
    const line = lines?.get(key);
    if (line !== undefined) {
      yield `${line}\r\n`;
      continue;
    }
    const item = fetch(key);
    if (item !== undefined) yield { words: describe(retrieval, item), item };
  }
  yield "END\r\n";
}

/** Keys and lines, a character per byte. */
function encodeEntry([key, line]: [string, string]): [string, string] {
  return [encodeUtf8(key), encodeUtf8(line)];
}

function describe({ state, withCas }: Retrieval, item: Item): ItemReply["words"] {
  const { key, valueLength } = item;
  const flags = formatFlags(state, item.flags);
  if (withCas) return ["VALUE", key, flags, valueLength, item.cas];
  return ["VALUE", key, flags, valueLength];
}

function formatFlags({ dialect }: ServerState, flags: ClientFlags): ClientFlags {
  return dialect.hasSignedFlags ? Number(BigInt.asIntN(32, BigInt(flags))) : flags;
}

function fetchItem({ store, statistics }: ServerState, key: string): Item | undefined {
  const item = store.fetch(key);
  statistics.count("cmd_get");
  statistics.countPrefix(key, "get");
  if (item === undefined) {
    statistics.count("get_misses");
    return undefined;
  }
  statistics.countIn(item.slabClass, "get_hits");
  statistics.countPrefix(key, "hit");
  return item;
}

/** Changes an item's exptime, but not its CAS unique. */
function touchItem({ store, statistics }: ServerState, key: string, exptime: number) {
  const item = store.fetch(key);
  statistics.count("cmd_touch");
  if (item === undefined) {
    statistics.count("touch_misses");
    return undefined;
  }
  statistics.countIn(item.slabClass, "touch_hits");
  item.exptime = store.clock.resolve(exptime);
  return item;
}
