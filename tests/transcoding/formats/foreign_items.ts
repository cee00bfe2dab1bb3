/** What real programs stored, written once more, and what they make of items that are not theirs. @module */

import { assertEquals } from "@std/assert";
import type { EncodedValue, Transcoder } from "../../../mod.ts";
import { readVectors, toHex } from "../pickle/vectors.ts";
import {
  assertSame,
  type ForeignCase,
  type ForeignSet,
  fromBase64,
  valueOf,
} from "./foreign_sets.ts";

/** An item, and what the programs make of it, by their names and notes. */
export interface ForeignRead {
  readonly item: EncodedValue;
  readonly outcomes: ReadonlyMap<string, string>;
}

interface StoredReads {
  readonly items: readonly { readonly flags: number; readonly "data_base64": string }[];
  readonly programs: readonly {
    readonly client: string;
    readonly note: string;
    readonly outcomes: readonly string[];
  }[];
}

/** Reads what programs made of items under flags that they do not know. */
export async function readForeignReads(): Promise<ForeignRead[]> {
  const { items, programs } = await readVectors<StoredReads>("foreign/foreign_reads.json");
  return items.map(({ flags, "data_base64": base64 }, index) => ({
    item: { flags, data: fromBase64(base64) },
    outcomes: new Map(
      programs.map(({ client, note, outcomes }) =>
        [note === "" ? client : `${client} ${note}`, outcomes[index] ?? ""] as const
      ),
    ),
  }));
}

/** The set of a configuration. */
export function setOf(sets: readonly ForeignSet[], config: string): ForeignSet {
  const set = sets.find((each) => each.config === config);
  if (set === undefined) throw new Error(`Cannot find vectors of "${config}"`);
  return set;
}

/** The cases of a set but some. */
export function without({ config, cases, notStored }: ForeignSet, ...ids: string[]): ForeignSet {
  return { config, notStored, cases: cases.filter(({ id }) => !ids.includes(id)) };
}

/**
 * Asserts that a transcoder writes each case of a set as the program did, byte for byte; what is compressed, after
 * expanding.
 *
 * @param expand Expands an item, where its flags say that it is compressed.
 * @param differs Says which cases JavaScript has no such type for, or another order: they have to read as the same
 * value.
 * @returns How many were written byte for byte.
 */
export async function assertWrites(
  transcoder: Transcoder,
  { config, cases }: ForeignSet,
  expand: (item: EncodedValue) => EncodedValue | Promise<EncodedValue> = (item) => item,
  differs: (foreign: ForeignCase) => boolean = () => false,
): Promise<number> {
  let written = 0;
  for (const foreign of cases) {
    const message = `${config} ${foreign.id}`;
    const item = await transcoder.encode(valueOf(foreign.value));
    if (differs(foreign)) {
      assertSame(await transcoder.decode(item), await transcoder.decode(foreign), message);
      continue;
    }
    assertEquals(item.flags, foreign.flags, `${message}: flags`);
    assertEquals(toHex((await expand(item)).data), toHex((await expand(foreign)).data), message);
    written++;
  }
  return written;
}

/** Expands zlib's format under a bit of the flags. */
export function inflating(bit: number): (item: EncodedValue) => Promise<EncodedValue> {
  return async ({ flags, data }) => {
    if ((flags & bit) === 0) return { flags, data };
    const stream = new Blob([new Uint8Array(data)]).stream()
      .pipeThrough(new DecompressionStream("deflate"));
    return { flags, data: new Uint8Array(await new Response(stream).arrayBuffer()) };
  };
}
