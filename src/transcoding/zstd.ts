/**
 * Zstandard (RFC 8878), by `node:zlib`: of Deno, of Bun, and of Node from 22.15 on. No platform has it in
 * `CompressionStream`. Formats load this module when they have the first item to compress or expand.
 *
 * @module
 */

import "../loaded_already.ts";
import { builtinModule } from "../transport/runtime_features.ts";
import { ClientException, ValidationException } from "../errors.ts";

/** The part of `node:zlib` that is used here. */
interface NodeZlib {
  zstdCompressSync(data: Uint8Array): Uint8Array;
  zstdDecompressSync(data: Uint8Array, options: { readonly maxOutputLength: number }): Uint8Array;
}

const MAGIC = 0xfd2fb528;
const HAS_CHECKSUM = 1 << 2;
const IS_SINGLE_SEGMENT = 1 << 5;
const CHECKSUM_SIZE = 4;
/** The sizes of a dictionary's id and of the content's length, by the bits that stand for them. */
const ID_SIZES = [0, 1, 2, 4];
const LENGTH_SIZES = [0, 2, 4, 8];
/** A frame without content. Deno 2.9 puts one behind a frame of more than 16 KiB. */
const EMPTY_FRAME = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0];

/** What the headers of a frame say. */
interface Frame {
  /** The frame, and nothing behind it. */
  readonly bytes: Uint8Array;
  /** The declared length of the result, -1 without one. */
  readonly length: number;
}

/**
 * Compresses bytes, even if the result is longer.
 *
 * @throws {ValidationException} When the runtime has no zstd.
 */
export async function zstdCompress(data: Uint8Array): Promise<Uint8Array> {
  const zlib = await loadZlib();
  if (zlib === undefined) {
    throw new ValidationException(`Cannot store value: ${NONE}`, undefined);
  }
  const bytes = zlib.zstdCompressSync(data);
  return plain(frameOf(bytes)?.bytes ?? bytes);
}

/**
 * Expands bytes.
 *
 * @param most The maximum length of the result.
 * @throws {ClientException} When they are damaged, the result would be longer, or the runtime has no zstd.
 */
export async function zstdDecompress(data: Uint8Array, most: number): Promise<Uint8Array> {
  // The runtimes accept a truncated frame.
  const frame = frameOf(data);
  if (frame === undefined) throw unreadable("it is not a whole zstd frame");
  const { bytes, length } = frame;
  if (length > most) throw tooLong(most);
  const zlib = await loadZlib();
  if (zlib === undefined) throw unreadable(`it is compressed with zstd, and ${NONE}`);
  const expanded = expand(zlib, bytes, most);
  if (expanded.byteLength > most) throw tooLong(most);
  if (length < 0 || expanded.byteLength === length) return expanded;
  throw unreadable("its zstd frame expands to another length than it says");
}

/** At once: what some runtimes do meanwhile ends the program when the checksum is wrong. */
function expand(zlib: NodeZlib, data: Uint8Array, most: number): Uint8Array {
  try {
    return plain(zlib.zstdDecompressSync(data, { maxOutputLength: Math.max(most, 1) }));
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") throw tooLong(most);
    throw unreadable("its zstd frame is damaged", cause);
  }
}

const NONE = "this runtime has no zstd in node:zlib, as Node has from 22.15 on";

async function loadZlib(): Promise<NodeZlib | undefined> {
  let zlib: Partial<NodeZlib> | undefined;
  try {
    zlib = await builtinModule<Partial<NodeZlib> | undefined>("node:zlib");
  } catch {
    return undefined; // there is no such module, as in most workers
  }
  return typeof zlib?.zstdCompressSync === "function" ? zlib as NodeZlib : undefined;
}

/**
 * Finds the end of a frame; it reads only the headers that are needed for this.
 *
 * @returns The frame; `undefined` when it is truncated, or followed by more than an empty one: no client writes two
 * with content, and some runtimes read only the first.
 */
function frameOf(data: Uint8Array): Frame | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  try {
    if (view.getUint32(0, true) !== MAGIC) return undefined;
    const descriptor = view.getUint8(4);
    const isSingle = (descriptor & IS_SINGLE_SEGMENT) !== 0;
    const size = LENGTH_SIZES[descriptor >> 6] || Number(isSingle);
    let at = 5 + (isSingle ? 0 : 1) + (ID_SIZES[descriptor & 3] ?? 0);
    const length = readLength(view, at, size);
    at = passBlocks(view, at + size) + ((descriptor & HAS_CHECKSUM) === 0 ? 0 : CHECKSUM_SIZE);
    const rest = data.subarray(at);
    const isEmpty = rest.length === EMPTY_FRAME.length &&
      EMPTY_FRAME.every((byte, index) => rest[index] === byte);
    if (at !== data.byteLength && !isEmpty) return undefined;
    return { bytes: data.subarray(0, at), length };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined; // it ends before a part that it has to have
  }
}

function passBlocks(view: DataView, start: number): number {
  let at = start;
  for (let isLast = false; !isLast;) {
    const header = view.getUint16(at, true) | view.getUint8(at + 2) << 16;
    const isRepeatedByte = (header >> 1 & 3) === 1;
    isLast = (header & 1) === 1;
    at += 3 + (isRepeatedByte ? 1 : header >> 3);
  }
  return at;
}

function readLength(view: DataView, at: number, size: number): number {
  switch (size) {
    case 0:
      return -1;
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}

/** A Uint8Array with its own buffer, if the runtime returned a Buffer. */
function plain(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes;
  const isWhole = byteLength === buffer.byteLength;
  return isWhole ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes);
}

function tooLong(most: number): ClientException {
  return unreadable(`it expands to more than maxValueBytes, ${most} bytes`);
}

function unreadable(why: string, cause?: unknown): ClientException {
  const options = cause === undefined ? undefined : { cause };
  return new ClientException(`Cannot read item: ${why}`, undefined, options);
}
