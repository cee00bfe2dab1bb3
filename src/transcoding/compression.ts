/**
 * Compresses and expands bytes, with the platform's streams, or with `node:zlib` if it has none, as on Bun 1.2.
 * `compressed` loads this module for the first item that it compresses or expands.
 *
 * @module
 */

import "../loaded_already.ts";
import { concat } from "@std/bytes/concat";
import { builtinModule } from "../transport/runtime_features.ts";
import { ClientException } from "../errors.ts";

/** The formats of `CompressionStream`: `"deflate"` is zlib's format, `"deflate-raw"` is deflate without a header. */
export type CompressedFormat = "gzip" | "deflate" | "deflate-raw";

/** A transform stream of bytes. */
export interface Through {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<BufferSource>;
}

/** The names of each format's compressor and decompressor in `node:zlib`. */
const NODE_NAMES = {
  gzip: ["createGzip", "createGunzip"],
  deflate: ["createDeflate", "createInflate"],
  "deflate-raw": ["createDeflateRaw", "createInflateRaw"],
} as const;

type NodeName = (typeof NODE_NAMES)[CompressedFormat][number];

/** The part of `node:zlib` and `node:stream` that is used here. */
type NodeZlib = Record<NodeName, () => unknown>;

interface NodeStream {
  readonly Duplex: { toWeb(duplex: unknown): Through };
}

/**
 * The decompressor gets compressed bytes in pieces of this size. It may expand a piece at once, up to deflate's limit
 * of 1,032 times.
 */
const PIECE_SIZE = 1 << 13;
const ZLIB_METHOD = 8;
/**
 * The size of the length at the end of gzip's format (RFC 1952), and of the checksum at the end of zlib's (RFC 1950).
 */
const TRAILER_SIZE = 4;

/** Compresses bytes; resolves to `undefined` when the result would be longer than `most`: not shorter, by default. */
export async function compress(
  data: Uint8Array,
  format: CompressedFormat,
  most: number = data.byteLength - 1,
): Promise<Uint8Array | undefined> {
  const size = Math.max(data.byteLength, 1);
  return await pass(data, await openCompressor(format), size, most);
}

/**
 * Expands bytes in any of the formats.
 *
 * @param bare Whether they may be in `"deflate-raw"`, which has no header to recognize it by.
 * @param most The maximum length of the result. At most about 8 MiB more are held in memory.
 * @throws {ClientException} When they are damaged, or the result would be longer.
 */
export async function decompress(
  data: Uint8Array,
  bare: boolean,
  most: number,
): Promise<Uint8Array> {
  const format = formatOf(data, bare);
  if (format === undefined) throw damaged("it is marked as compressed, but its format is unknown");
  const expanded = await expand(data, format, most);
  if (expanded === undefined) throw damaged(`it expands to more than maxValueBytes, ${most} bytes`);
  const isWhole = format === "deflate-raw"
    ? await isWithoutRest(data, most)
    : matchesTrailer(format, data, expanded);
  if (isWhole) return expanded;
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

/**
 * Recognizes the format by the first bytes. Raw deflate never begins like gzip, and like zlib only from unusual
 * encoders.
 */
function formatOf(data: Uint8Array, bare: boolean): CompressedFormat | undefined {
  if (data.byteLength < 2) return undefined;
  const [first = 0, second = 0] = data;
  if (first === 0x1f && second === 0x8b) return "gzip";
  if ((first & 0x0f) === ZLIB_METHOD && (first << 8 | second) % 31 === 0) return "deflate";
  return bare ? "deflate-raw" : undefined;
}

/** Opens a compressor. */
export async function openCompressor(format: CompressedFormat): Promise<Through> {
  return openPlatformStream(globalThis.CompressionStream, format) ??
    await openNodeStream(NODE_NAMES[format][0]);
}

/** Opens a decompressor. */
async function openExpander(format: CompressedFormat): Promise<Through> {
  return openPlatformStream(globalThis.DecompressionStream, format) ??
    await openNodeStream(NODE_NAMES[format][1]);
}

/**
 * Opens the platform's stream; `undefined` when it has none, or does not support the format, as Node 20.9
 * `"deflate-raw"`.
 */
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

/** Resolves to the output of a stream, or to `undefined` when it is longer than `most` bytes. */
async function pass(
  data: Uint8Array,
  { readable, writable }: Through,
  pieceSize: number,
  most: number,
): Promise<Uint8Array | undefined> {
  // When reading fails or is cancelled, writing fails as well; the error of reading is the one that matters.
  const feeding = Promise.allSettled([feed(data, writable, pieceSize)]);
  const reader = readable.getReader();
  const chunks: Uint8Array[] = [];
  try {
    for (let length = 0;;) {
      const { done, value } = await reader.read();
      // A copy, because a single chunk may be a view of a larger buffer.
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
 * Whether the last bytes match the expanded bytes. The runtimes do not check this reliably: Deno accepts a truncated
 * zlib stream, and Node and Bun ignore bytes after a gzip stream. For gzip, the length is compared; the runtimes check
 * its checksum.
 */
function matchesTrailer(
  format: Exclude<CompressedFormat, "deflate-raw">,
  data: Uint8Array,
  expanded: Uint8Array,
): boolean {
  const end = data.byteLength - TRAILER_SIZE;
  if (end < 0) return false;
  const view = new DataView(data.buffer, data.byteOffset + end, TRAILER_SIZE);
  return format === "gzip"
    ? view.getUint32(0, true) === expanded.byteLength
    : view.getUint32(0) === adler32(expanded);
}

/** An empty stream in `"deflate-raw"`, and one byte after it. */
const EMPTY_AND_REST = /* @__PURE__ */ Uint8Array.of(3, 0, 0);

/**
 * Whether a stream in `"deflate-raw"`, which has no trailer, ends with the last byte. Node ignores the bytes after a
 * stream; there, a stream is cut off without its last byte.
 */
async function isWithoutRest(data: Uint8Array, most: number): Promise<boolean> {
  return !await isExpandable(EMPTY_AND_REST, 0) || !await isExpandable(data.subarray(0, -1), most);
}

async function isExpandable(data: Uint8Array, most: number): Promise<boolean> {
  const through = await openExpander("deflate-raw");
  return await pass(data, through, PIECE_SIZE, most).then(() => true, () => false);
}

/** The checksum of zlib's format, RFC 1950. */
function adler32(data: Uint8Array): number {
  let [a, b] = [1, 0];
  // After this many steps the sums are still below 2^53, so the remainder is computed only then.
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
