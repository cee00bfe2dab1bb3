/** Writing what Ruby's `Marshal.load` reads. @module */

import { ByteWriter } from "../byte_writer.ts";
import { type FloatStyle, writeFloat } from "../float_text.ts";
import { bytesSignature, KeyEquality } from "../key_equality.ts";
import { isInteger, magnitudeToBytes } from "../integers.ts";
import { entriesOf, Place, type PlainValue } from "../plain_values.ts";
import { asciiOrBytes } from "./encodings.ts";
import { timeBytes } from "./time.ts";

/** The format's version: 4.8. */
const HEADER = [4, 8];

/** Ruby's `Integer` has a short form up to 31 bits. */
const LEAST_SHORT = -(2 ** 30);
const MOST_SHORT = 2 ** 30 - 1;
/** Integers that take one byte go from here to its negative. */
const MOST_BYTE = 122;

/** As `Marshal.dump` writes a Float. */
const FLOAT: FloatStyle = {
  leastPoint: -3,
  mostPoint: () => 16,
  zero: "0",
  wholeMantissa: "",
  exponent: "e",
  hasPlus: false,
  exponentDigits: 1,
  words: ["inf", "nan"],
};

/**
 * Writes a value as Ruby dumps it. Objects that occur more than once, and such that hold themselves, stay so.
 *
 * @throws {ValidationException} If it holds what Ruby's plain classes have nothing like.
 */
export function writeMarshal(value: unknown): Uint8Array<ArrayBuffer> {
  return new MarshalWriter().write(value);
}

