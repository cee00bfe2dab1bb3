/** Writes the numbers and texts of foreign formats. @module */

import { ByteSink } from "../pickle/byte_sink.ts";
import { encodeText } from "../text.ts";

/** A buffer that grows as a foreign format is written into it, with integers of either byte order. */
export class ByteWriter extends ByteSink {
  uint16BE(value: number): void {
    this.uint8(value >> 8);
    this.uint8(value);
  }

  /** Signed and unsigned alike. */
  int32BE(value: number): void {
    this.uint16BE(value >>> 16);
    this.uint16BE(value);
  }

  /** Signed and unsigned alike. */
  int64BE(value: bigint): void {
    const unsigned = BigInt.asUintN(64, value);
    this.int32BE(Number(unsigned >> 32n));
    this.int32BE(Number(unsigned & 0xffff_ffffn));
  }

  /** Writes text without its length. */
  utf8(text: string): void {
    const start = this.length;
    if (this.ascii(text)) return;
    this.length = start;
    this.write(encodeText(text));
  }
}
