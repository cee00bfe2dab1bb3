/**
 * `ma`.
 *
 * @module
 */

import { encodeLatin1 } from "../byte_text.ts";
import { itemSize } from "../items/item_sizes.ts";
import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import { addDelta, type Direction, type NumberItem } from "./arithmetic.ts";
import type { Command } from "./command.ts";
import { INVALID_FLAGS } from "./meta_delete.ts";
import {
  exptimeOf,
  formatCode,
  formatEcho,
  formatFlags,
  formatLooseCode,
  isOpaqueTooLong,
  type MetaRequest,
  numberOf,
  OPAQUE_TOO_LONG,
  parseMetaRequest,
  refuseLine,
} from "./meta_request.ts";
import { storeItem } from "./store_item.ts";

const INVALID_MODE = "CLIENT_ERROR invalid mode for ma M token";
const OUT_OF_MEMORY = "SERVER_ERROR Out of memory allocating new item";

const DIRECTIONS: ReadonlyMap<string, Direction> = /* @__PURE__ */ new Map([
  ["I", "incr"],
  ["+", "incr"],
  ["D", "decr"],
  ["-", "decr"],
]);

/** A number to reply with. */
interface Answer {
  readonly number: string;
  readonly item: NumberItem;
  /** Whether `N` has just created the item. */
  readonly isNew: boolean;
}

/** `ma <key> <flags>*` */
export const metaArithmetic: Command = { minTokens: 2, run };

function run(state: ServerState, tokens: readonly string[]): Outcome {
  const refusal = refuseLine(tokens);
  if (refusal !== undefined) return refusal;
  const [, key = "", ...flags] = tokens;
  const request = parseMetaRequest(state.dialect.meta, key, flags);
  if (typeof request === "string") return INVALID_FLAGS;
  const direction = DIRECTIONS.get(request.flags.get("M") ?? "I");
  return direction === undefined ? INVALID_MODE : change(state, request, direction);
}

function change(state: ServerState, request: MetaRequest, direction: Direction): Outcome {
  const { key, flags } = request;
  const existing = state.store.find(key);
  if (existing === undefined) return vivifyOrMiss(state, request, direction);
  const delta = numberOf(flags, "D") ?? 1n;
  const cas = numberOf(flags, "C") ?? 0n;
  const result = addDelta(state, existing, { direction, delta, cas });
  if (typeof result === "string") return result;
  if (result === undefined) return answerWithoutItem(state, "EX", request);
  return answer(state, request, { ...result, isNew: false });
}

function vivifyOrMiss(state: ServerState, request: MetaRequest, direction: Direction): Outcome {
  const { key, flags } = request;
  if (!flags.has("N")) {
    state.statistics.count(`${direction}_misses`);
    return answerWithoutItem(state, "NF", request);
  }
  const number = (numberOf(flags, "J") ?? 0n).toString();
  const { length } = number;
  if (!state.store.hasRoomFor(key.length, length, itemSize(key, 0, length))) return OUT_OF_MEMORY;
  const content = { key, flags: 0, exptime: 0, value: encodeLatin1(number) };
  const result = storeItem(state, { mode: "add", content, cas: 0n });
  if (typeof result === "string") return OUT_OF_MEMORY;
  const { item } = result;
  return item && answer(state, request, { number, item, isNew: true });
}

function answerWithoutItem(
  { dialect }: ServerState,
  code: string,
  request: MetaRequest,
): Outcome {
  if (isOpaqueTooLong(request.flags)) return OPAQUE_TOO_LONG;
  return formatLooseCode(dialect.meta, code, formatFlags(request));
}

function answer(state: ServerState, request: MetaRequest, result: Answer): Outcome {
  const answers = answerFlags(state, request, result);
  if (answers === undefined) return OPAQUE_TOO_LONG;
  // As in memcached, the reply for a newly created number is sent even in quiet mode.
  if (request.flags.has("q") && !result.isNew) return undefined;
  const { number } = result;
  if (request.flags.has("v")) return `VA ${number.length}${answers}\r\n${number}`;
  return formatCode(state.dialect.meta, "HD", answers);
}

/** In the order of the flags: each flag shows what the flags before it have changed. */
function answerFlags(
  { store }: ServerState,
  request: MetaRequest,
  { item, isNew }: Answer,
): string | undefined {
  const { flags } = request;
  let answers = "";
  for (const letter of flags.keys()) {
    if (letter === "O" && isOpaqueTooLong(flags)) return undefined;
    if (letter === "T" || (letter === "N" && isNew)) {
      item.exptime = store.clock.resolve(exptimeOf(flags, letter) ?? 0);
    }
    if (letter === "c") answers += ` c${item.cas}`;
    if (letter === "t") answers += ` t${store.clock.remaining(item.exptime) ?? -1}`;
    answers += formatEcho(request, letter);
  }
  return answers;
}
