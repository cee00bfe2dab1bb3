/** The vectors that Python wrote, and how their notation of values compares with ours. */

import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { Complex } from "../../../src/transcoding/complex.ts";
import { isFrozenSet } from "../../../src/transcoding/pickle/python_types.ts";
import { isTuple } from "../../../src/transcoding/pickle/python_types.ts";

/** A value in a notation that no language's own types get in the way of. */
export interface Portable {
  type: string;
  value?: string | boolean;
  hex?: string;
  bitsBE?: string;
  real?: Portable;
  imag?: Portable;
  items?: unknown[];
  repeat?: [string, number];
  repeatHex?: [string, number];
  repeatItems?: [Portable, number];
  id?: number;
}

/** What a program did with a pickle. */
export interface Outcome {
  returns?: Portable;
  throws?: string;
}

interface PackedHex {
  zlibBase64: string;
}

export interface PickleVectors {
  values: { name: string; portable: Portable; pickles: Record<string, string | PackedHex> }[];
  hostile: { name: string; hex?: string; parts?: [string, number][]; expect: string }[];
  unusual: {
    name: string;
    hex: string;
    portable?: Portable;
    throws?: string;
    implementationsDiffer?: boolean;
  }[];
}

export interface ValueVectors {
  values: {
    name: string;
    flags: number;
    hex?: string;
    portable: Portable;
    throws?: string;
    length?: number;
  }[];
  reads: { flags: number; hex: string; outcome: Outcome }[];
}

export interface Python2Vectors {
  items: {
    python2: string;
    flags: number;
    hex: string;
    python3Get: Outcome;
    pickles?: Record<string, { hex: string; python3Loads: Outcome }>;
  }[];
}

/** Reads a file of `tests/vectors/`. */
export async function readVectors<Vectors>(name: string): Promise<Vectors> {
  const url = new URL(`../../vectors/${name}`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const digits = hex.match(/../g) ?? [];
  return Uint8Array.from(digits, (byte) => parseInt(byte, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of a pickle that may be compressed. */
export async function unpack(packed: string | PackedHex): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof packed === "string") return fromHex(packed);
  const bytes = Uint8Array.from(atob(packed.zlibBase64), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The bytes of pieces that are each repeated. */
export function joinParts(parts: readonly [string, number][]): Uint8Array<ArrayBuffer> {
  return fromHex(parts.map(([hex, times]) => hex.repeat(times)).join(""));
}

/** Asserts that `actual` is what `expected` reads as. */
export function assertPortable(actual: unknown, expected: Portable): void {
  new Comparison().compare(actual, expected);
}

class Comparison {
  readonly #sights = new Map<number, unknown>();

  compare(actual: unknown, expected: Portable): void {
    if (expected.type === "ref") {
      assertStrictEquals(actual, this.#sights.get(expected.id!));
      return;
    }
    if (expected.id !== undefined) this.#sights.set(expected.id, actual);
    this.#compareNew(actual, expected);
  }

  #compareNew(actual: unknown, expected: Portable): void {
    switch (expected.type) {
      case "none":
        return assertStrictEquals(actual, null);
      case "bool":
        return assertStrictEquals(actual, expected.value);
      case "int":
        return assertInteger(actual, expected.value as string);
      case "float":
        return assertFloat(actual, expected);
      case "complex":
        assertInstanceOf(actual, Complex);
        assertFloat(actual.real, expected.real!);
        return assertFloat(actual.imag, expected.imag!);
      case "str":
        return assertStrictEquals(actual, textOf(expected));
      case "bytes":
      case "bytearray":
        return assertBytes(actual, expected);
      case "list":
      case "tuple":
        return this.#compareItems(actual, expected);
      case "set":
      case "frozenset":
        return this.#compareSet(actual, expected);
      case "dict":
        return this.#compareDict(actual, expected.items as [Portable, Portable][]);
      default:
        throw new Error(`Cannot compare: unknown type "${expected.type}"`);
    }
  }

  #compareItems(actual: unknown, expected: Portable): void {
    assertInstanceOf(actual, Array);
    assertEquals(isTuple(actual), expected.type === "tuple");
    const items = itemsOf(expected);
    assertEquals(actual.length, items.length);
    items.forEach((item, index) => this.compare(actual[index], item));
  }

  #compareSet(actual: unknown, expected: Portable): void {
    assertInstanceOf(actual, Set);
    assertEquals(isFrozenSet(actual), expected.type === "frozenset");
    const items = itemsOf(expected);
    assertEquals(actual.size, items.length);
    for (const item of items) {
      assert([...actual].some((candidate) => this.#matches(candidate, item)));
    }
  }

  #compareDict(actual: unknown, items: readonly [Portable, Portable][]): void {
    if (items.every(([key]) => key.type === "str")) {
      assertStrictEquals(Object.getPrototypeOf(actual), Object.prototype);
      assertEquals(Object.keys(actual as object).length, items.length);
      for (const [key, value] of items) {
        const property = Object.getOwnPropertyDescriptor(actual, key.value as string);
        assert(property !== undefined);
        this.compare(property.value, value);
      }
      return;
    }
    assertInstanceOf(actual, Map);
    assertEquals(actual.size, items.length);
    [...actual].forEach(([key, value], index) => {
      this.compare(key, items[index]![0]);
      this.compare(value, items[index]![1]);
    });
  }

  #matches(actual: unknown, expected: Portable): boolean {
    try {
      this.compare(actual, expected);
      return true;
    } catch {
      return false;
    }
  }
}

function itemsOf({ items, repeatItems }: Portable): Portable[] {
  return (items as Portable[] | undefined) ?? Array(repeatItems![1]).fill(repeatItems![0]);
}

function textOf({ value, repeat }: Portable): string {
  return repeat === undefined ? value as string : repeat[0].repeat(repeat[1]);
}

function assertInteger(actual: unknown, decimal: string): void {
  assertEquals(BigInt(actual as number | bigint), BigInt(decimal));
  assertEquals(typeof actual, Number.isSafeInteger(Number(decimal)) ? "number" : "bigint");
}

function assertFloat(actual: unknown, { bitsBE }: Portable): void {
  assertStrictEquals(typeof actual, "number");
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, actual as number);
  assertEquals(view.getBigUint64(0).toString(16).padStart(16, "0"), bitsBE);
}

function assertBytes(actual: unknown, { hex, repeatHex }: Portable): void {
  assertInstanceOf(actual, Uint8Array);
  assertEquals(toHex(actual), repeatHex === undefined ? hex : repeatHex[0].repeat(repeatHex[1]));
}
