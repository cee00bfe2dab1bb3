/**
 * `set`, `add`, `replace`, `append`, `prepend` and `cas`.
 *
 * @module
 */

import { parseInt32, parseUint32, parseUint64 } from "../number_parser.ts";
import type { ServerState } from "../server_state.ts";
import {
  BAD_DATA_CHUNK,
  BAD_FORMAT,
  type Command,
  type DataBlock,
  KEY_MAX_LENGTH,
  MAX_VALUE_LENGTH,
  type RefusedBlock,
} from "./command.ts";
import { type Announcement, refuseItem, storeItem, type StoreMode } from "./store_item.ts";

/** What a storage command's line says. */
interface StorageLine extends Announcement {
  readonly exptime: number;
  /** The CAS token, for `cas` only. */
  readonly cas: bigint;
}

/** `set <key> <flags> <exptime> <bytes> [noreply]` */
export const set: Command = storageCommand("set");

/** `add <key> <flags> <exptime> <bytes> [noreply]` */
export const add: Command = storageCommand("add");

/** `replace <key> <flags> <exptime> <bytes> [noreply]` */
export const replace: Command = storageCommand("replace");

/** `append <key> <flags> <exptime> <bytes> [noreply]`: flags and exptime stay as they were. */
export const append: Command = storageCommand("append");

/** `prepend <key> <flags> <exptime> <bytes> [noreply]`: flags and exptime stay as they were. */
export const prepend: Command = storageCommand("prepend");

/** `cas <key> <flags> <exptime> <bytes> <cas unique> [noreply]` */
export const cas: Command = { ...storageCommand("cas"), minTokens: 6, maxTokens: 7 };

function storageCommand(mode: StoreMode): Command {
  return {
    minTokens: 5,
    maxTokens: 6,
    noreplyFrom: 2,
    run: (state, tokens) => {
      const line = parseLine(mode, tokens);
      return line === undefined ? BAD_FORMAT : receive(state, line);
    },
  };
}

function parseLine(mode: StoreMode, tokens: readonly string[]): StorageLine | undefined {
  const [, key = "", flagsToken = "", exptimeToken = "", lengthToken = "", casToken = ""] = tokens;
  const flags = parseUint32(flagsToken);
  const exptime = parseInt32(exptimeToken);
  const byteLength = parseInt32(lengthToken);
  const cas = mode === "cas" ? parseUint64(casToken) : 0n;
  if (key.length > KEY_MAX_LENGTH || cas === undefined) return undefined;
  if (flags === undefined || exptime === undefined || byteLength === undefined) return undefined;
  if (byteLength < 0 || byteLength > MAX_VALUE_LENGTH) return undefined;
  return { mode, key, flags, exptime, byteLength, cas };
}

function receive(state: ServerState, line: StorageLine): DataBlock | RefusedBlock {
  const { mode, key, byteLength } = line;
  state.statistics.countPrefix(key, "set");
  const refusal = refuseItem(state, line);
  if (refusal === undefined) {
    return { kind: "data", byteLength, complete: (value) => finish(state, line, value) };
  }
  // What is there already is older than what was refused, so nobody may read it any more.
  if (mode === "set" && state.store.find(key) !== undefined) state.store.delete(key);
  return { kind: "refused", byteLength, line: refusal };
}

function finish(state: ServerState, line: StorageLine, value: Uint8Array | undefined): string {
  state.statistics.count("cmd_set");
  if (value === undefined) return BAD_DATA_CHUNK;
  const { mode, key, flags, cas } = line;
  const content = { key, flags, exptime: state.store.resolveExptime(line.exptime), value };
  return storeItem(state, { mode, content, cas }).status.toUpperCase();
}
