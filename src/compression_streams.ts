/** Streams that compress and expand: the platform's, or `node:zlib`'s where it has none, as Bun 1.2. @module */

import { builtinModule } from "./transport/runtime.ts";

/** What `CompressionStream` writes: `"deflate"` is deflate in zlib's wrapping, `"deflate-raw"` bare. */
export type CompressedFormat = "gzip" | "deflate" | "deflate-raw";

/** What a stream that bytes go through offers. */
export interface Through {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<BufferSource>;
}

/** As much of `node:zlib` as is used here. */
type NodeZlib = Record<string, () => unknown>;

interface NodeStream {
  readonly Duplex: { toWeb(duplex: unknown): Through };
}

/** What `node:zlib` calls them. */
const NODE_NAMES = {
  gzip: ["createGzip", "createGunzip"],
  deflate: ["createDeflate", "createInflate"],
  "deflate-raw": ["createDeflateRaw", "createInflateRaw"],
} as const;

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

/** Opens the platform's, unless it has none or does not know the format, as Node 20.9 `"deflate-raw"`. */
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

async function openNodeStream(name: string): Promise<Through> {
  const zlib = await builtinModule<NodeZlib>("node:zlib");
  const { Duplex } = await builtinModule<NodeStream>("node:stream");
  return Duplex.toWeb(zlib[name]!());
}
