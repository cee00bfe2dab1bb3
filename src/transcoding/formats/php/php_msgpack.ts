/**
 * MessagePack as PHP's extension writes it: with all strings as text, and with objects and references as maps that
 * have nil for their first key.
 *
 * @module
 */

import { numberIfSafe } from "../../pickle/numbers.ts";
import { encodeText } from "../../text.ts";
import { ByteReader } from "../byte_reader.ts";
import { entriesOf } from "../plain_values.ts";
import { finished, type Pair, Unfinished } from "../records.ts";
import { propertiesOfDate } from "./php_dates.ts";
import { arrayOf, checkClass, DATE_CLASS, objectOf, pairsOf, STD_CLASS } from "./php_values.ts";
import { PhpWriter } from "./php_writer.ts";

/** What the value of a nil key says of its map, where it is no class. */
const REFERENCED_ARRAY = 1;
const ARRAY_REFERENCE = 2;
const OBJECT_REFERENCE = 4;
/** PHP's dates have three, and those that a program may have added. */
const MOST_PROPERTIES = 100;

const code = {
  fixedMap: 0x80,
  fixedArray: 0x90,
  fixedString: 0xa0,
  nil: 0xc0,
  false: 0xc2,
  true: 0xc3,
  bin8: 0xc4,
  float32: 0xca,
  float64: 0xcb,
  uint8: 0xcc,
  uint16: 0xcd,
  uint32: 0xce,
  uint64: 0xcf,
  int8: 0xd0,
  int16: 0xd1,
  int32: 0xd2,
  int64: 0xd3,
  string8: 0xd9,
  string16: 0xda,
  string32: 0xdb,
  array16: 0xdc,
  array32: 0xdd,
  map16: 0xde,
  map32: 0xdf,
  negative: 0xe0,
} as const;

/**
 * Reads what PHP's msgpack wrote. It runs nothing, and takes time and memory in proportion to the length.
 *
 * @throws {ClientException} When it is broken, holds an object that is not plain data, or is followed by anything.
 */
export function readPhpMsgpack(bytes: Uint8Array): unknown {
  return new MsgpackReader(bytes).read();
}

