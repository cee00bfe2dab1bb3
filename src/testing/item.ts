/**
 * What is stored under a key, and what it weighs.
 *
 * @module
 */

import type { RecencyListEntry } from "./recency_list.ts";

/** What a client stores. */
export interface ItemContent {
  /** The key, a character per byte. */
  readonly key: string;
  /** The value. Its bytes are never written to again, since replies may still refer to them. */
  readonly value: Uint8Array;
  /** The client's flags, 32 bits. */
  readonly flags: number;
  /** When it expires, in seconds since 1970; 0 is never, and anything negative is at once. */
  readonly exptime: number;
}

/** A stored item. */
export interface Item extends ItemContent, RecencyListEntry<Item> {
  value: Uint8Array;
  exptime: number;
  /** Unique to this content of this item; higher than that of anything stored before. */
  cas: bigint;
  /** When it was stored or last used, in seconds since 1970. */
  lastAccess: number;
  /** Whether anybody has read it since it was stored. */
  fetched: boolean;
  /** Whether its key came as base64, and goes back as such. */
  keyIsBinary: boolean;
  /** Whether it was invalidated, and is served until somebody replaces it. */
  stale: boolean;
  /** Whether a client was told that it has won the right to replace it. */
  winSent: boolean;
}

/** `sizeof(item)` and the CAS token in memcached on a 64-bit machine. */
const ITEM_OVERHEAD = 48 + 8;
/** Line ends are stored with the value, and a NUL with the key. */
const TERMINATORS = 2 + 1;
const FLAGS_SIZE = 4;

/**
 * Says what an item takes of the memory limit, to the byte what memcached 1.6 reckons.
 *
 * @param key The key.
 * @param flags The client's flags: only others than 0 take space.
 * @param valueLength Length of the value in bytes.
 * @returns The weight in bytes.
 */
export function itemSize(key: string, flags: number, valueLength: number): number {
  return ITEM_OVERHEAD + key.length + TERMINATORS + (flags === 0 ? 0 : FLAGS_SIZE) + valueLength;
}

/**
 * Says what an item takes of the memory limit.
 *
 * @param item The item.
 * @returns Its weight in bytes.
 */
export function weigh({ key, flags, value }: ItemContent): number {
  return itemSize(key, flags, value.byteLength);
}
