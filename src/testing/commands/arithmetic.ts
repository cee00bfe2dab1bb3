/**
 * `incr` and `decr`.
 *
 * @module
 */

import type { Item } from "../item_store.ts";
import { decodeLatin1, encodeLatin1 } from "../latin1.ts";
import { parseUint64 } from "../number_parser.ts";
import type { ServerState } from "../server_state.ts";
import { BAD_FORMAT, type Command, KEY_MAX_LENGTH, type Outcome } from "./command.ts";

const INVALID_DELTA = "CLIENT_ERROR invalid numeric delta argument";
const NON_NUMERIC = "CLIENT_ERROR cannot increment or decrement non-numeric value";

type Direction = "incr" | "decr";

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
  return change(state, item, delta, direction);
}

function change(state: ServerState, item: Item, delta: bigint, direction: Direction): Outcome {
  const number = numericValue(item.value, state.store.maxItemSize);
  if (number === undefined) return NON_NUMERIC;
  state.statistics.count(`${direction}_hits`);
  const changed = (direction === "incr" ? add(number, delta) : subtract(number, delta)).toString();
  replaceNumber(state, item, changed);
  return changed;
}

function numericValue(value: Uint8Array, maxItemSize: number): bigint | undefined {
  // memcached splits items above half of the largest size into chunks, and takes none for a number.
  return value.byteLength > maxItemSize / 2 ? undefined : parseUint64(decodeLatin1(value));
}

function replaceNumber({ store }: ServerState, item: Item, number: string): void {
  const { byteLength } = item.value;
  // A shorter number leaves the length as it was and is filled up with spaces, as in memcached.
  if (number.length <= byteLength) store.rewrite(item, encodeLatin1(number.padEnd(byteLength)));
  else store.put({ ...item, value: encodeLatin1(number) });
}

function add(number: bigint, delta: bigint): bigint {
  return BigInt.asUintN(64, number + delta);
}

function subtract(number: bigint, delta: bigint): bigint {
  return delta > number ? 0n : number - delta;
}