class MsgpackReader {
  readonly #reader: ByteReader;
  /** What references lead to, counted from 1: everything that is an array or a map in MessagePack. */
  readonly #values: unknown[] = [undefined];
  #hasUnfinished = false;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes, "MessagePack");
  }

  read(): unknown {
    const value = this.#value();
    this.#reader.finish();
    return this.#hasUnfinished ? finished(value) : value;
  }

  readonly #fault = (state: string): Error => this.#reader.fault(state);

  #value(): unknown {
    const first = this.#reader.uint8();
    if (first < code.fixedMap) return first;
    if (first < code.fixedArray) return this.#map(first & 0xf);
    if (first < code.fixedString) return this.#array(first & 0xf);
    if (first < code.nil) return this.#reader.textOrBytes(first & 0x1f);
    if (first >= code.negative) return first - 0x100;
    return this.#long(first);
  }

  #long(first: number): unknown {
    const reader = this.#reader;
    switch (first) {
      case code.nil:
        return null;
      case code.false:
      case code.true:
        return first === code.true;
      case code.float32:
        return reader.float32();
      case code.float64:
        return reader.float64();
      case code.array16:
        return this.#array(reader.uint16());
      case code.array32:
        return this.#array(reader.uint32());
      case code.map16:
        return this.#map(reader.uint16());
      case code.map32:
        return this.#map(reader.uint32());
    }
    return this.#integer(first) ?? this.#string(first);
  }

  #integer(first: number): number | bigint | undefined {
    const reader = this.#reader;
    switch (first) {
      case code.uint8:
        return reader.uint8();
      case code.uint16:
        return reader.uint16();
      case code.uint32:
        return reader.uint32();
      case code.uint64:
        return numberIfSafe(reader.uint64());
      case code.int8:
        return reader.int8();
      case code.int16:
        return reader.int16();
      case code.int32:
        return reader.int32();
      case code.int64:
        return numberIfSafe(reader.int64());
    }
    return undefined;
  }

  #string(first: number): string | Uint8Array {
    const reader = this.#reader;
    const isText = first >= code.string8 && first <= code.string32;
    const size = first - (isText ? code.string8 : code.bin8);
    if (size < 0 || size > 2) throw this.#fault(`it holds the unknown type ${first}`);
    return reader.textOrBytes(
      size === 0 ? reader.uint8() : size === 1 ? reader.uint16() : reader.uint32(),
    );
  }

  #begin(): [number, Unfinished] {
    const unfinished = new Unfinished();
    return [this.#values.push(unfinished) - 1, unfinished];
  }

  #end([number, unfinished]: [number, Unfinished], value: object): object {
    return this.#values[number] = unfinished.value = value;
  }

  #array(length: number): object {
    const reader = this.#reader;
    const begun = this.#begin();
    const count = reader.count(length);
    const items: unknown[] = [];
    reader.enter();
    for (let at = 0; at < count; at++) items.push(this.#value());
    reader.leave();
    return this.#end(begun, items);
  }

  #map(length: number): unknown {
    const reader = this.#reader;
    const count = reader.count(length, 2);
    const begun = this.#begin();
    reader.enter();
    const isMarked = count > 0 && reader.bytes[reader.offset] === code.nil;
    const value = isMarked
      ? this.#markedMap(count, begun)
      : this.#end(begun, arrayOf(this.#pairs(count), this.#fault));
    reader.leave();
    return value;
  }

  #pairs(count: number): Pair[] {
    return Array.from({ length: count }, () => [this.#key(), this.#value()] as const);
  }

  #key(): unknown {
    const key = this.#value();
    if (typeof key === "object" || typeof key === "boolean") {
      if (!(key instanceof Uint8Array)) throw this.#fault("a key is neither an int nor a string");
    }
    return key;
  }

  #markedMap(count: number, begun: [number, Unfinished]): unknown {
    this.#reader.advance(1);
    const mark = this.#value();
    switch (mark) {
      case REFERENCED_ARRAY:
        return this.#end(begun, arrayOf(this.#pairs(count - 1), this.#fault));
      case ARRAY_REFERENCE:
      case OBJECT_REFERENCE:
        return this.#reference(count, begun);
    }
    if (typeof mark !== "string") {
      throw this.#fault("an object of a class with a format of its own is not plain data");
    }
    checkClass(mark, this.#fault);
    return this.#end(begun, this.#object(mark, count));
  }

  #object(name: string, count: number): object {
    if (name === STD_CLASS) return objectOf(name, this.#pairs(count - 1), this.#fault);
    const reader = this.#reader;
    // A class that says itself what is written has this behind a second nil.
    if (count === 2 && reader.bytes[reader.offset] === code.nil) {
      reader.advance(1);
      const properties = entriesOf(Object(this.#value()));
      // Very many may refer to the same ones.
      if (properties.length > MOST_PROPERTIES) throw this.#fault("a date has too many properties");
      return objectOf(name, properties, this.#fault);
    }
    return objectOf(name, this.#pairs(count - 1), this.#fault);
  }

  #reference(count: number, [number]: [number, Unfinished]): unknown {
    const key = count === 2 ? this.#value() : undefined;
    const target = key === 0 ? this.#value() : undefined;
    if (typeof target !== "number" || target < 1 || target >= number) {
      throw this.#fault("a reference leads nowhere");
    }
    const value = this.#values[target];
    if (value instanceof Unfinished) this.#hasUnfinished = true;
    return this.#values[number] = value;
  }
}

/**
 * Writes a value as PHP's msgpack does.
 *
 * @throws {ValidationException} If it holds what PHP has nothing like, or itself.
 */
export function writePhpMsgpack(value: unknown): Uint8Array<ArrayBuffer> {
  return new MsgpackWriter().write(value);
}

class MsgpackWriter extends PhpWriter {
  protected override nil(): void {
    this.writer.uint8(code.nil);
  }

  protected override boolean(value: boolean): void {
    this.writer.uint8(value ? code.true : code.false);
  }

  protected override float(value: number): void {
    this.writer.uint8(code.float64);
    this.writer.float64(value);
  }

  protected override integer(value: number | bigint): void {
    const writer = this.writer;
    if (value >= -32 && value <= 0x7f) return writer.uint8(Number(value));
    if (value > 0xffff_ffff || value < -0x8000_0000) {
      writer.uint8(value > 0 ? code.uint64 : code.int64);
      return writer.int64BE(BigInt(value));
    }
    const number = Number(value);
    const [small, large] = number > 0 ? [0xff, 0xffff] : [-0x80, -0x8000];
    const first = number > 0 ? code.uint8 : code.int8;
    if (Math.abs(number) <= Math.abs(small)) writer.pair(first, number);
    else if (Math.abs(number) <= Math.abs(large)) {
      writer.uint8(first + 1);
      writer.uint16BE(number);
    } else {
      writer.uint8(first + 2);
      writer.int32BE(number);
    }
  }

  /** A length behind the code for it: one of the codes with the length in them, or one for two bytes, or four. */
  #sized(fixed: number, mostFixed: number, long: number, length: number): void {
    const writer = this.writer;
    if (length <= mostFixed) writer.uint8(fixed | length);
    else if (length <= 0xffff) {
      writer.uint8(long);
      writer.uint16BE(length);
    } else {
      writer.uint8(long + 1);
      writer.int32BE(length);
    }
  }

  protected override string(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length > 0x1f && length <= 0xff) this.writer.pair(code.string8, length);
    else this.#sized(code.fixedString, 0x1f, code.string16, length);
    this.writer.write(bytes);
  }

  protected override array(container: object): void {
    const pairs = pairsOf(container, this.place);
    const isList = pairs.every(([key], index) => key === index);
    this.place.enter(container, pairs.length);
    if (isList) this.#sized(code.fixedArray, 0xf, code.array16, pairs.length);
    else this.#sized(code.fixedMap, 0xf, code.map16, pairs.length);
    for (const [key, value] of pairs) {
      this.place.at(key);
      if (!isList) this.key(key);
      this.value(value);
    }
    this.place.leave();
  }

  protected override date(date: Date): void {
    const writer = this.writer;
    writer.pair(code.fixedMap | 2, code.nil);
    this.string(encodeText(DATE_CLASS));
    writer.uint8(code.nil);
    this.array(Object.fromEntries(propertiesOfDate(date)));
  }
}
