/**
 * Compressing and expanding bytes: by the platform's streams, or by `node:zlib`'s where it has none, as on
 * Bun 1.2. `compressed` loads this module when it has the first item to compress or expand.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { builtinModule } from "../transport/runtime_features.ts";
import { ClientException } from "../errors.ts";

/** What `CompressionStream` writes: `"deflate"` is deflate in zlib's wrapping, `"deflate-raw"` bare. */
export type CompressedFormat = "gzip" | "deflate" | "deflate-raw";

/** A stream that bytes go through. */
export interface Through {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<BufferSource>;
}

/** What `node:zlib` calls the two directions of each format. */
const NODE_NAMES = {
  gzip: ["createGzip", "createGunzip"],
  deflate: ["createDeflate", "createInflate"],
  "deflate-raw": ["createDeflateRaw", "createInflateRaw"],
} as const;

type NodeName = (typeof NODE_NAMES)[CompressedFormat][number];

/** As much of `node:zlib` and `node:stream` as is used here. */
type NodeZlib = Record<NodeName, () => unknown>;

interface NodeStream {
  readonly Duplex: { toWeb(duplex: unknown): Through };
}

/**
 * Compressed bytes are given to the decompressor in pieces of this size, as it may expand a whole piece at
 * once: up to 1,032 times, which is deflate's limit.
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

/** By the first bytes: bare deflate never begins as gzip does, and as zlib's only from an odd encoder. */
function formatOf(data: Uint8Array, bare: boolean): CompressedFormat | undefined {
  if (data.byteLength < 2) return undefined;
  const [first = 0, second = 0] = data;
  if (first === 0x1f && second === 0x8b) return "gzip";
  if ((first & 0x0f) === ZLIB_METHOD && (first << 8 | second) % 31 === 0) return "deflate";
  return bare ? "deflate-raw" : undefined;
}

/** Opens a stream that compresses. */
export async function openCompressor(format: CompressedFormat): Promise<Through> {
  return openPlatformStream(globalThis.CompressionStream, format) ??
    await openNodeStream(NODE_NAMES[format][0]);
}

/** Opens a stream that expands. */
export async function openExpander(format: CompressedFormat): Promise<Through> {
  return openPlatformStream(globalThis.DecompressionStream, format) ??
    await openNodeStream(NODE_NAMES[format][1]);
}

/** Opens the platform's; `undefined` when it has none or does not know the format, as Node 20.9 `"deflate-raw"`. */
function openPlatformStream(
  Stream: (new (format: CompressedFormat) => Through) | undefined,
  format: CompressedFormat,
): Through | undefined {
  try {
    return Stream && new Stream(format);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

async function openNodeStream(name: NodeName): Promise<Through> {
  const zlib = await builtinModule<NodeZlib>("node:zlib");
  const { Duplex } = await builtinModule<NodeStream>("node:stream");
  return Duplex.toWeb(zlib[name]());
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
 * Deno takes zlib's format for whole when it ends in the middle, and Node and Bun ignore bytes behind
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
