/** Writing what Java's `ObjectInputStream` reads. @module */

import { ByteWriter } from "../byte_writer.ts";
import { isInt32, isInt64, isInteger, magnitudeToBytes } from "../integers.ts";
import { KeyEquality } from "../key_equality.ts";
import { entriesOf, Place, type PlainValue } from "../plain_values.ts";
import { CLASSES, code, FIRST_HANDLE, type JavaClass, MAGIC, VERSION } from "./java_classes.ts";
import { encodeJava } from "./java_strings.ts";

/** How full a HashMap may be, 0.75, as the bits of a float. */
const LOAD_FACTOR_BITS = 0x3f400000;
const LOAD_FACTOR = 0.75;
const LEAST_CAPACITY = 16;
/** `Integer.valueOf` has one object for each integer up to here. */
const MOST_CACHED = 127;

/**
 * Writes a value as Java serializes it. Lists, maps, sets, dates and bytes that occur more than once, or hold
 * themselves, stay so.
 *
 * @throws {ValidationException} If it holds what Java's plain classes have nothing like.
 */
export function writeJava(value: unknown): Uint8Array<ArrayBuffer> {
  return new JavaWriter().write(value);
}

class JavaWriter {
  readonly #writer = new ByteWriter();
  readonly #place = new Place();
  /** The handles of objects, of classes by their names, and of what Java has one object for. */
  readonly #handles = new Map<unknown, number>();
  readonly #equality = new KeyEquality();
  #count = 0;

  write(value: unknown): Uint8Array<ArrayBuffer> {
    this.#writer.uint16BE(MAGIC);
    this.#writer.uint16BE(VERSION);
    this.#value(value);
    return this.#writer.finish();
  }

  #value(value: unknown): void {
    const plain = this.#place.classify(value);
    switch (plain.kind) {
      case "null":
        return this.#writer.uint8(code.null);
      case "boolean":
        return this.#boolean(plain.value);
      case "number":
        return isInteger(plain.value) ? this.#integer(plain.value) : this.#double(plain.value);
      case "bigint":
        return this.#integer(plain.value);
      case "string":
        return this.#string(plain.value);
      case "symbol":
        throw this.#place.fault("a symbol", value);
    }
    if (!this.#refers(plain.value)) this.#object(plain);
  }