class MarshalWriter {
  readonly #writer = new ByteWriter();
  readonly #place = new Place();
  readonly #symbols = new Map<string, number>();
  /** The numbers of objects that may be linked to. */
  readonly #numbers = new Map<object, number>();
  /** The numbers of Floats, which Ruby takes for one object where they are equal. */
  readonly #floats = new Map<string, number>();
  /** The numbers of Strings that are keys: Ruby has one object for all that are equal. */
  readonly #keys = new Map<string, number>();
  readonly #equality = new KeyEquality((bytes) => {
    const text = asciiOrBytes(bytes);
    return typeof text === "string" ? text : bytesSignature(bytes);
  });
  #count = 0;
  /** The number of the String that names the zone of every Time. */
  #zone: number | undefined;

  write(value: unknown): Uint8Array<ArrayBuffer> {
    for (const byte of HEADER) this.#writer.uint8(byte);
    this.#value(value);
    return this.#writer.finish();
  }

  #value(value: unknown): void {
    const number = this.#numbers.get(value as object);
    if (number !== undefined) return this.#link(number);
    const plain = this.#place.classify(value);
    switch (plain.kind) {
      case "null":
        return this.#type("0");
      case "boolean":
        return this.#type(plain.value ? "T" : "F");
      case "number":
        return isInteger(plain.value) ? this.#integer(plain.value) : this.#float(plain.value);
      case "bigint":
        return this.#integer(plain.value);
      case "string":
        return this.#string(plain.value);
      case "symbol":
        return this.#jsSymbol(plain.value);
      default:
        return this.#object(plain);
    }
  }

  #object(plain: PlainValue): void {
    switch (plain.kind) {
      case "bytes":
        this.#remember(plain.value);
        this.#type('"');
        return this.#bytes(plain.value);
      case "date":
        return this.#time(plain.value);
      case "list":
        return this.#array(plain.value);
      case "map":
        return this.#hash(plain.value);
      case "set":
        throw this.#place.fault("a Set", plain.value);
    }
  }

  #type(type: string): void {
    this.#writer.uint8(type.charCodeAt(0));
  }

  #remember(object: object): void {
    this.#numbers.set(object, this.#count++);
  }

  #link(number: number): void {
    this.#type("@");
    this.#long(number);
  }

  /** An integer of 31 bits: a length, a number, or what has such a short form. */
  #long(value: number): void {
    const writer = this.#writer;
    if (value === 0) return writer.uint8(0);
    if (value > 0 && value <= MOST_BYTE) return writer.uint8(value + 5);
    if (value < 0 && value > -MOST_BYTE - 2) return writer.uint8(value - 5);
    const bytes: number[] = [];
    const end = value < 0 ? -1 : 0;
    for (let rest = value; rest !== end; rest >>= 8) bytes.push(rest & 0xff);
    writer.uint8(value < 0 ? -bytes.length : bytes.length);
    for (const byte of bytes) writer.uint8(byte);
  }

  #bytes(bytes: Uint8Array): void {
    this.#long(bytes.length);
    this.#writer.write(bytes);
  }

  #text(text: string): void {
    this.#bytes(new TextEncoder().encode(text));
  }

  #integer(value: number | bigint): void {
    if (value >= LEAST_SHORT && value <= MOST_SHORT) {
      this.#type("i");
      return this.#long(Number(value));
    }
    this.#count++;
    const magnitude = magnitudeToBytes(value < 0 ? -BigInt(value) : BigInt(value)).reverse();
    this.#type("l");
    this.#type(value < 0 ? "-" : "+");
    this.#long(Math.ceil(magnitude.length / 2));
    this.#writer.write(magnitude);
    if (magnitude.length % 2 === 1) this.#writer.uint8(0);
  }

  #float(value: number): void {
    const text = writeFloat(value, FLOAT);
    const number = this.#floats.get(text);
    if (number !== undefined) return this.#link(number);
    this.#floats.set(text, this.#count++);
    this.#type("f");
    this.#text(text);
  }

  #string(text: string): void {
    this.#count++;
    this.#type("I");
    this.#type('"');
    this.#text(text);
    this.#encoding(true);
  }

  /** The one variable that tells an encoding: true for UTF-8, false for US-ASCII. */
  #encoding(isUtf8: boolean): void {
    this.#long(1);
    this.#symbol("E");
    this.#type(isUtf8 ? "T" : "F");
  }

  #symbol(name: string): void {
    const number = this.#symbols.get(name);
    if (number !== undefined) {
      this.#type(";");
      return this.#long(number);
    }
    const isAscii = /^[\0-\x7f]*$/.test(name);
    this.#symbols.set(name, this.#symbols.size);
    if (!isAscii) this.#type("I");
    this.#type(":");
    this.#text(name);
    if (!isAscii) this.#encoding(true);
  }

  #jsSymbol(symbol: symbol): void {
    const name = Symbol.keyFor(symbol);
    if (name === undefined || !name.isWellFormed()) {
      throw this.#place.fault("a symbol that is not from Symbol.for", symbol);
    }
    this.#symbol(name);
  }

  #key(key: unknown): void {
    if (typeof key !== "string") return this.#value(key);
    const number = this.#keys.get(key);
    if (number !== undefined) return this.#link(number);
    this.#keys.set(key, this.#count);
    this.#value(key);
  }

  #array(items: readonly unknown[]): void {
    this.#remember(items);
    this.#type("[");
    this.#long(items.length);
    this.#place.enterLinked(items);
    for (let at = 0; at < items.length; at++) {
      this.#place.at(at);
      this.#value(items[at]);
    }
    this.#place.leave();
  }

  #hash(map: ReadonlyMap<unknown, unknown> | object): void {
    const entries = entriesOf(map);
    this.#remember(map);
    this.#type("{");
    this.#long(entries.length);
    this.#place.enterLinked(map);
    for (const [key, value] of entries) {
      this.#place.at(key);
      this.#key(key);
      this.#value(value);
    }
    const keys = entries.map(([key]) => key);
    this.#place.checkApart(map, keys, "Ruby", this.#equality.numberOf);
    this.#place.leave();
  }

  /** A Time in UTC. The name of its zone is an object of its own, and all Times have the same. */
  #time(date: Date): void {
    this.#type("I");
    this.#type("u");
    this.#symbol("Time");
    this.#bytes(timeBytes(date));
    this.#long(1);
    this.#symbol("zone");
    if (this.#zone !== undefined) this.#link(this.#zone);
    else {
      this.#zone = this.#count++;
      this.#type("I");
      this.#type('"');
      this.#text("UTC");
      this.#encoding(false);
    }
    this.#remember(date);
  }
}
