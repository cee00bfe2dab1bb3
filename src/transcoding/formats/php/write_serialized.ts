/** Writing what PHP's `unserialize` reads. @module */

import { type FloatStyle, writeFloat } from "../float_text.ts";
import { DATE_CLASS, pairsOf } from "./php_values.ts";
import { PhpWriter } from "./php_writer.ts";
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

class SerializedWriter extends PhpWriter {
  protected override nil(): void {
    this.writer.utf8("N;");
  }

  protected override boolean(value: boolean): void {
    this.writer.utf8(`b:${Number(value)};`);
  }

  protected override float(value: number): void {
    this.writer.utf8(`d:${writeFloat(value, FLOAT)};`);
  }

  protected override integer(value: number | bigint): void {
    this.writer.utf8(`i:${value};`);
  }

  protected override string(bytes: Uint8Array): void {
    this.writer.utf8(`s:${bytes.length}:"`);
    this.writer.write(bytes);
    this.writer.utf8('";');
  }

  protected override array(container: object): void {
    const pairs = pairsOf(container, this.place);
    this.place.enter(container, pairs.length);
    this.writer.utf8(`a:${pairs.length}:{`);
    for (const [key, value] of pairs) {
      this.place.at(key);
      this.key(key);
      this.value(value);
    }
    this.writer.utf8("}");
    this.place.leave();
  }

  protected override date(date: Date): void {
    const properties = propertiesOfDate(date);
    this.writer.utf8(`O:${DATE_CLASS.length}:"${DATE_CLASS}":${properties.length}:{`);
    for (const [name, value] of properties) {
      this.value(name);
      this.value(value);
    }
    this.writer.utf8("}");
  }
}
