/**
 * `get`, `gets`, `gat` and `gats`.
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
import { touchItem } from "./touch.ts";

type Fetch = (key: string) => Item | undefined;

/** `get <key>*` */
export const get: Command = {
  minTokens: 2,
  flushes: true,
  run: (state, tokens) => fetch(state, tokens, false),
};

/** `gets <key>*`: with CAS tokens. */
export const gets: Command = {
  minTokens: 2,
  flushes: true,
  run: (state, tokens) => fetch(state, tokens, true),
};

/** `gat <exptime> <key>*`: get and touch. */
export const gat: Command = {
  minTokens: 2,
  flushes: true,
  run: (state, tokens) => touch(state, tokens, false),
};

/** `gats <exptime> <key>*`: get and touch, with CAS tokens. */
export const gats: Command = {
  minTokens: 2,
  flushes: true,
  run: (state, tokens) => touch(state, tokens, true),
};

function fetch(state: ServerState, [, ...keys]: readonly string[], withCas: boolean): Outcome {
  return retrieve(keys, (key) => fetchItem(state, key), withCas);
}

function touch(state: ServerState, tokens: readonly string[], withCas: boolean): Outcome {
  const [, exptimeToken = "", ...keys] = tokens;
  const exptime = parseInt32(exptimeToken);
  if (exptime === undefined) return INVALID_EXPTIME;
  return retrieve(keys, (key) => touchItem(state, key, exptime), withCas);
}

function retrieve(keys: readonly string[], fetch: Fetch, withCas: boolean): Outcome {
  const tooLong = keys.findIndex((key) => key.length > KEY_MAX_LENGTH);
  if (tooLong >= 0) {
    // As in memcached, the keys before it are counted and touched all the same.
    for (const key of keys.slice(0, tooLong)) fetch(key);
    return BAD_FORMAT;
  }
  return { kind: "reply", parts: formatItems(keys, fetch, withCas) };
}

function* formatItems(
  keys: readonly string[],
  fetch: Fetch,
  withCas: boolean,
): Generator<string | Uint8Array> {
  for (const key of keys) {
    const item = fetch(key);
    if (item === undefined) continue;
    yield formatHeader(item, withCas);
    yield item.value;
    yield "\r\n";
  }
  yield "END\r\n";
}

function formatHeader({ key, flags, value, cas }: Item, withCas: boolean): string {
  return `VALUE ${key} ${flags} ${value.byteLength}${withCas ? ` ${cas}` : ""}\r\n`;
}

function fetchItem({ store, statistics }: ServerState, key: string): Item | undefined {
  const item = store.fetch(key);
  statistics.count("cmd_get");
  statistics.count(item === undefined ? "get_misses" : "get_hits");
  statistics.countPrefix(key, "get");
  if (item !== undefined) statistics.countPrefix(key, "hit");
  return item;
}
