/** Writing BSON as Newtonsoft.Json's `BsonDataWriter` does. @module */

import { quote } from "../../errors.ts";
import { describe, unstorable } from "../format_parts.ts";
import { ByteSink } from "../pickle/byte_sink.ts";
import { bsonType, BYTES } from "./bson_types.ts";

const MAX_SHORT_TEXT = 64;
const LEAST_INT64 = -(2n ** 63n);
const MOST_INT64 = 2n ** 63n - 1n;

/**
 * Writes an array, a plain object, a `Map` or a `Set` as a document.
 *
 * @throws {ValidationException} When it holds what .NET's BSON has nothing for.
 */
export function writeBson(root: object): Uint8Array {
  const writer = new BsonWriter();
  writer.root(root);
  return writer.finish();
}

/** Whether a value is written as a document. */
export function isContainer(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value) ||
    value instanceof Map || value instanceof Set;
}

/** A document that has been begun. */
interface OpenWriting {
  readonly value: object;
  readonly start: number;
  readonly entries: Iterator<readonly [unknown, unknown]>;
}

const encoder: TextEncoder = /* @__PURE__ */ new TextEncoder();

class BsonWriter {
  readonly #sink = new ByteSink();
  /** Eight bytes, in which numbers are laid out. */
  readonly #wide = new DataView(new ArrayBuffer(8));
  readonly #open: OpenWriting[] = [];
  readonly #holders = new Set<object>();

  /** With a stack of its own: values may be nested to any depth. */
  root(root: object): void {
    this.#begin(root);
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      const { done, value: entry } = top.entries.next();
      if (done) this.#end(top);
      else this.#element(keyOf(entry[0]), entry[1]);
    }
  }

  finish(): Uint8Array {
    return this.#sink.finish();
  }

  #begin(value: object): void {
    if (this.#holders.has(value)) throw unstorable("it holds itself", value);
    this.#holders.add(value);
    this.#open.push({ value, start: this.#sink.claim(4), entries: entriesOf(value) });
  }

  #end({ value, start }: OpenWriting): void {
    this.#sink.uint8(0);
    this.#sink.setInt32(start, this.#sink.length - start);
    this.#holders.delete(value);
    this.#open.pop();
  }

  #element(key: string, value: unknown): void {
    switch (typeof value) {
      case "string":
        this.#name(bsonType.string, key);
        return this.#string(value);
      case "boolean":
        this.#name(bsonType.boolean, key);
        this.#sink.uint8(value ? 1 : 0);
        return;
      case "number":
        return this.#number(key, value);
      case "bigint":
        return this.#int64(key, value);
      case "object":
        return value === null ? this.#name(bsonType.null, key) : this.#object(key, value);
    }
    throw unstorable(`${describe(value)} has no BSON, at key ${quote(key)}`, value);
  }

  #number(key: string, value: number): void {
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.#name(bsonType.int32, key);
      this.#sink.int32(value);
    } else if (Number.isSafeInteger(value) && value !== 0) this.#int64(key, BigInt(value));
    else {
      this.#name(bsonType.double, key);
      this.#wide.setFloat64(0, value, true);
      this.#writeWide();
    }
  }

  #int64(key: string, value: bigint): void {
    if (value < LEAST_INT64 || value > MOST_INT64) {
      throw unstorable(`${value} is no value of System.Int64, at key ${quote(key)}`, value);
    }
    this.#name(bsonType.int64, key);
    this.#wide.setBigInt64(0, value, true);
    this.#writeWide();
  }

  #object(key: string, value: object): void {
    if (value instanceof Date) {
      const milliseconds = value.getTime();
      if (Number.isNaN(milliseconds)) throw unstorable("a Date is invalid", value);
      this.#name(bsonType.date, key);
      this.#wide.setBigInt64(0, BigInt(milliseconds), true);
      this.#writeWide();
    } else if (value instanceof Uint8Array) {
      const bytes = new Uint8Array(value);
      this.#name(bsonType.binary, key);
      this.#sink.int32(bytes.byteLength);
      this.#sink.uint8(BYTES);
      this.#sink.write(bytes);
    } else if (isContainer(value)) {
      this.#name(
        Array.isArray(value) || value instanceof Set ? bsonType.array : bsonType.document,
        key,
      );
      this.#begin(value);
    } else throw unstorable(`${describe(value)} has no BSON, at key ${quote(key)}`, value);
  }

  #name(type: number, key: string): void {
    this.#sink.uint8(type);
    this.#utf8(key);
    this.#sink.uint8(0);
  }

  #string(text: string): void {
    const start = this.#sink.claim(4);
    this.#utf8(text);
    this.#sink.uint8(0);
    this.#sink.setInt32(start, this.#sink.length - start - 4);
  }

  #utf8(text: string): void {
    const sink = this.#sink;
    const start = sink.length;
    // An encoder takes longer for short text than looking at each character.
    if (text.length <= MAX_SHORT_TEXT && sink.ascii(text)) return;
    sink.length = start;
    if (!text.isWellFormed()) throw unstorable("a string holds a lone surrogate", text);
    sink.write(encoder.encode(text));
  }

  #writeWide(): void {
    this.#sink.write(new Uint8Array(this.#wide.buffer));
  }
}

function* entriesOf(value: object): Generator<readonly [unknown, unknown]> {
  if (value instanceof Map) yield* value;
  else if (Array.isArray(value) || value instanceof Set) {
    let index = 0;
    for (const item of value) yield [index++, item];
  } else yield* Object.entries(value);
}

/** .NET writes the integers that a dictionary has for keys in decimal digits. */
function keyOf(key: unknown): string {
  const isInteger = typeof key === "bigint" || Number.isSafeInteger(key);
  if (typeof key !== "string" && !isInteger) {
    throw unstorable("a key of a Map is neither a string nor an integer", key);
  }
  const text = String(key);
  if (text.includes("\0")) throw unstorable("a key holds the character U+0000", key);
  return text;
}
