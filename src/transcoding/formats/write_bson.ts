/** Writes BSON. @module */

import { bsonType, BYTES } from "./bson_types.ts";
import { ByteWriter } from "./byte_writer.ts";
import { isInt32, isInt64, isInteger } from "./integers.ts";
import { entriesOf, Place } from "./plain_values.ts";

/**
 * Writes an array, a plain object, a `Map` or a `Set` as a document, as Newtonsoft.Json's `BsonDataWriter` does.
 *
 * @throws {ValidationException} When it holds what .NET's BSON has nothing for.
 */
export function writeBson(root: object): Uint8Array {
  const writer = new BsonWriter();
  writer.container(root);
  return writer.finish();
}

/** Whether a value is written as a document. */
export function isContainer(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return [Object.prototype, null, Array.prototype, Map.prototype, Set.prototype].includes(
    prototype,
  );
}

class BsonWriter {
  readonly #sink = new ByteWriter();
  readonly #place = new Place();
  /** Eight bytes, in which numbers are laid out. */
  readonly #wide = new DataView(new ArrayBuffer(8));

  finish(): Uint8Array {
    return this.#sink.finish();
  }

  /** Writes the length, the elements and a zero. */
  container(value: object): void {
    const place = this.#place;
    const plain = place.classify(value);
    const entries = plain.kind === "map"
      ? entriesOf(value)
      : Array.from(value as Iterable<unknown>, (item, index) => [index, item] as const);
    place.enter(value, entries.length);
    const names = entries.map(([key]) => {
      place.at(key);
      return this.#keyOf(key);
    });
    if (plain.kind === "map") place.checkApart(value, names, "BSON");
    const start = this.#sink.claim(4);
    for (const [index, [key, item]] of entries.entries()) {
      place.at(key);
      this.#element(names[index] ?? "", item);
    }
    this.#sink.uint8(0);
    this.#sink.setInt32(start, this.#sink.length - start);
    place.leave();
  }

  /** .NET writes the integers that a dictionary has for keys in decimal digits. */
  #keyOf(key: unknown): string {
    if (typeof key !== "string" && typeof key !== "bigint" && !isInteger(key)) {
      throw this.#place.fault("a Map key that is neither a string nor an integer", key);
    }
    const text = String(key);
    this.#place.classify(text);
    if (text.includes("\0")) throw this.#place.fault("a key with the character U+0000", key);
    return text;
  }

  #element(key: string, value: unknown): void {
    const plain = this.#place.classify(value);
    switch (plain.kind) {
      case "null":
        return this.#begin(bsonType.null, key);
      case "boolean":
        this.#begin(bsonType.boolean, key);
        return this.#sink.uint8(plain.value ? 1 : 0);
      case "string":
        this.#begin(bsonType.string, key);
        return this.#string(plain.value);
      case "number":
        return this.#number(key, plain.value);
      case "bigint":
        return this.#int64(bsonType.int64, key, plain.value);
      case "date":
        return this.#int64(bsonType.date, key, BigInt(plain.value.getTime()));
      case "bytes":
        this.#begin(bsonType.binary, key);
        return this.#binary(new Uint8Array(plain.value));
      case "list":
      case "set":
        this.#begin(bsonType.array, key);
        return this.container(plain.value);
      case "map":
        this.#begin(bsonType.document, key);
        return this.container(plain.value);
      case "symbol":
        throw this.#place.fault("a symbol", value);
    }
  }

  #number(key: string, value: number): void {
    if (isInteger(value) && isInt32(value)) {
      this.#begin(bsonType.int32, key);
      this.#sink.int32(value);
    } else if (isInteger(value)) this.#int64(bsonType.int64, key, BigInt(value));
    else {
      this.#begin(bsonType.double, key);
      this.#wide.setFloat64(0, value, true);
      this.#sink.write(new Uint8Array(this.#wide.buffer));
    }
  }

  #int64(type: number, key: string, value: bigint): void {
    if (!isInt64(value)) {
      throw this.#place.fault("a bigint out of the range of System.Int64", value);
    }
    this.#begin(type, key);
    this.#wide.setBigInt64(0, value, true);
    this.#sink.write(new Uint8Array(this.#wide.buffer));
  }

  #string(text: string): void {
    const start = this.#sink.claim(4);
    this.#sink.utf8(text);
    this.#sink.uint8(0);
    this.#sink.setInt32(start, this.#sink.length - start - 4);
  }

  #binary(bytes: Uint8Array): void {
    this.#sink.int32(bytes.byteLength);
    this.#sink.uint8(BYTES);
    this.#sink.write(bytes);
  }

  /** Writes what each element begins with: its type, and its key up to a zero. */
  #begin(type: number, key: string): void {
    this.#sink.uint8(type);
    this.#sink.utf8(key);
    this.#sink.uint8(0);
  }
}
