/** How large values are distinguished from others. @module */

import type { ChunkList } from "./chunks.ts";

/** More chunks than any value has: a list of them that is read is no longer than this. */
export const MOST_CHUNKS = 1_048_576;

/** What is stored under a large value's key. */
export interface Head extends ChunkList {
  /** What tells it from the heads of other values. */
  readonly id: string;
  /** Makes the value from its bytes. */
  readonly valueOf: (bytes: Uint8Array) => unknown;
  /** Whether the bytes are those of the value, or of its text in UTF-8: then they are streamed as they are. */
  readonly isPlain: () => boolean | Promise<boolean>;
}

/** How large values are distinguished from others. */
export interface Format {
  /** How much longer the chunks' keys may be than the value's. */
  readonly suffixLength: number;
  /** What is stored for a value; bytes that may have to be cut, or anything else, which is stored as it is. */
  encode(value: unknown, key: string): unknown | Promise<unknown>;
  /** What is stored for bytes that are not there yet. Their form must be that of a stream. */
  encodeStream(): unknown | Promise<unknown>;
  /** The bytes that may have to be cut, of what {@linkcode encode} made. */
  bytesOf(encoded: unknown): Uint8Array | undefined;
  /** Makes the head of a value, before its chunks are stored. */
  begin(key: string): { readonly id: string; readonly keyOf: ChunkList["keyOf"] };
  /** What is stored under the key of a value whose chunks are stored. */
  head(id: string, sizes: Sizes, encoded: unknown): unknown;
  /** Reads that; `undefined` for a value that is not cut. */
  open(stored: unknown, key: string): Head | undefined;
  /** Reads a value that is not cut. */
  decode(stored: unknown, key: string): unknown | Promise<unknown>;
}

export interface Sizes {
  readonly count: number;
  readonly byteLength: number;
  readonly chunkByteLength: number;
}
