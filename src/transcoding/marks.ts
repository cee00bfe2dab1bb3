/**
 * The flags of items that hold no value: what `getOrSet` and the patterns put in a value's place.
 * Other clients see them as items under flags that they do not know.
 *
 * @module
 */

import type { Transcoder } from "./transcoder.ts";

/** Flags of a lease, an item that holds a text of its own: somebody is computing the value (`moel` in ASCII). */
export const LEASE_FLAGS = 0x6d6f656c;

/**
 * Flags of a failure, an item that holds an error's message: a loader's, or why `once` could not store a
 * result (`moef` in ASCII).
 */
export const FAILURE_FLAGS = 0x6d6f6566;

/** Flags of a result of `undefined`, an item without bytes that `once` remembers (`moeu` in ASCII). */
export const UNDEFINED_FLAGS = 0x6d6f6575;

/** Whether an item holds no value, by its flags: those from 0x6d6f6500 to 0x6d6f65ff are kept for that. */
export function isMark(flags: number): boolean {
  return flags >>> 8 === 0x6d6f65;
}

/** An item as memcached has it. */
export interface StoredItem {
  /** The client flags. */
  readonly flags: number;
  /** The bytes. */
  readonly data: Uint8Array;
}

/** Hands over items as they are, those that hold no value included, which every other transcoder is spared. */
export const itemTranscoder: Transcoder<StoredItem> = {
  encode: (item) => item,
  decode: ({ flags, data }) => ({ flags, data }),
};
