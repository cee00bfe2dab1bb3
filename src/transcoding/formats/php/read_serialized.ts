/** Reading what PHP's `serialize` writes, as data. @module */

import { quote } from "../../../errors.ts";
import { decodeLatin1 } from "../../pickle/strings.ts";
import { numberIfSafe } from "../../pickle/numbers.ts";
import { ByteReader, textOrBytes } from "../byte_reader.ts";
import { isInt64 } from "../integers.ts";
import { finished, type Pair, Unfinished } from "../records.ts";
import { arrayOf, checkClass, objectOf } from "./php_values.ts";

const COLON = 0x3a;
const SEMICOLON = 0x3b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** No number of PHP's takes more characters. */
const LONGEST_NUMBER = 400;
const INTEGER = /^[+-]?\d{1,30}$/;
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const FLOAT_WORDS: Readonly<Record<string, number>> = {
  INF: Infinity,
  "-INF": -Infinity,
  NAN: NaN,
};
/** The least that an entry of an array takes: `i:0;N;`. */
const LEAST_ENTRY = 6;

/**
 * Reads a value that PHP serialized. It runs nothing, and takes time and memory in proportion to the length.
 *
 * @throws {ClientException} When it is broken, holds an object that is not plain data, or is followed by anything.
 */
export function readSerialized(bytes: Uint8Array): unknown {
  return new SerializedReader(bytes).read();
}

class SerializedReader {
  readonly #reader: ByteReader;
  /** What references lead to, counted from 1 as PHP does. */
  readonly #values: unknown[] = [undefined];
  #hasUnfinished = false;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes, "PHP");
  }

  read(): unknown {
    const value = this.#value();
    this.#reader.finish();
    return this.#hasUnfinished ? finished(value) : value;
  }

  #value(): unknown {
    const type = this.#type();
    if (type === "R") return this.#reference();
    const number = this.#values.push(undefined) - 1;
    switch (type) {
      case "a":
        return this.#container(number, () => undefined);
      case "O":
        return this.#object(number);
      case "r":
        return this.#values[number] = this.#reference();
    }
    return this.#values[number] = this.#scalar(type);
  }

  #type(): string {
    return String.fromCharCode(this.#reader.uint8());
  }

  #scalar(type: string): unknown {
    switch (type) {
      case "N":
        this.#expect(SEMICOLON);
        return null;
      case "b":
        return this.#boolean();
      case "i":
        return this.#integer();
      case "d":
        return this.#float();
      case "s":
        return textOrBytes(this.#string());
      case "S":
        return textOrBytes(this.#escapedString());
      case "C":
      case "E":
        throw this.#refusal(type);
    }
    throw this.#reader.fault(`it holds the unknown type ${quote(type)}`);
  }

  #expect(byte: number): void {
    const found = this.#reader.uint8();
    if (found === byte) return;
    const [expected, other] = [byte, found].map((code) => quote(String.fromCharCode(code)));
    throw this.#reader.fault(`it has ${other} where ${expected} belongs`);
  }

  /** The characters between a colon and another end. */
  #until(end: number): string {
    this.#expect(COLON);
    const reader = this.#reader;
    const { bytes, offset } = reader;
    const length = bytes.subarray(offset, offset + LONGEST_NUMBER).indexOf(end);
    if (length < 0) throw reader.fault("it ends in the middle");
    const text = decodeLatin1(reader.take(length));
    reader.advance(1);
    return text;
  }

  #boolean(): boolean {
    const text = this.#until(SEMICOLON);
    if (text === "0" || text === "1") return text === "1";
    throw this.#reader.fault(`${quote(text)} is not a bool`);
  }

  #integer(): number | bigint {
    const text = this.#until(SEMICOLON);
    const value = INTEGER.test(text) ? BigInt(text.replace("+", "")) : undefined;
    if (value !== undefined && isInt64(value)) return numberIfSafe(value);
    throw this.#reader.fault(`${quote(text)} is not an int of 64 bits`);
  }

  #float(): number {
    const text = this.#until(SEMICOLON);
    if (FLOAT.test(text)) return Number(text);
    if (Object.hasOwn(FLOAT_WORDS, text)) return FLOAT_WORDS[text] ?? NaN;
    throw this.#reader.fault(`${quote(text)} is not a float`);
  }

  #count(): number {
    const text = this.#until(COLON);
    const count = Number(text);
    if (/^\d{1,12}$/.test(text)) return count;
    throw this.#reader.fault(`${quote(text)} is not a length`);
  }

  #string(end = SEMICOLON): Uint8Array {
    const length = this.#count();
    this.#expect(QUOTE);
    const bytes = this.#reader.take(length);
    this.#expect(QUOTE);
    this.#expect(end);
    return bytes;
  }

  /** A string in which bytes may be written as a backslash and two hexadecimal digits. */
  #escapedString(): Uint8Array {
    const reader = this.#reader;
    const bytes = new Uint8Array(reader.count(this.#count()));
    this.#expect(QUOTE);
    for (let at = 0; at < bytes.length; at++) {
      const byte = reader.uint8();
      bytes[at] = byte === BACKSLASH ? this.#escape() : byte;
    }
    this.#expect(QUOTE);
    this.#expect(SEMICOLON);
    return bytes;
  }

  #escape(): number {
    const digits = decodeLatin1(this.#reader.take(2));
    if (/^[\da-f]{2}$/i.test(digits)) return parseInt(digits, 16);
    throw this.#reader.fault(`a string holds the unknown escape ${quote(`\\${digits}`)}`);
  }

  #name(end: number): string {
    return decodeLatin1(this.#string(end));
  }

  #refusal(type: string): Error {
    const name = this.#name(type === "E" ? SEMICOLON : COLON);
    return this.#reader.fault(`an object of class ${quote(name)} is not plain data`);
  }

  #object(number: number): unknown {
    const name = this.#objectName();
    return this.#container(number, (pairs) => objectOf(name, pairs, this.#fault));
  }

  /** The name of a class, which stands where the count of an array does; it leaves the colon for this. */
  #objectName(): string {
    const length = this.#count();
    this.#expect(QUOTE);
    const name = decodeLatin1(this.#reader.take(length));
    this.#expect(QUOTE);
    checkClass(name, this.#fault);
    return name;
  }

  readonly #fault = (state: string): Error => this.#reader.fault(state);

  /** Keys and values: an array, or what a function makes of them. */
  #container(number: number, make: (pairs: readonly Pair[]) => object | undefined): object {
    const reader = this.#reader;
    const unfinished = new Unfinished();
    this.#values[number] = unfinished;
    const count = reader.count(this.#count(), LEAST_ENTRY);
    this.#expect("{".charCodeAt(0));
    const pairs: Pair[] = [];
    reader.enter();
    for (let at = 0; at < count; at++) pairs.push([this.#key(), this.#value()]);
    reader.leave();
    this.#expect("}".charCodeAt(0));
    return this.#values[number] = unfinished.value = make(pairs) ?? arrayOf(pairs, this.#fault);
  }

  #key(): unknown {
    const type = this.#type();
    if (type === "i" || type === "s" || type === "S") return this.#scalar(type);
    throw this.#reader.fault("a key is neither an int nor a string");
  }

  /** What a reference leads to: the same object, as PHP has the same array or object in both places. */
  #reference(): unknown {
    const text = this.#until(SEMICOLON);
    const number = Number(text);
    const value = /^[1-9]\d{0,11}$/.test(text) ? this.#values[number] : undefined;
    if (value === undefined) throw this.#reader.fault("a reference leads nowhere");
    if (value instanceof Unfinished) this.#hasUnfinished = true;
    return value;
  }
}
