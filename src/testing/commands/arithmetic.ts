/**
 * `incr` and `decr`.
 *
 * @module
 */

import type { Item } from "../item.ts";
import { decodeLatin1, encodeLatin1 } from "../latin1.ts";
import { parseUint64 } from "../number_parser.ts";
import type { ServerState } from "../server_state.ts";
import { BAD_FORMAT, type Command, KEY_MAX_LENGTH, type Outcome } from "./command.ts";

const INVALID_DELTA = "CLIENT_ERROR invalid numeric delta argument";
const NON_NUMERIC = "CLIENT_ERROR cannot increment or decrement non-numeric value";

/** Which way to change a number. */
export type Direction = "incr" | "decr";

/** How to change a number. */
export interface Change {
  readonly direction: Direction;
  readonly delta: bigint;
  /** The CAS token the item must have; 0 is any. */
  readonly cas: bigint;
}

/** A number as it was changed. */
export interface Changed {
  readonly number: string;
  /** The item with its new CAS token; where the number grew, it is not the one in the store. */
  readonly item: Item;
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
 * Changes a number, as memcached's `do_add_delta` does.
 *
 * @param state The server's.
 * @param item The item, which may hold no number.
 * @param change How to change it.
 * @returns The number, the reply to a value that is none, or `undefined` when the item has another
 * CAS token.
 */
export function addDelta(
  state: ServerState,
  item: Item,
  { direction, delta, cas }: Change,
): Changed | string | undefined {
  if (!mayBeNumber(item.value, state.store.maxItemSize)) return NON_NUMERIC;
  if (cas !== 0n && cas !== item.cas) return undefined;
  const number = parseUint64(decodeLatin1(item.value));
  if (number === undefined) return NON_NUMERIC;
  state.statistics.count(`${direction}_hits`);
  const changed = (direction === "incr" ? add(number, delta) : subtract(number, delta)).toString();
  replaceNumber(state, item, changed);
  return { number: changed, item };
}

function mayBeNumber({ byteLength }: Uint8Array, maxItemSize: number): boolean {
  // memcached splits items above half of the largest size into chunks, and takes none for a number.
  return byteLength > 0 && byteLength <= maxItemSize / 2;
}

function replaceNumber({ store }: ServerState, item: Item, number: string): void {
  const { byteLength } = item.value;
  // A shorter number leaves the length as it was and is filled up with spaces, as in memcached.
  if (number.length <= byteLength) store.rewrite(item, encodeLatin1(number.padEnd(byteLength)));
  // A longer one makes a new item, while what `ma` changes next is still the old one.
  else item.cas = store.put({ ...item, value: encodeLatin1(number) }).cas;
}

function add(number: bigint, delta: bigint): bigint {
  return BigInt.asUintN(64, number + delta);
}

function subtract(number: bigint, delta: bigint): bigint {
  return delta > number ? 0n : number - delta;
}
