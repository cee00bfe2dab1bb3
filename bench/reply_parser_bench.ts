/** The reply parser by itself. Run with `deno bench bench/reply_parser_bench.ts`. */

import { NO_DATA, type ReplyHandler, ReplyParser } from "../src/protocol/reply_parser.ts";

/** What a socket is read into holds. */
const CHUNK_LENGTH = 1 << 16;
const LONGEST_VALUE = 1 << 20;

const encoder = new TextEncoder();

/** Takes every line of more than five bytes for the header of a value of one length. */
class FixedLength implements ReplyHandler {
  readonly #byteLength: number;

  constructor(byteLength: number) {
    this.#byteLength = byteLength;
  }

  line(_bytes: Uint8Array, start: number, end: number): number {
    return end - start > 5 ? this.#byteLength : NO_DATA;
  }

  data(): void {}
}

function reply(values: number, byteLength: number): Uint8Array {
  const value = "v".repeat(byteLength);
  const items = Array.from(
    { length: values },
    (_, i) => `VALUE some_key_${i} 274 ${byteLength}\r\n${value}\r\n`,
  );
  return encoder.encode(`${items.join("")}END\r\n`);
}

function chunksOf(bytes: Uint8Array, length: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / length);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

function parse(name: string, bytes: Uint8Array, byteLength: number, chunkLength: number): void {
  const chunks = chunksOf(bytes, chunkLength);
  const parser = new ReplyParser(new FixedLength(byteLength), LONGEST_VALUE);
  Deno.bench(name, () => {
    for (const chunk of chunks) parser.push(chunk);
  });
}

parse("1 value of 100 bytes", reply(1, 100), 100, CHUNK_LENGTH);
parse("100 values of 100 bytes", reply(100, 100), 100, CHUNK_LENGTH);
parse("100 values of 100 bytes, in chunks of 64 bytes", reply(100, 100), 100, 64);
parse("1 value of 1 MB", reply(1, 1_000_000), 1_000_000, CHUNK_LENGTH);
parse("100 lines", encoder.encode("OK\r\n".repeat(100)), 0, CHUNK_LENGTH);
