/** Writing what Perl's Storable thaws: the format of `nfreeze`. @module */

import { encodeText } from "../../text.ts";
import { ByteWriter } from "../byte_writer.ts";
import { isInt32, isInteger } from "../integers.ts";
import { entriesOf, Place } from "../plain_values.ts";
import { perlNumber } from "./perl_numbers.ts";
import { code, keyFlag, MAJOR, MINOR } from "./storable.ts";

const NETWORK_ORDER = 1;
const ASCII = /^[\0-\x7f]*$/;

/**
 * Writes an array or a hash as `nfreeze` does. Those that occur more than once, or hold themselves, stay so.
 *
 * @throws {ValidationException} If it holds what Perl's plain data has nothing like.
 */
export function writeStorable(value: unknown): Uint8Array<ArrayBuffer> {
  return new StorableWriter().write(value);
}

class StorableWriter {
  readonly #writer = new ByteWriter();
  readonly #place = new Place();
  readonly #numbers = new Map<object, number>();
  /** How many values were written: each has a number. */
  #count = 0;

  write(value: unknown): Uint8Array<ArrayBuffer> {
    this.#writer.pair(MAJOR << 1 | NETWORK_ORDER, MINOR);
    // What is frozen is what a reference leads to, without the reference.
    this.#value(value, true);
    return this.#writer.finish();
  }

  #value(value: unknown, isRoot = false): void {
    const writer = this.#writer;
    const plain = this.#place.classify(value);
    if (plain.kind === "list" || plain.kind === "map") {
      return this.#container(plain.value, plain.kind === "list", isRoot);
    }
    this.#count++;
    switch (plain.kind) {
      case "null":
        return writer.uint8(code.undef);
      case "boolean":
        return this.#number(Number(plain.value));
      case "number":
      case "bigint":
        return this.#number(plain.value);
      case "string":
        return this.#string(plain.value);
      case "bytes":
        return this.#sized(code.scalar, code.longScalar, plain.value);
      default: {
        const names = { date: "a Date", set: "a Set", symbol: "a symbol" };
        throw this.#place.fault(names[plain.kind], value);
      }
    }
  }

  #number(value: number | bigint): void {
    const writer = this.#writer;
    if (!isInteger(value) || !isInt32(value)) {
      return this.#sized(code.scalar, code.longScalar, encodeText(perlNumber(value)));
    }
    if (value >= -128 && value <= 127) return writer.pair(code.byte, value + 128);
    writer.uint8(code.networkInteger);
    writer.int32BE(value);
  }

  #string(text: string): void {
    const bytes = encodeText(text);
    if (bytes.length === text.length) this.#sized(code.scalar, code.longScalar, bytes);
    else this.#sized(code.utf8, code.longUtf8, bytes);
  }

  #sized(short: number, long: number, bytes: Uint8Array): void {
    const writer = this.#writer;
    if (bytes.length <= 0xff) writer.pair(short, bytes.length);
    else {
      writer.uint8(long);
      writer.int32BE(bytes.length);
    }
    writer.write(bytes);
  }

  /** A container in a reference of its own. */
  #container(container: object, isList: boolean, isRoot: boolean): void {
    const writer = this.#writer;
    if (!isRoot) {
      this.#count++;
      writer.uint8(code.reference);
    }
    const known = this.#numbers.get(container);
    if (known !== undefined) {
      writer.uint8(code.object);
      return writer.int32BE(known);
    }
    this.#numbers.set(container, this.#count++);
    this.#place.enterLinked(container);
    if (isList) this.#array(container as readonly unknown[]);
    else this.#hash(container);
    this.#place.leave();
  }

  #array(items: readonly unknown[]): void {
    this.#writer.uint8(code.array);
    this.#writer.int32BE(items.length);
    for (let at = 0; at < items.length; at++) {
      this.#place.at(at);
      this.#value(items[at]);
    }
  }

  #hash(map: object): void {
    const writer = this.#writer;
    const entries = entriesOf(map).map(([key, value]) => [this.#keyOf(key), value] as const);
    this.#place.checkApart(map, entries.map(([key]) => key), "Perl");
    const hasFlags = entries.some(([key]) => !ASCII.test(key));
    writer.uint8(hasFlags ? code.flagHash : code.hash);
    if (hasFlags) writer.uint8(0);
    writer.int32BE(entries.length);
    for (const [key, value] of entries) {
      this.#place.at(key);
      this.#value(value);
      if (hasFlags) writer.uint8(ASCII.test(key) ? 0 : keyFlag.utf8);
      const bytes = encodeText(key);
      writer.int32BE(bytes.length);
      writer.write(bytes);
    }
  }

  /** Perl has strings for keys only. */
  #keyOf(key: unknown): string {
    const plain = this.#place.classify(key);
    if (plain.kind === "string") return plain.value;
    if (plain.kind === "number" || plain.kind === "bigint") return perlNumber(plain.value);
    throw this.#place.fault("a Map key that is neither a string nor a number", key);
  }
}
