/** What Rails stored, and the entries of its cache without dalli's Marshal around them. @module */

import { assert } from "@std/assert";
import type { EncodedValue } from "../../../mod.ts";
import { readMarshal } from "../../../src/transcoding/formats/dalli/read_marshal.ts";
import { writeMarshal } from "../../../src/transcoding/formats/dalli/write_marshal.ts";
import { readVectors } from "../pickle/vectors.ts";
import { fromBase64 } from "./foreign_sets.ts";

/** An item that Rails stored, and how. */
export interface RailsItem extends EncodedValue {
  /** Rails' version. */
  readonly rails: string;
  /** `cache_format_version` as a number; 6.1 is an object of Ruby's. */
  readonly format: number;
  /** What `write` was given: `raw`, `expires_in version` or nothing. */
  readonly options: string;
  /** What the value is called. */
  readonly name: string;
}

type StoredItem = Omit<RailsItem, "data"> & { readonly data: string };

/** Reads `tests/vectors/rails.json`. */
export async function readRails(): Promise<RailsItem[]> {
  const { values } = await readVectors<{ values: readonly StoredItem[] }>("rails.json");
  return values.map((item) => ({ ...item, data: fromBase64(item.data) }));
}

/** An item with the bytes of an entry. */
export function entryItem(entry: Uint8Array): EncodedValue {
  return { flags: 1, data: writeMarshal(entry) };
}

/** The entry of an item in one of the formats that are bytes to Marshal. */
export function entryOf({ data }: EncodedValue): Uint8Array {
  const entry = readMarshal(data);
  assert(entry instanceof Uint8Array, "the item holds no entry");
  return entry;
}
