/** Writing what PHP's `unserialize` reads. @module */

import { encodeText } from "../../text.ts";
import { ByteWriter } from "../byte_writer.ts";
import { type FloatStyle, writeFloat } from "../float_text.ts";
import { isInteger } from "../integers.ts";
import { Place } from "../plain_values.ts";
import { checkInteger64, DATE_CLASS, pairsOf, type PhpKey } from "./php_values.ts";
import { propertiesOfDate } from "./php_dates.ts";

/** As PHP writes floats with the `serialize_precision` of -1, its default since 7.1. */
const FLOAT: FloatStyle = {
  leastPoint: -3,
  mostPoint: () => 17,
  zero: "0",
  wholeMantissa: ".0",
  exponent: "E",
  hasPlus: true,
  exponentDigits: 1,
  words: ["INF", "NAN"],
};

/**
 * Writes a value as PHP serializes it.
 *
 * @throws {ValidationException} If it holds what PHP has nothing like, or itself.
 */
export function writeSerialized(value: unknown): Uint8Array<ArrayBuffer> {
  const writer = new SerializedWriter();
  return writer.write(value);
}

class SerializedWriter {
  readonly #writer = new ByteWriter();
  readonly #place = new Place();

  write(value: unknown): Uint8Array<ArrayBuffer> {
    this.#value(value);
    return this.#writer.finish();
  }

  #value(value: unknown): void {
    const writer = this.#writer;
    const plain = this.#place.classify(value);
    switch (plain.kind) {
      case "null":
        return writer.utf8("N;");
      case "boolean":
        return writer.utf8(`b:${Number(plain.value)};`);
      case "number":
        if (isInteger(plain.value)) return this.#integer(plain.value);
        return writer.utf8(`d:${writeFloat(plain.value, FLOAT)};`);
      case "bigint":
        return this.#integer(plain.value);
      case "string":
        return this.#string(encodeText(plain.value));
      case "bytes":
        return this.#string(plain.value);
      case "date":
        return this.#date(plain.value);
      case "list":
      case "map":
        return this.#array(plain.value);
      default:
        throw this.#place.fault(`a ${plain.kind === "set" ? "Set" : "symbol"}`, value);
    }
  }

  #integer(value: number | bigint): void {
    checkInteger64(value, this.#place);
    this.#writer.utf8(`i:${value};`);
  }

  #string(bytes: Uint8Array): void {
    this.#writer.utf8(`s:${bytes.length}:"`);
    this.#writer.write(bytes);
    this.#writer.utf8('";');
  }

  #array(container: object): void {
    const pairs = pairsOf(container, this.#place);
    this.#place.enter(container, pairs.length);
    this.#writer.utf8(`a:${pairs.length}:{`);
    for (const [key, value] of pairs) {
      this.#place.at(key);
      this.#key(key);
      this.#value(value);
    }
    this.#writer.utf8("}");
    this.#place.leave();
  }

  #key(key: PhpKey): void {
    if (typeof key === "string") this.#string(encodeText(key));
    else if (key instanceof Uint8Array) this.#string(key);
    else this.#writer.utf8(`i:${key};`);
  }

  #date(date: Date): void {
    const properties = propertiesOfDate(date);
    this.#writer.utf8(`O:${DATE_CLASS.length}:"${DATE_CLASS}":${properties.length}:{`);
    for (const [name, value] of properties) {
      this.#value(name);
      this.#value(value);
    }
    this.#writer.utf8("}");
  }
}
