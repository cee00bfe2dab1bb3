/** What other programs stored, and how their notation of values compares with ours. @module */

import { assertEquals } from "@std/assert";
import type { EncodedValue, Transcoder } from "../../../mod.ts";
import { frozenSet, tuple } from "../../../src/transcoding/pickle/python_types.ts";
import { fromHex, toHex } from "../pickle/vectors.ts";

/** A value in a notation that no language's own types get in the way of. */
export interface ForeignValue {
  readonly type: string;
  readonly value?: string | boolean;
  readonly repeat?: readonly [string, number];
  readonly hex?: string;
  readonly repeatHex?: readonly [string, number];
  readonly bitsBE?: string;
  readonly iso?: string;
  readonly items?: readonly unknown[];
}

/** An item that a program stored. */
export interface ForeignCase {
  readonly id: string;
  readonly value: ForeignValue;
  readonly flags: number;
  readonly "data_base64": string;
  /** Whether the same program read an equal value of the same type. */
  readonly sameBack?: boolean;
  readonly readBack?: string;
}

/** What a program stored in one configuration. */
export interface ForeignSet {
  readonly config: string;
  readonly cases: readonly ForeignCase[];
  readonly notStored: readonly { readonly id: string }[];
}

interface ForeignVectors {
  readonly sets: readonly ForeignSet[];
}

/** Items under flags that programs do not know, and what each of these makes of them. */
export interface ForeignReads {
  readonly items: readonly { readonly flags: number; readonly "data_base64": string }[];
  readonly programs: readonly {
    readonly client: string;
    readonly note: string;
    readonly outcomes: readonly string[];
  }[];
}

/** Reads a file of `tests/vectors/foreign/`. */
export async function readForeign<Vectors = ForeignVectors>(name: string): Promise<Vectors> {
  const url = new URL(`../../vectors/foreign/${name}.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

/** The sets of some files by their configurations. */
export async function readSets(...names: string[]): Promise<Map<string, ForeignSet>> {
  const files = await Promise.all(names.map((name) => readForeign(name)));
  return new Map(files.flatMap(({ sets }) => sets.map((set) => [set.config, set])));
}

/** The item of a case, which nobody else has. */
export function itemOf(
  { flags, "data_base64": base64 }: { readonly flags: number; readonly "data_base64": string },
): EncodedValue {
  return { flags, data: Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)) };
}

/** The JavaScript value that stands for one in that notation. */
export function valueOf(value: ForeignValue): unknown {
  const { type, repeat, hex = "", repeatHex, bitsBE = "", iso = "", items = [] } = value;
  const values = () => items.map((item) => valueOf(item as ForeignValue));
  switch (type) {
    case "none":
      return null;
    case "bool":
      return value.value;
    case "int":
    case "long":
    case "byte":
    case "short":
      return integerOf(String(value.value));
    case "char":
      return String.fromCharCode(Number(value.value));
    case "float":
      return new DataView(fromHex(bitsBE).buffer).getFloat64(0);
    case "float32":
      return new DataView(fromHex(bitsBE).buffer).getFloat32(0);
    case "str":
      return repeat === undefined ? value.value : repeat[0].repeat(repeat[1]);
    case "bytes":
      return fromHex(repeatHex === undefined ? hex : repeatHex[0].repeat(repeatHex[1]));
    case "date":
      return new Date(iso);
    case "list":
      return values();
    case "tuple":
      return tuple(...values());
    case "set":
      return new Set(values());
    case "frozenset":
      return frozenSet(values());
    case "dict":
      return dictOf(items as [ForeignValue, ForeignValue][]);
  }
  throw new Error(`Cannot make a value of type "${type}"`);
}

function integerOf(decimal: string): number | bigint {
  const number = Number(decimal);
  return Number.isSafeInteger(number) ? number : BigInt(decimal);
}

/** A plain object, or a Map where a key is not a string. */
function dictOf(items: readonly [ForeignValue, ForeignValue][]): unknown {
  const entries = items.map(([key, value]) => [valueOf(key), valueOf(value)] as const);
  const isObject = items.every(([{ type }]) => type === "str");
  return isObject ? Object.fromEntries(entries as [string, unknown][]) : new Map(entries);
}

/**
 * Asserts that a transcoder reads each case of a set.
 *
 * @param expected Makes the value that a case has to read as; by default the one that was stored.
 */
export async function assertReads(
  transcoder: Transcoder,
  set: ForeignSet | undefined,
  expected: (each: ForeignCase) => unknown = ({ value }) => valueOf(value),
): Promise<void> {
  if (set === undefined) throw new Error("Cannot find the set of vectors");
  for (const each of set.cases) {
    const item = itemOf(each);
    const kept = item.data.slice();
    assertEquals(await transcoder.decode(item), expected(each), `${set.config} ${each.id}`);
    assertEquals(item.data, kept, `${set.config} ${each.id}: the item`);
  }
}

/**
 * Asserts that a transcoder writes each case of a set as the program did, byte for byte; what is compressed, after
 * inflating.
 *
 * @param inflate Expands an item, where its flags say that it is compressed.
 * @param differs Says which cases cannot be written so, since JavaScript has no such type: they have to read as the
 * same value.
 * @returns How many were written byte for byte.
 */
export async function assertWrites(
  transcoder: Transcoder,
  set: ForeignSet | undefined,
  inflate: (item: EncodedValue) => EncodedValue | Promise<EncodedValue>,
  differs: (each: ForeignCase) => boolean = () => false,
): Promise<number> {
  if (set === undefined) throw new Error("Cannot find the set of vectors");
  let written = 0;
  for (const each of set.cases) {
    const message = `${set.config} ${each.id}`;
    const item = await transcoder.encode(valueOf(each.value));
    if (differs(each)) {
      assertEquals(await transcoder.decode(item), await transcoder.decode(itemOf(each)), message);
      continue;
    }
    const theirs = itemOf(each);
    assertEquals(item.flags, theirs.flags, `${message}: flags`);
    assertEquals(toHex((await inflate(item)).data), toHex((await inflate(theirs)).data), message);
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
