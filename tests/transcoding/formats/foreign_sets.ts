/** What the real programs wrote: `tests/vectors/foreign/`, and the values that they meant. @module */

import { assert, assertEquals } from "@std/assert";
import { type Transcoder, tuple } from "../../../mod.ts";
import { fromHex, readVectors } from "../pickle/vectors.ts";

/** A value in a notation that no language's own types get in the way of. */
export interface ForeignValue {
  readonly type: string;
  readonly value?: string | boolean;
  readonly hex?: string;
  readonly bitsBE?: string;
  readonly iso?: string;
  readonly items?: readonly unknown[];
  readonly repeat?: readonly [string, number];
  readonly repeatHex?: readonly [string, number];
}

/** One item that a program wrote. */
export interface ForeignCase {
  readonly id: string;
  readonly value: ForeignValue;
  readonly flags: number;
  readonly data: Uint8Array<ArrayBuffer>;
  /** Whether the program itself read an equal value back. */
  readonly sameBack: boolean;
}

/** The items that a program wrote in one configuration. */
export interface ForeignSet {
  readonly config: string;
  readonly cases: readonly ForeignCase[];
  /** What it refused to write. */
  readonly notStored: readonly { readonly id: string }[];
}

/** How values of a language differ from the notation's. */
export interface Reading {
  /** What bytes are. */
  bytes?(bytes: Uint8Array, id: string): unknown;
  /** What a dict is, of keys and values in order. */
  dict?(pairs: readonly (readonly [unknown, unknown])[]): unknown;
  /** What a number is, where the language has none. */
  number?(value: number | bigint): unknown;
  boolean?(value: boolean): unknown;
  date?(value: Date): unknown;
}

interface StoredCase {
  readonly id: string;
  readonly value: ForeignValue;
  readonly flags: number;
  readonly "data_base64": string;
  readonly sameBack: boolean;
}

/** Reads files of `tests/vectors/foreign/`, by their names without an ending. */
export async function readForeign(...names: readonly string[]): Promise<ForeignSet[]> {
  const files = await Promise.all(
    names.map((name) =>
      readVectors<{ sets: (Omit<ForeignSet, "cases"> & { cases: StoredCase[] })[] }>(
        `foreign/${name}.json`,
      )
    ),
  );
  return files.flatMap(({ sets }) => sets).map(({ config, cases, notStored }) => ({
    config,
    notStored,
    cases: cases.map((one) => ({ ...one, data: fromBase64(one["data_base64"]) })),
  }));
}

/** The bytes that base64 stands for. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The value as JavaScript has it. */
export function valueOf(portable: ForeignValue, reading: Reading = {}, id = ""): unknown {
  const { type, value, items = [] } = portable;
  switch (type) {
    case "none":
      return null;
    case "bool":
      return (reading.boolean ?? ((it) => it))(value === true);
    case "int":
    case "long":
    case "short":
    case "byte":
      return (reading.number ?? ((it) => it))(integer(String(value)));
    case "float":
    case "float32":
      return (reading.number ?? ((it) => it))(floatOf(portable.bitsBE ?? ""));
    case "char":
      return String.fromCharCode(Number(value));
    case "str":
      return textOf(portable);
    case "symbol":
      return value;
    case "bytes":
      return (reading.bytes ?? ((it) => it))(bytesOf(portable), id);
    case "date":
      return (reading.date ?? ((it) => it))(new Date(portable.iso ?? ""));
    case "list":
      return itemsOf(items, reading);
    case "tuple":
      return tuple(...itemsOf(items, reading));
    case "set":
      return new Set(itemsOf(items, reading));
    case "dict":
    case "symdict":
    case "stdclass":
      return dictOf(portable, reading);
  }
  throw new Error(`Unknown type ${type}`);
}

function itemsOf(items: readonly unknown[], reading: Reading): unknown[] {
  return items.map((item) => valueOf(item as ForeignValue, reading));
}

function integer(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function floatOf(hex: string): number {
  const view = new DataView(fromHex(hex).buffer);
  return view.byteLength === 4 ? view.getFloat32(0) : view.getFloat64(0);
}

function textOf({ value, repeat }: ForeignValue): string {
  return repeat === undefined ? String(value) : repeat[0].repeat(repeat[1]);
}

function bytesOf({ hex, repeatHex }: ForeignValue): Uint8Array {
  return fromHex(repeatHex === undefined ? hex ?? "" : repeatHex[0].repeat(repeatHex[1]));
}

function dictOf({ type, items = [] }: ForeignValue, reading: Reading): unknown {
  const pairs = (items as [ForeignValue | string, ForeignValue][]).map(([key, value]) =>
    [
      typeof key === "string" ? key : valueOf(key, { number: (it) => it }),
      valueOf(value, reading),
    ] as const
  );
  if (type === "dict" && reading.dict !== undefined) return reading.dict(pairs);
  return recordOf(pairs);
}

/** An object where all keys are strings, else a Map. */
export function recordOf(pairs: readonly (readonly [unknown, unknown])[]): unknown {
  const isRecord = pairs.every(([key]) => typeof key === "string");
  return isRecord ? Object.fromEntries(pairs) : new Map(pairs);
}

/** Bytes as programs see them that have one type for both: text if they are UTF-8. */
export function textIfUtf8(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}

/** Checks that a transcoder reads every item of a set as the value that was meant. */
export async function assertReads(
  transcoder: Transcoder,
  { config, cases }: ForeignSet,
  expected: (foreign: ForeignCase) => unknown,
): Promise<void> {
  assert(cases.length > 0, config);
  for (const foreign of cases) {
    const value = await transcoder.decode({ flags: foreign.flags, data: foreign.data.slice() });
    assertSame(value, expected(foreign), `${config} ${foreign.id}`);
  }
}

/** As `assertEquals`, which does not tell -0 from 0, and looks at the order of keys as well. */
export function assertSame(actual: unknown, expected: unknown, message: string): void {
  assertEquals(actual, expected, message);
  if (typeof expected === "number") assert(Object.is(actual, expected), message);
  if (expected instanceof Map) {
    assertEquals([...(actual as Map<unknown, unknown>).keys()], [...expected.keys()], message);
  }
}

/** Bytes of a string of characters up to U+00FF. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
