/**
 * The format of igbinary, PHP's binary serializer, version 2 with compact strings: every string, array and object
 * is written once, and is a number wherever it occurs again.
 *
 * @module
 */

import { quote } from "../../../errors.ts";
import { numberIfSafe } from "../../pickle/numbers.ts";
import { encodeText } from "../../text.ts";
import { decodeLatin1 } from "../../pickle/strings.ts";
import { ByteReader, textOrBytes } from "../byte_reader.ts";
import { finished, type Pair, Unfinished } from "../records.ts";
import { propertiesOfDate } from "./php_dates.ts";
import { arrayOf, checkClass, DATE_CLASS, objectOf, pairsOf } from "./php_values.ts";
import { PhpWriter } from "./php_writer.ts";

/** The version that is written; 1, which had no strings of 64 bits, reads the same. */
const VERSION = 2;
const OLD_VERSION = 1;

/** Types of values. Most come in three sizes of what follows: one, two and four bytes. */
const type = {
  nil: 0x00,
  reference: 0x01,
  false: 0x04,
  true: 0x05,
  /** Then, with its sign turned, in two and four bytes as well. */
  positive: 0x06,
  float: 0x0c,
  emptyString: 0x0d,
  knownString: 0x0e,
  string: 0x11,
  array: 0x14,
  object: 0x17,
  knownClass: 0x1a,
  serializedObject: 0x1d,
  positive64: 0x20,
  negative64: 0x21,
  knownObject: 0x22,
  variable: 0x25,
  string64: 0x26,
  enumCase: 0x27,
} as const;

/**
 * Reads what igbinary wrote. It runs nothing, and takes time and memory in proportion to the length.
 *
 * @throws {ClientException} When it is broken, holds an object that is not plain data, or is followed by anything.
 */
export function readIgbinary(bytes: Uint8Array): unknown {
  return new IgbinaryReader(bytes).read();
}

/** A string that may be referred to very many times, and what it reads as, once that is known. */
interface KnownString {
  readonly bytes: Uint8Array;
  value?: string | Uint8Array;
}

class IgbinaryReader {
  readonly #reader: ByteReader;
  readonly #strings: KnownString[] = [];
  /** What may be referred to by its number. */
  readonly #values: unknown[] = [];
  #hasUnfinished = false;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes, "igbinary");
  }

  read(): unknown {
    const version = this.#reader.uint32();
    if (version !== VERSION && version !== OLD_VERSION) {
      throw this.#fault(`its version is ${version}, not ${VERSION}`);
    }
    const value = this.#value();
    this.#reader.finish();
    return this.#hasUnfinished ? finished(value) : value;
  }

  readonly #fault = (state: string): Error => this.#reader.fault(state);

  #value(): unknown {
    const code = this.#reader.uint8();
    switch (code) {
      case type.nil:
        return null;
      case type.false:
      case type.true:
        return code === type.true;
      case type.float:
        return this.#reader.float64();
      case type.positive64:
      case type.negative64:
        return this.#integer64(code === type.negative64);
      case type.variable:
        return this.#variable();
    }
    if (code >= type.positive && code < type.float) return this.#integer(code - type.positive);
    if (isOneOf(type.array, code)) return this.#array(this.#size(code - type.array));
    if (isOneOf(type.object, code) || isOneOf(type.knownClass, code)) return this.#object(code);
    if (isOneOf(type.reference, code)) return this.#reference(code - type.reference);
    if (isOneOf(type.knownObject, code)) return this.#reference(code - type.knownObject);
    return this.#text(code);
  }

  /** An unsigned integer in one, two or four bytes. */
  #size(step: number): number {
    const reader = this.#reader;
    return step === 0 ? reader.uint8() : step === 1 ? reader.uint16() : reader.uint32();
  }

  #integer(step: number): number {
    const magnitude = this.#size(step >> 1);
    return (step & 1) === 1 && magnitude > 0 ? -magnitude : magnitude;
  }

  #integer64(isNegative: boolean): number | bigint {
    const magnitude = this.#reader.uint64();
    return numberIfSafe(BigInt.asIntN(64, isNegative ? -magnitude : magnitude));
  }

  #text(code: number): string | Uint8Array {
    const string = this.#string(code);
    const { value } = string;
    if (value === undefined) return string.value = textOrBytes(string.bytes);
    return typeof value === "string" ? value : this.#reader.ownCopy(value);
  }

  #string(code: number): KnownString {
    const reader = this.#reader;
    if (code === type.emptyString) return { bytes: new Uint8Array(0) };
    if (isOneOf(type.knownString, code)) return this.#knownString(code - type.knownString);
    let bytes: Uint8Array;
    if (isOneOf(type.string, code)) bytes = reader.take(this.#size(code - type.string));
    else if (code === type.string64) bytes = reader.take(Number(reader.uint64()));
    else throw this.#fault(`it holds the unknown type ${code}`);
    const string: KnownString = { bytes };
    this.#strings.push(string);
    return string;
  }

  #knownString(step: number): KnownString {
    const string = this.#strings[this.#size(step)];
    if (string !== undefined) return string;
    throw this.#fault("a string is not there");
  }

  /** A PHP variable that others refer to as well: a number or string in it is numbered, too. */
  #variable(): unknown {
    const { bytes, offset } = this.#reader;
    const code = bytes[offset] ?? 0;
    const isNumbered = isOneOf(type.array, code) || isOneOf(type.object, code) ||
      isOneOf(type.knownClass, code) || isOneOf(type.reference, code) ||
      isOneOf(type.knownObject, code);
    if (isNumbered) return this.#value();
    if (code === type.variable) throw this.#fault("a variable is in a variable");
    const value = this.#value();
    this.#values.push(value);
    return value;
  }

  #reference(step: number): unknown {
    const number = this.#size(step);
    if (number >= this.#values.length) throw this.#fault("a reference leads nowhere");
    const value = this.#values[number];
    if (value instanceof Unfinished) this.#hasUnfinished = true;
    return value;
  }

  #array(length: number): object {
    return this.#container(length, (pairs) => arrayOf(pairs, this.#fault));
  }

  #object(code: number): object {
    const { bytes } = isOneOf(type.object, code)
      ? this.#string(code - type.object + type.string)
      : this.#knownString(code - type.knownClass);
    const name = decodeLatin1(bytes);
    checkClass(name, this.#fault);
    const kind = this.#reader.uint8();
    if (!isOneOf(type.array, kind)) {
      throw this.#fault(`an object of class ${quote(name)} is not plain data`);
    }
    return this.#container(
      this.#size(kind - type.array),
      (pairs) => objectOf(name, pairs, this.#fault),
    );
  }

  #container(length: number, make: (pairs: readonly Pair[]) => object): object {
    const reader = this.#reader;
    const unfinished = new Unfinished();
    const number = this.#values.push(unfinished) - 1;
    const count = reader.count(length, 2);
    const pairs: Pair[] = [];
    reader.enter();
    for (let at = 0; at < count; at++) pairs.push([this.#key(), this.#value()]);
    reader.leave();
    return this.#values[number] = unfinished.value = make(pairs);
  }

  #key(): unknown {
    const code = this.#reader.uint8();
    if (code >= type.positive && code < type.float) return this.#integer(code - type.positive);
    if (code === type.positive64 || code === type.negative64) {
      return this.#integer64(code === type.negative64);
    }
    return this.#text(code);
  }
}

