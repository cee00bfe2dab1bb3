/**
 * `incr` and `decr`.
 *
 * @module
 */

import { decodeLatin1, encodeLatin1 } from "../byte_text.ts";
import type { Item } from "../items/item.ts";
import { itemSize } from "../items/item_sizes.ts";
import { parseUint64 } from "../number_parser.ts";
import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import { BAD_FORMAT, type Command, KEY_MAX_LENGTH } from "./command.ts";

const INVALID_DELTA = "CLIENT_ERROR invalid numeric delta argument";
const NO_ROOM = "SERVER_ERROR out of memory";
const NON_NUMERIC = "CLIENT_ERROR cannot increment or decrement non-numeric value";

/** Whether to increment or to decrement. */
export type Direction = "incr" | "decr";

/** How to change a number. */
export interface Change {
  readonly direction: Direction;
  readonly delta: bigint;
  /** The CAS unique that the item must have; 0 means any. */
  readonly cas: bigint;
}

/** The result of a change. */
export interface Changed {
  readonly number: string;
  readonly item: NumberItem;
}

/** The part of an item that `ma` shows and changes. When the number needed more digits, the store holds a new item. */
export interface NumberItem {
  readonly cas: number;
  exptime: number;
}

/** `incr <key> <delta> [noreply]`: wraps around at 2^64. */
export const incr: Command = {
  minTokens: 3,
  maxTokens: 4,
  noreplyFrom: 2,
  run: (state, tokens) => run(state, tokens, "incr"),
};

/** `decr <key> <delta> [noreply]`: stops at 0. */
export const decr: Command = {
  minTokens: 3,
  maxTokens: 4,
  noreplyFrom: 2,
  run: (state, tokens) => run(state, tokens, "decr"),
};

function run(state: ServerState, tokens: readonly string[], direction: Direction): Outcome {
  const [, key = "", deltaToken = ""] = tokens;
  if (key.length > KEY_MAX_LENGTH) return BAD_FORMAT;
  const delta = parseUint64(deltaToken);
  if (delta === undefined) return INVALID_DELTA;
  const item = state.store.find(key);
  if (item === undefined) {
    state.statistics.count(`${direction}_misses`);
    return "NOT_FOUND";
  }
  const changed = addDelta(state, item, { direction, delta, cas: 0n });
  return typeof changed === "string" ? changed : changed?.number;
}

/**
 * Adds to a number, as memcached's `do_add_delta` does.
 *
 * @param state The server's state.
 * @param item The item; its value need not be a number.
 * @param change How to change it.
 * @returns The number; or the reply that refuses it; or `undefined` when the item has another CAS unique.
 */
export function addDelta(
  state: ServerState,
  item: Item,
  { direction, delta, cas }: Change,
): Changed | string | undefined {
  if (!mayBeNumber(item, state.store.maxItemSize)) return NON_NUMERIC;
  if (cas !== 0n && cas !== BigInt(item.cas)) return undefined;
  const number = parseUint64(decodeLatin1(item.readValue()));
  if (number === undefined) return NON_NUMERIC;
  state.statistics.countIn(item.slabClass, `${direction}_hits`);
  const changed = (direction === "incr" ? add(number, delta) : subtract(number, delta)).toString();
  const replaced = replaceNumber(state, item, changed);
  return replaced === undefined ? NO_ROOM : { number: changed, item: replaced };
}

function mayBeNumber({ valueLength }: Item, maxItemSize: number): boolean {
  // memcached splits items above half of the largest size into chunks, and never reads such an item as a number.
  return valueLength > 0 && valueLength <= maxItemSize / 2;
}

function replaceNumber(
  { store }: ServerState,
  item: Item,
  number: string,
): NumberItem | undefined {
  const { key, flags, exptime, valueLength } = item;
  // As in memcached, a shorter number keeps the item's length and is padded with spaces.
  const value = encodeLatin1(number.padEnd(valueLength));
  if (value.byteLength === valueLength && !store.memory.isBeingRead(item)) {
    store.rewrite(item, value);
    return item;
  }
  if (!store.hasRoomFor(key.length, value.byteLength, itemSize(key, flags, value.byteLength))) {
    return undefined;
  }
  // A longer number makes a new item; the other flags of `ma` then still change the old one.
  return { cas: store.put({ key, flags, exptime, value }).cas, exptime };
}

function add(number: bigint, delta: bigint): bigint {
  return BigInt.asUintN(64, number + delta);
}

function subtract(number: bigint, delta: bigint): bigint {
  return delta > number ? 0n : number - delta;
}
