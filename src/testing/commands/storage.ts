/**
 * `set`, `add`, `replace`, `append`, `prepend`, `cas` and `delete`.
 *
 * @module
 */

import type { ClientFlags } from "../items/item.ts";
import { itemSize } from "../items/item_sizes.ts";
import { parseFlags, parseInt32, parseUint64 } from "../number_parser.ts";
import type { DataBlock, Outcome, RefusedBlock } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import {
  BAD_DATA_CHUNK,
  BAD_FORMAT,
  type Command,
  KEY_MAX_LENGTH,
  MAX_VALUE_LENGTH,
} from "./command.ts";
import { type Announcement, refuseItem, storeItem, type StoreMode } from "./store_item.ts";

const DELETE_USAGE = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]";

/** The line of a storage command. */
interface StorageLine extends Announcement {
  readonly flags: ClientFlags;
  readonly exptime: number;
  /** The CAS unique, for `cas` only. */
  readonly cas: bigint;
}

/** `set <key> <flags> <exptime> <bytes> [noreply]` */
export const set: Command = /* @__PURE__ */ storageCommand("set");

/** `add <key> <flags> <exptime> <bytes> [noreply]` */
export const add: Command = /* @__PURE__ */ storageCommand("add");

/** `replace <key> <flags> <exptime> <bytes> [noreply]` */
export const replace: Command = /* @__PURE__ */ storageCommand("replace");

/** `append <key> <flags> <exptime> <bytes> [noreply]`: flags and exptime do not change. */
export const append: Command = /* @__PURE__ */ storageCommand("append");

/** `prepend <key> <flags> <exptime> <bytes> [noreply]`: flags and exptime do not change. */
export const prepend: Command = /* @__PURE__ */ storageCommand("prepend");

/** `cas <key> <flags> <exptime> <bytes> <cas unique> [noreply]` */
export const cas: Command = /* @__PURE__ */ storageCommand("cas", 6);

/** `delete <key> [0] [noreply]`: the number, a time in older versions, must be 0. */
export const deleteCommand: Command = {
  minTokens: 2,
  maxTokens: 4,
  noreplyFrom: 2,
  run: runDelete,
};

function storageCommand(mode: StoreMode, minTokens = 5): Command {
  return {
    minTokens,
    maxTokens: minTokens + 1,
    noreplyFrom: 2,
    valueLength: ([, , , , lengthToken = ""]) => parseInt32(lengthToken),
    run: (state, tokens) => {
      const line = parseLine(state, mode, tokens);
      return line === undefined ? BAD_FORMAT : receive(state, line);
    },
  };
}

function parseLine(
  { flagBits }: ServerState,
  mode: StoreMode,
  tokens: readonly string[],
): StorageLine | undefined {
  const [, key = "", flagsToken = "", exptimeToken = "", lengthToken = "", casToken = ""] = tokens;
  const flags = parseFlags(flagsToken, flagBits);
  const exptime = parseInt32(exptimeToken);
  const valueLength = parseInt32(lengthToken);
  const cas = mode === "cas" ? parseUint64(casToken) : 0n;
  if (key.length > KEY_MAX_LENGTH || cas === undefined) return undefined;
  if (flags === undefined || exptime === undefined || valueLength === undefined) return undefined;
  if (valueLength < 0 || valueLength > MAX_VALUE_LENGTH) return undefined;
  const size = itemSize(key, flags, valueLength);
  return { mode, key, flags, exptime, valueLength, cas, size };
}

function receive(state: ServerState, line: StorageLine): DataBlock | RefusedBlock {
  const { mode, key, valueLength } = line;
  state.statistics.countPrefix(key, "set");
  const refusal = refuseItem(state, line);
  if (refusal === undefined) {
    const complete: DataBlock["complete"] = (value) => finish(state, line, value);
    return { kind: "data", byteLength: valueLength, complete };
  }
  // The stored item is older than the refused one, so it is deleted.
  if (mode === "set" && state.store.find(key) !== undefined) state.store.delete(key);
  return { kind: "refused", byteLength: valueLength, line: refusal };
}

function finish(state: ServerState, line: StorageLine, value: Uint8Array | undefined): string {
  state.statistics.countIn(state.store.classes.classOf(line.size), "cmd_set");
  if (value === undefined) return BAD_DATA_CHUNK;
  const { mode, key, flags, cas } = line;
  const content = { key, flags, exptime: state.store.clock.resolve(line.exptime), value };
  const result = storeItem(state, { mode, content, cas });
  return typeof result === "string" ? result : result.status.toUpperCase();
}

function runDelete(state: ServerState, [, key = "", ...options]: readonly string[]): Outcome {
  const { store, statistics } = state;
  if (!["", "0", "noreply", "0 noreply"].includes(options.join(" "))) return DELETE_USAGE;
  if (key.length > KEY_MAX_LENGTH) return BAD_FORMAT;
  statistics.countPrefix(key, "del");
  const item = store.find(key);
  if (item === undefined) {
    statistics.count("delete_misses");
    return "NOT_FOUND";
  }
  statistics.countIn(item.slabClass, "delete_hits");
  store.delete(key);
  return "DELETED";
}