  #object(plain: PlainValue): void {
    switch (plain.kind) {
      case "bytes":
        return this.#bytes(plain.value);
      case "date":
        return this.#date(plain.value);
      case "list":
        return this.#list(plain.value);
      case "map":
        return this.#map(plain.value);
      case "set":
        return this.#set(plain.value);
    }
  }

  /** Writes a reference if there is something to refer to. */
  #refers(to: unknown): boolean {
    const handle = this.#handles.get(to);
    if (handle === undefined) return false;
    this.#writer.uint8(code.reference);
    this.#writer.int32BE(FIRST_HANDLE + handle);
    return true;
  }

  /** Gives what is being written its handle. */
  #handle(of?: unknown): void {
    if (of !== undefined) this.#handles.set(of, this.#count);
    this.#count++;
  }

  #name(text: string): void {
    const bytes = encodeJava(text);
    this.#writer.uint16BE(bytes.length);
    this.#writer.write(bytes);
  }

  #string(text: string): void {
    const writer = this.#writer;
    const bytes = encodeJava(text);
    if (bytes.length <= 0xffff) {
      writer.uint8(code.string);
      writer.uint16BE(bytes.length);
    } else {
      writer.uint8(code.longString);
      writer.int64BE(BigInt(bytes.length));
    }
    writer.write(bytes);
    this.#handle();
  }

  #class(described: JavaClass | undefined): void {
    const writer = this.#writer;
    if (described === undefined) return writer.uint8(code.null);
    if (this.#refers(described)) return;
    writer.uint8(code.classDescriptor);
    this.#name(described.name);
    writer.int64BE(described.uid);
    this.#handle(described);
    writer.uint8(described.flags);
    writer.uint16BE(described.fields.length);
    for (const [type, name, signature] of described.fields) {
      writer.uint8(type.charCodeAt(0));
      this.#name(name);
      if (signature !== undefined) this.#string(signature);
    }
    writer.uint8(code.end);
    this.#class(described.parent);
  }

  #begin(described: JavaClass, object?: unknown): void {
    this.#writer.uint8(code.object);
    this.#class(described);
    this.#handle(object);
  }

  #boolean(value: boolean): void {
    if (this.#refers(value)) return;
    this.#begin(CLASSES.boolean, value);
    this.#writer.uint8(Number(value));
  }

  #integer(value: number | bigint): void {
    const writer = this.#writer;
    if (isInt32(value)) {
      const number = Number(value);
      const isCached = number >= -MOST_CACHED - 1 && number <= MOST_CACHED;
      if (isCached && this.#refers(number)) return;
      this.#begin(CLASSES.integer, isCached ? number : undefined);
      return writer.int32BE(number);
    }
    if (!isInt64(value)) return this.#bigInteger(BigInt(value));
    this.#begin(CLASSES.long);
    writer.int64BE(BigInt(value));
  }

  #double(value: number): void {
    this.#begin(CLASSES.double);
    this.#writer.float64(value);
  }

  #bigInteger(value: bigint): void {
    const writer = this.#writer;
    this.#begin(CLASSES.bigInteger);
    for (const unused of [-1, -1, -2, -2]) writer.int32BE(unused);
    writer.int32BE(value < 0n ? -1 : 1);
    this.#bytes(magnitudeToBytes(value < 0n ? -value : value));
    writer.uint8(code.end);
  }

  #bytes(bytes: Uint8Array): void {
    const writer = this.#writer;
    writer.uint8(code.array);
    this.#class(CLASSES.bytes);
    this.#handle(bytes);
    writer.int32BE(bytes.length);
    writer.write(bytes);
  }

  #date(date: Date): void {
    this.#begin(CLASSES.date, date);
    this.#writer.pair(code.block, 8);
    this.#writer.int64BE(BigInt(date.getTime()));
    this.#writer.uint8(code.end);
  }

  #list(items: readonly unknown[]): void {
    const writer = this.#writer;
    this.#begin(CLASSES.arrayList, items);
    writer.int32BE(items.length);
    writer.pair(code.block, 4);
    writer.int32BE(items.length);
    this.#place.enterLinked(items);
    for (let at = 0; at < items.length; at++) {
      this.#place.at(at);
      this.#value(items[at]);
    }
    this.#place.leave();
    writer.uint8(code.end);
  }

  #map(map: ReadonlyMap<unknown, unknown> | object): void {
    const writer = this.#writer;
    const entries = entriesOf(map);
    const capacity = capacityFor(entries.length);
    this.#begin(CLASSES.linkedHashMap, map);
    writer.int32BE(LOAD_FACTOR_BITS);
    writer.int32BE(entries.length === 0 ? 0 : capacity * LOAD_FACTOR);
    writer.pair(code.block, 8);
    writer.int32BE(capacity);
    writer.int32BE(entries.length);
    this.#place.enterLinked(map);
    for (const [key, value] of entries) {
      this.#place.at(key);
      this.#value(key);
      this.#value(value);
    }
    this.#checkApart(map, entries.map(([key]) => key));
    this.#place.leave();
    writer.uint8(code.end);
    writer.uint8(0);
  }

  #checkApart(container: object, keys: readonly unknown[]): void {
    this.#place.checkApart(container, keys, "Java", this.#equality.numberOf);
  }

  #set(set: ReadonlySet<unknown>): void {
    const writer = this.#writer;
    this.#begin(CLASSES.linkedHashSet, set);
    writer.pair(code.block, 12);
    writer.int32BE(capacityFor(set.size));
    writer.int32BE(LOAD_FACTOR_BITS);
    writer.int32BE(set.size);
    this.#place.enterLinked(set);
    for (const item of set) this.#value(item);
    this.#checkApart(set, [...set]);
    this.#place.leave();
    writer.uint8(code.end);
  }
}

/** The capacity of a HashMap that has grown to so many entries. */
function capacityFor(size: number): number {
  let capacity = LEAST_CAPACITY;
  while (size > capacity * LOAD_FACTOR) capacity *= 2;
  return capacity;
}
