/** How php-memcached compresses: the length of what is compressed in four bytes, and a stream of one of three kinds. @module */

import { ClientException } from "../../../errors.ts";
import type { DecodeLimits, EncodedValue } from "../../transcoder.ts";
import { deflate, mostBytes } from "../deflated.ts";
import { compressFastlz, expandFastlz } from "./fastlz.ts";

/** Bits of the flags: that an item is compressed, and with what. */
const COMPRESSED = 16;
const KINDS: Readonly<Record<PhpCompression, number>> = { zlib: 32, fastlz: 64, zstd: 128 };

/** All of these bits. */
export const COMPRESSION_BITS = 0xf0;
/** php-memcached's `compression_threshold`: shorter values are not compressed. */
export const PHP_THRESHOLD = 2000;
/** Its `compression_factor`: how many times shorter a value has to become. */
const FACTOR = 1.3;
const LENGTH_SIZE = 4;

/** What php-memcached compresses with. */
export type PhpCompression = "zlib" | "fastlz" | "zstd";

/** Compresses an item that is long enough, if it becomes enough shorter by it. */
export function compressPhp(
  item: EncodedValue,
  compression: PhpCompression | false,
): EncodedValue | Promise<EncodedValue> {
  const { flags, data } = item;
  if (compression === false || data.length < PHP_THRESHOLD) return item;
  const finish = (stream: Uint8Array | undefined): EncodedValue => {
    if (stream === undefined || data.length <= stream.length * FACTOR) return item;
    const prefixed = new Uint8Array(LENGTH_SIZE + stream.length);
    new DataView(prefixed.buffer).setUint32(0, data.length, true);
    prefixed.set(stream, LENGTH_SIZE);
    return { flags: flags | COMPRESSED | KINDS[compression], data: prefixed };
  };
  switch (compression) {
    case "fastlz":
      return finish(compressFastlz(data));
    case "zlib":
      return deflate(data, "deflate", data.length).then(finish);
    case "zstd":
      return import("../../zstd.ts").then(({ zstdCompress }) => zstdCompress(data)).then(finish);
  }
}

/**
 * Expands an item whose flags say that it is compressed; any other is given back.
 *
 * @throws {ClientException} When it is damaged, too long, or compressed in another way.
 */
export function expandPhp(
  item: EncodedValue,
  limits: DecodeLimits | undefined,
): EncodedValue | Promise<EncodedValue> {
  const { flags, data } = item;
  const bits = flags & COMPRESSION_BITS;
  if (bits === 0) return item;
  const rest = flags & ~COMPRESSION_BITS;
  const length = lengthOf(data, limits);
  const stream = data.subarray(LENGTH_SIZE);
  if (bits === (COMPRESSED | KINDS.fastlz)) {
    return { flags: rest, data: expandFastlz(stream, length) };
  }
  // What follows is asynchronous, and the bytes are only lent.
  const own = new Uint8Array(stream);
  if (bits === (COMPRESSED | KINDS.zlib)) {
    return import("../../compression.ts").then(({ decompress }) => decompress(own, false, length))
      .then((expanded) => ({ flags: rest, data: checkLength(expanded, length) }));
  }
  if (bits === (COMPRESSED | KINDS.zstd)) {
    return import("../../zstd.ts").then(({ zstdDecompress }) => zstdDecompress(own, length))
      .then((expanded) => ({ flags: rest, data: checkLength(expanded, length) }));
  }
  const why = `its flags are ${flags}, which are not those of a compression of php-memcached`;
  throw new ClientException(`Cannot read item: ${why}`, flags);
}

/** The length that an item declares, which has to be allowed before it is believed. */
function lengthOf(data: Uint8Array, limits: DecodeLimits | undefined): number {
  if (data.length < LENGTH_SIZE) {
    throw new ClientException("Cannot read item: its compressed bytes are damaged");
  }
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const most = mostBytes(limits);
  if (length <= most) return length;
  const why = `it expands to more than maxValueBytes, ${most} bytes`;
  throw new ClientException(`Cannot read item: ${why}`);
}

function checkLength(expanded: Uint8Array, length: number): Uint8Array {
  if (expanded.length === length) return expanded;
  throw new ClientException("Cannot read item: its compressed bytes are damaged");
}