/** Whether a code is one of the three sizes of a type. */
function isOneOf(first: number, code: number): boolean {
  return code >= first && code < first + 3;
}

/**
 * Writes a value as igbinary does.
 *
 * @throws {ValidationException} If it holds what PHP has nothing like, or itself.
 */
export function writeIgbinary(value: unknown): Uint8Array<ArrayBuffer> {
  return new IgbinaryWriter().write(value);
}

class IgbinaryWriter extends PhpWriter {
  readonly #strings = new Map<string, number>();
  readonly #numbers = new Map<object, number>();
  #count = 0;
  /** The number of the first empty array: PHP has only one. */
  #empty: number | undefined;

  override write(value: unknown): Uint8Array<ArrayBuffer> {
    this.writer.int32BE(VERSION);
    return super.write(value);
  }

  protected override nil(): void {
    this.writer.uint8(type.nil);
  }

  protected override boolean(value: boolean): void {
    this.writer.uint8(value ? type.true : type.false);
  }

  /** A type and a size in as few bytes as it takes. */
  #sized(first: number, size: number): void {
    const writer = this.writer;
    if (size <= 0xff) writer.pair(first, size);
    else if (size <= 0xffff) {
      writer.uint8(first + 1);
      writer.uint16BE(size);
    } else {
      writer.uint8(first + 2);
      writer.int32BE(size);
    }
  }

  protected override float(value: number): void {
    this.writer.uint8(type.float);
    this.writer.float64(value);
  }

  protected override integer(value: number | bigint): void {
    const writer = this.writer;
    const magnitude = value < 0 ? -value : value;
    if (magnitude > 0xffff_ffff) {
      writer.uint8(value < 0 ? type.negative64 : type.positive64);
      return writer.int64BE(BigInt(magnitude));
    }
    const size = Number(magnitude);
    const step = size <= 0xff ? 0 : size <= 0xffff ? 2 : 4;
    writer.uint8(type.positive + step + (value < 0 ? 1 : 0));
    if (step === 0) writer.uint8(size);
    else if (step === 2) writer.uint16BE(size);
    else writer.int32BE(size);
  }

  protected override string(
    bytes: Uint8Array,
    first: number = type.string,
    known: number = type.knownString,
  ): void {
    if (bytes.length === 0) return this.writer.uint8(type.emptyString);
    const key = decodeLatin1(bytes);
    const number = this.#strings.get(key);
    if (number !== undefined) return this.#sized(known, number);
    this.#strings.set(key, this.#strings.size);
    this.#sized(first, bytes.length);
    this.writer.write(bytes);
  }

  protected override array(container: object): void {
    const known = this.#numbers.get(container);
    if (known !== undefined) return this.#sized(type.reference, known);
    const pairs = pairsOf(container, this.place);
    if (pairs.length === 0) {
      if (this.#empty !== undefined) return this.#sized(type.reference, this.#empty);
      this.#empty = this.#count;
    }
    const number = this.#count++;
    this.place.enter(container, pairs.length);
    this.#sized(type.array, pairs.length);
    for (const [key, value] of pairs) {
      this.place.at(key);
      this.key(key);
      this.value(value);
    }
    this.place.leave();
    this.#numbers.set(container, number);
  }

  protected override date(date: Date): void {
    const known = this.#numbers.get(date);
    if (known !== undefined) return this.#sized(type.knownObject, known);
    this.#numbers.set(date, this.#count++);
    this.string(encodeText(DATE_CLASS), type.object, type.knownClass);
    const properties = propertiesOfDate(date);
    this.#sized(type.array, properties.length);
    for (const [name, value] of properties) {
      this.value(name);
      this.value(value);
    }
  }
}
