/**
 * What storing comes to, whichever command asked for it: memcached's `do_store_item`.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { describeStore, type StoreStatus } from "../event_lines.ts";
import { type Item, type ItemContent, itemSize } from "../item.ts";
import type { ServerState } from "../server_state.ts";

const TOO_LARGE = "SERVER_ERROR object too large for cache";
const OUT_OF_MEMORY = "SERVER_ERROR out of memory storing object";

/** What to do with what is there already, in the words of memcached's log. */
export type StoreMode = "set" | "add" | "replace" | "append" | "prepend" | "cas";

/** What to store, and on what condition. */
export interface StoreRequest {
  readonly mode: StoreMode;
  readonly content: ItemContent;
  /** The CAS token the item must have; 0 is none, which no item has and only `cas` insists on. */
  readonly cas: bigint;
  /** Whether `cas` may also store, as stale, what is older than the item. */
  readonly acceptsStale?: boolean;
  /** Whether the key came as base64. */
  readonly keyIsBinary?: boolean;
}

/** What came of it. */
export interface StoreResult {
  readonly status: Exclude<StoreStatus, "too_large" | "no_memory">;
  /** The item, where it was stored. */
  readonly item?: Item;
}

/** What a command's line says of an item whose value is still to come. */
export interface Announcement {
  readonly mode: StoreMode;
  readonly key: string;
  readonly flags: number;
  readonly byteLength: number;
}

/**
 * Stores an item, or does not.
 *
 * @param state The server's.
 * @param request What to store. It must not exceed the limits.
 * @returns What came of it.
 */
export function storeItem(state: ServerState, request: StoreRequest): StoreResult {
  const existing = state.store.find(request.content.key);
  const result = existing === undefined
    ? storeNew(state, request)
    : storeOver(state, request, existing);
  const { item: content = request.content, status } = result;
  logStore(state, content, status, request.mode);
  return result;
}

/**
 * Says whether a value is too much for the server before it has come.
 *
 * @param state The server's.
 * @param announcement What the command's line says.
 * @returns The reply that refuses it, or `undefined` when the value may come.
 */
export function refuseItem(state: ServerState, announcement: Announcement): string | undefined {
  const { mode, key, flags, byteLength } = announcement;
  const size = itemSize(key, flags, byteLength);
  if (state.store.hasRoomFor(size)) return undefined;
  const isTooLarge = size > state.store.maxItemSize;
  state.statistics.count(isTooLarge ? "store_too_large" : "store_no_memory");
  const content = { key, flags: 0, exptime: 0, value: new Uint8Array() };
  logStore(state, content, isTooLarge ? "too_large" : "no_memory", mode);
  return isTooLarge ? TOO_LARGE : OUT_OF_MEMORY;
}

function logStore(
  { store, events }: ServerState,
  content: ItemContent,
  status: StoreStatus,
  command: StoreMode,
): void {
  const event = { content, status, command };
  events.log("mutations", (connectionId) => describeStore(store, event, connectionId));
}

function storeNew(state: ServerState, request: StoreRequest): StoreResult {
  switch (request.mode) {
    case "set":
    case "add":
      return put(state, request);
    case "cas":
      state.statistics.count("cas_misses");
      return { status: "not_found" };
    default:
      return { status: "not_stored" };
  }
}

function storeOver(state: ServerState, request: StoreRequest, existing: Item): StoreResult {
  const { value } = request.content;
  switch (request.mode) {
    case "set":
    case "replace":
      return put(state, request);
    case "add":
      state.store.refresh(existing);
      return { status: "not_stored" };
    case "append":
      return join(state, request, existing, [existing.value, value]);
    case "prepend":
      return join(state, request, existing, [value, existing.value]);
    case "cas":
      return compareAndSwap(state, request, existing);
  }
}

function put({ store }: ServerState, { content, keyIsBinary = false }: StoreRequest): StoreResult {
  const item = store.put(content);
  item.keyIsBinary = keyIsBinary;
  return { status: "stored", item };
}

function join(
  { store }: ServerState,
  { cas }: StoreRequest,
  existing: Item,
  parts: readonly Uint8Array[],
): StoreResult {
  if (cas !== 0n && cas !== existing.cas) return { status: "exists" };
  const value = concat([...parts]);
  const size = itemSize(existing.key, existing.flags, value.byteLength);
  if (!store.hasRoomFor(size)) return { status: "not_stored" };
  return { status: "stored", item: store.put({ ...existing, value }) };
}

function compareAndSwap(state: ServerState, request: StoreRequest, existing: Item): StoreResult {
  const { cas, acceptsStale = false } = request;
  const isStale = acceptsStale && cas !== 0n && cas < existing.cas;
  if (cas !== existing.cas && !isStale) {
    state.statistics.count("cas_badval");
    return { status: "exists" };
  }
  state.statistics.count("cas_hits");
  return isStale ? putStale(state, request, existing) : put(state, request);
}

/** The value is newer than the one before but stale as well: time and lease stay as they were. */
function putStale(state: ServerState, request: StoreRequest, existing: Item): StoreResult {
  const { exptime, winSent } = existing;
  const result = put(state, { ...request, content: { ...request.content, exptime } });
  if (result.item !== undefined) Object.assign(result.item, { stale: true, winSent });
  return result;
}
