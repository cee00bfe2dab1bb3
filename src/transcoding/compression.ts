/** Bytes through the platform's compression streams. @module */

import { concat } from "@std/bytes/concat";
import { ClientException } from "../errors.ts";
import {
  type CompressedFormat,
  openCompressor,
  openExpander,
  type Through,
} from "../compression_streams.ts";

/** Every {@linkcode CompressedFormat}. */
export const COMPRESSED_FORMATS: readonly CompressedFormat[] = ["gzip", "deflate", "deflate-raw"];

/**
 * Compressed bytes are given to the decompressor in pieces of this size, for it may expand a piece at once: up
 * to 1,032 times, which is deflate's limit.
 */
const PIECE_SIZE = 1 << 13;
const ZLIB_METHOD = 8;
/** Of the length that ends gzip's format (RFC 1952), and of the checksum that ends zlib's (RFC 1950). */
const TRAILER_SIZE = 4;

/** Compresses bytes; resolves to `undefined` when they would not become fewer. */
export async function compress(
  data: Uint8Array,
  format: CompressedFormat,
): Promise<Uint8Array | undefined> {
  const size = Math.max(data.byteLength, 1);
  return await pass(data, await openCompressor(format), size, data.byteLength - 1);
}

/**
 * Expands bytes, whichever format they are in.
 *
 * @param bare Whether they may be in `"deflate-raw"`, which has nothing to tell it by.
 * @param most The most bytes to expand to. No more than about 8 MiB beyond are held meanwhile.
 * @throws {ClientException} When they are damaged, or would become more.
 */
export async function decompress(
  data: Uint8Array,
  bare: boolean,
  most: number,
): Promise<Uint8Array> {
  const format = formatOf(data, bare);
  if (format === undefined) throw damaged("it is marked as compressed and is in no known format");
  const expanded = await expand(data, format, most);
  if (expanded === undefined) throw damaged(`it expands to more than maxValueBytes, ${most} bytes`);
  if (matchesTrailer(format, data, expanded)) return expanded;
  throw damaged("its compressed bytes are damaged: what they expand to does not match their end");
}

async function expand(
  data: Uint8Array,
  format: CompressedFormat,
  most: number,
): Promise<Uint8Array | undefined> {
  try {
    return await pass(data, await openExpander(format), PIECE_SIZE, most);
  } catch (cause) {
    throw damaged("its compressed bytes are damaged", cause);
  }
}

/** The first bytes tell: bare deflate never begins like gzip, and like zlib's only by a freak of an encoder. */
function formatOf(data: Uint8Array, bare: boolean): CompressedFormat | undefined {
  if (data.byteLength < 2) return undefined;
  const [first, second] = data as unknown as [number, number];
  if (first === 0x1f && second === 0x8b) return "gzip";
  if ((first & 0x0f) === ZLIB_METHOD && (first << 8 | second) % 31 === 0) return "deflate";
  return bare ? "deflate-raw" : undefined;
}

/** Resolves to what comes out of a stream, or `undefined` when that is more than `most` bytes. */
async function pass(
  data: Uint8Array,
  { readable, writable }: Through,
  pieceSize: number,
  most: number,
): Promise<Uint8Array | undefined> {
  // Feeding fails when reading does, or is given up, and reading is what tells why.
  const feeding = Promise.allSettled([feed(data, writable, pieceSize)]);
  const reader = readable.getReader();
  const chunks: Uint8Array[] = [];
  try {
    for (let length = 0;;) {
      const { done, value } = await reader.read();
      // Even a single chunk may be a view of a larger buffer.
      if (done) return concat(chunks);
      length += value.byteLength;
      if (length > most) return void await reader.cancel();
      chunks.push(value);
    }
  } finally {
    await feeding;
  }
}

async function feed(
  data: Uint8Array,
  writable: WritableStream<BufferSource>,
  pieceSize: number,
): Promise<void> {
  const writer = writable.getWriter();
  for (let at = 0; at < data.byteLength; at += pieceSize) {
    await writer.write(data.subarray(at, at + pieceSize) as Uint8Array<ArrayBuffer>);
  }
  await writer.close();
}

/**
 * Whether the last bytes are those that belong to what was expanded. The runtimes should have seen to it, but
 * Deno takes zlib's format for whole when it ends in the middle, and Node and Bun do not mind bytes behind
 * gzip's. Of gzip's two, the length is compared: the runtimes do compare the checksum.
 */
function matchesTrailer(format: CompressedFormat, data: Uint8Array, expanded: Uint8Array): boolean {
  if (format === "deflate-raw") return true;
  const end = data.byteLength - TRAILER_SIZE;
  if (end < 0) return false;
  const view = new DataView(data.buffer, data.byteOffset + end, TRAILER_SIZE);
  return format === "gzip"
    ? view.getUint32(0, true) === expanded.byteLength
    : view.getUint32(0) === adler32(expanded);
}

/** The checksum of zlib's format, RFC 1950. */
function adler32(data: Uint8Array): number {
  let [a, b] = [1, 0];
  // So many sums stay below 2^53 before the remainder is taken.
  const { byteLength } = data;
  for (let at = 0; at < byteLength;) {
    const end = Math.min(at + 5552, byteLength);
    for (; at < end; at++) b += a += data[at]!;
    a %= 65521;
    b %= 65521;
  }
  return (b << 16 | a) >>> 0;
}

function damaged(why: string, cause?: unknown): ClientException {
  const options = cause === undefined ? undefined : { cause };
  return new ClientException(`Cannot read item: ${why}`, undefined, options);
}
