/**
 * Storing an item, for all storage commands: memcached's `do_store_item`.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { describeStore, type StoreStatus } from "../event_lines.ts";
import type { Item, ItemContent } from "../items/item.ts";
import { itemSize, sizeOf } from "../items/item_sizes.ts";
import type { ServerState } from "../server_state.ts";
import { OUT_OF_MEMORY } from "./command.ts";

const TOO_LARGE = "SERVER_ERROR object too large for cache";

/** What to do with the existing item, in the words of memcached's log. */
export type StoreMode = "set" | "add" | "replace" | "append" | "prepend" | "cas";

/** What to store, and under which condition. */
export interface StoreRequest {
  readonly mode: StoreMode;
  readonly content: ItemContent;
  /** The CAS unique that the item must have; 0 means any, except for `cas`: no item has it. */
  readonly cas: bigint;
  /** Whether `cas` may also store a value that is older than the item; it is then stale. */
  readonly acceptsStale?: boolean;
  /** Whether the key came as base64. */
  readonly keyIsBinary?: boolean;
}

/** The result of storing. */
export interface StoreResult {
  readonly status: Exclude<StoreStatus, "too_large" | "no_memory">;
  /** The item, if it was stored. */
  readonly item?: Item;
}

/** What a command's line says about an item before its value arrives. */
export interface Announcement {
  readonly mode: StoreMode;
  readonly key: string;
  /** The length of its value in bytes. */
  readonly valueLength: number;
  /** The item's size in bytes as memcached computes it. */
  readonly size: number;
}

/** A request to store, and the existing item. */
interface Storing {
  readonly state: ServerState;
  readonly request: StoreRequest;
  readonly existing: Item;
}

/**
 * Stores an item if its condition is met.
 *
 * @param state The server's state.
 * @param request What to store. It must not be larger than the maximum item size.
 * @returns The result, or the reply when there is no room.
 */
export function storeItem(state: ServerState, request: StoreRequest): StoreResult | string {
  const { content: { key, flags, value }, mode } = request;
  const size = itemSize(key, flags, value.byteLength);
  // There was room when the command's line came; other clients may have used it since.
  const refusal = refuseItem(state, { mode, key, valueLength: value.byteLength, size });
  if (refusal !== undefined) return refusal;
  const existing = state.store.find(key);
  const result = existing === undefined
    ? storeNew(state, request)
    : storeOver({ state, request, existing });
  logStore(state, request, result);
  return result;
}

/**
 * Checks whether there is room for a value.
 *
 * @param state The server's state.
 * @param announcement What the command's line says about it.
 * @returns The reply that refuses it, or `undefined` when there is room.
 */
export function refuseItem(state: ServerState, announcement: Announcement): string | undefined {
  const { store, statistics, events } = state;
  const { mode, key, valueLength, size } = announcement;
  if (store.hasRoomFor(key.length, valueLength, size)) return undefined;
  const isTooLarge = size > store.maxItemSize;
  statistics.count(isTooLarge ? "store_too_large" : "store_no_memory");
  if (!isTooLarge) statistics.countIn(store.classes.classOf(size), "outofmemory");
  const status = isTooLarge ? "too_large" : "no_memory";
  events.log("mutations", (connectionId) => {
    const slabClass = store.classes.classOf(itemSize(key, 0, 0));
    const event = { key, status, command: mode, remaining: 0, slabClass, valueLength: 0 } as const;
    return describeStore(event, connectionId);
  });
  return isTooLarge ? TOO_LARGE : OUT_OF_MEMORY;
}

function logStore(
  { store, events }: ServerState,
  { content: { key, flags, exptime, value }, mode }: StoreRequest,
  { item, status }: StoreResult,
): void {
  events.log("mutations", (connectionId) => {
    const size = item ? sizeOf(item) : itemSize(key, flags, value.byteLength);
    const remaining = store.clock.remaining(item?.exptime ?? exptime);
    const valueLength = item?.valueLength ?? value.byteLength;
    const slabClass = store.classes.classOf(size);
    const event = { key, status, command: mode, remaining, slabClass, valueLength };
    return describeStore(event, connectionId);
  });
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

function storeOver(storing: Storing): StoreResult {
  const { state, request, existing } = storing;
  const { value } = request.content;
  switch (request.mode) {
    case "set":
    case "replace":
      return put(state, request);
    case "add":
      state.store.refresh(existing);
      return { status: "not_stored" };
    case "append":
      return join(storing, [existing.readValue(), value]);
    case "prepend":
      return join(storing, [value, existing.readValue()]);
    case "cas":
      return compareAndSwap(storing);
  }
}

function put({ store }: ServerState, { content, keyIsBinary = false }: StoreRequest): StoreResult {
  const item = store.put(content);
  item.keyIsBinary = keyIsBinary;
  return { status: "stored", item };
}

function join({ state, request, existing }: Storing, parts: readonly Uint8Array[]): StoreResult {
  const { store } = state;
  if (request.cas !== 0n && request.cas !== BigInt(existing.cas)) return { status: "exists" };
  const value = concat([...parts]);
  const { key, flags, exptime } = existing;
  const size = itemSize(key, flags, value.byteLength);
  if (!store.hasRoomFor(key.length, value.byteLength, size)) return { status: "not_stored" };
  return { status: "stored", item: store.put({ key, flags, exptime, value }) };
}

function compareAndSwap(storing: Storing): StoreResult {
  const { state, request, existing } = storing;
  const { cas, acceptsStale = false } = request;
  const existingCas = BigInt(existing.cas);
  const isStale = acceptsStale && cas !== 0n && cas < existingCas;
  if (cas !== existingCas && !isStale) {
    state.statistics.countIn(existing.slabClass, "cas_badval");
    return { status: "exists" };
  }
  state.statistics.countIn(existing.slabClass, "cas_hits");
  return isStale ? putStale(storing) : put(state, request);
}

/** Stores a value that is newer than the item's, but stale too. The exptime and the lease do not change. */
function putStale({ state, request, existing }: Storing): StoreResult {
  const { exptime, winSent } = existing;
  const result = put(state, { ...request, content: { ...request.content, exptime } });
  if (result.item !== undefined) Object.assign(result.item, { stale: true, winSent });
  return result;
}
