/**
 * `set`, `add`, `replace`, `append`, `prepend` and `cas`.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { type Item, type ItemContent, itemSize } from "../item_store.ts";
import { parseInt32, parseUint32, parseUint64 } from "../number_parser.ts";
import type { ServerState } from "../server_state.ts";
import type { CounterName } from "../statistics.ts";
import {
  BAD_FORMAT,
  type Command,
  type DataBlock,
  KEY_MAX_LENGTH,
  type RefusedBlock,
} from "./command.ts";

const BAD_DATA_CHUNK = "CLIENT_ERROR bad data chunk";
const TOO_LARGE = "SERVER_ERROR object too large for cache";
const OUT_OF_MEMORY = "SERVER_ERROR out of memory storing object";

/** A longer value leaves memcached no room for the line end in a signed 32-bit number. */
const MAX_VALUE_LENGTH = 2 ** 31 - 3;

/** What a storage command's line says. */
interface StorageRequest {
  readonly key: string;
  readonly flags: number;
  readonly exptime: number;
  readonly byteLength: number;
  /** The CAS token, for `cas` only. */
  readonly unique: bigint;
}

/** Stores `content` in the place of `existing`, or does not, and says which. */
type Store = (
  state: ServerState,
  content: ItemContent,
  existing: Item | undefined,
  unique: bigint,
) => string;

/** `set <key> <flags> <exptime> <bytes> [noreply]` */
export const set: Command = storageCommand((state, content) => put(state, content));

/** `add <key> <flags> <exptime> <bytes> [noreply]` */
export const add: Command = storageCommand((state, content, existing) => {
  if (existing === undefined) return put(state, content);
  state.store.refresh(existing);
  return "NOT_STORED";
});

/** `replace <key> <flags> <exptime> <bytes> [noreply]` */
export const replace: Command = storageCommand((state, content, existing) =>
  existing === undefined ? "NOT_STORED" : put(state, content)
);

/** `append <key> <flags> <exptime> <bytes> [noreply]`: flags and exptime stay as they were. */
export const append: Command = storageCommand((state, { value }, existing) =>
  existing === undefined ? "NOT_STORED" : join(state, existing, [existing.value, value])
);

/** `prepend <key> <flags> <exptime> <bytes> [noreply]`: flags and exptime stay as they were. */
export const prepend: Command = storageCommand((state, { value }, existing) =>
  existing === undefined ? "NOT_STORED" : join(state, existing, [value, existing.value])
);

/** `cas <key> <flags> <exptime> <bytes> <cas unique> [noreply]` */
export const cas: Command = {
  ...storageCommand((state, content, existing, unique) => {
    state.statistics.count(casCounter(existing, unique));
    if (existing === undefined) return "NOT_FOUND";
    return existing.cas === unique ? put(state, content) : "EXISTS";
  }),
  minTokens: 6,
  maxTokens: 7,
};

function storageCommand(store: Store): Command {
  return {
    minTokens: 5,
    maxTokens: 6,
    noreplyFrom: 2,
    run: (state, tokens) => {
      const request = parseRequest(tokens);
      return request === undefined ? BAD_FORMAT : receive(state, tokens[0], request, store);
    },
  };
}

function parseRequest(tokens: readonly string[]): StorageRequest | undefined {
  const [name, key = "", flagsToken = "", exptimeToken = "", lengthToken = "", uniqueToken = ""] =
    tokens;
  const flags = parseUint32(flagsToken);
  const exptime = parseInt32(exptimeToken);
  const byteLength = parseInt32(lengthToken);
  const unique = name === "cas" ? parseUint64(uniqueToken) : 0n;
  if (key.length > KEY_MAX_LENGTH || unique === undefined) return undefined;
  if (flags === undefined || exptime === undefined || byteLength === undefined) return undefined;
  if (byteLength < 0 || byteLength > MAX_VALUE_LENGTH) return undefined;
  return { key, flags, exptime, byteLength, unique };
}

function receive(
  state: ServerState,
  name: string | undefined,
  request: StorageRequest,
  store: Store,
): DataBlock | RefusedBlock {
  const { key, flags, byteLength } = request;
  state.statistics.countPrefix(key, "set");
  const refusal = refuse(state, itemSize(key, flags, byteLength));
  if (refusal === undefined) {
    return { kind: "data", byteLength, complete: (value) => finish(state, request, value, store) };
  }
  // What is there already is older than what was refused, so nobody may read it any more.
  if (name === "set") state.store.delete(key);
  return { kind: "refused", byteLength, line: refusal };
}

function refuse({ store, statistics }: ServerState, size: number): string | undefined {
  if (size > store.maxItemSize) {
    statistics.count("store_too_large");
    return TOO_LARGE;
  }
  if (size > store.memoryLimit) {
    statistics.count("store_no_memory");
    return OUT_OF_MEMORY;
  }
  return undefined;
}

function finish(
  state: ServerState,
  { key, flags, exptime, unique }: StorageRequest,
  value: Uint8Array | undefined,
  store: Store,
): string {
  state.statistics.count("cmd_set");
  if (value === undefined) return BAD_DATA_CHUNK;
  const content = { key, flags, exptime: state.store.resolveExptime(exptime), value };
  return store(state, content, state.store.find(key), unique);
}

function put({ store }: ServerState, content: ItemContent): string {
  store.put(content);
  return "STORED";
}

function join(state: ServerState, existing: Item, parts: readonly Uint8Array[]): string {
  const value = concat([...parts]);
  const size = itemSize(existing.key, existing.flags, value.byteLength);
  if (size > Math.min(state.store.maxItemSize, state.store.memoryLimit)) return "NOT_STORED";
  return put(state, { ...existing, value });
}

function casCounter(existing: Item | undefined, unique: bigint): CounterName {
  if (existing === undefined) return "cas_misses";
  return existing.cas === unique ? "cas_hits" : "cas_badval";
}
