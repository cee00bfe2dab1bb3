/** Items that other clients compress with zlib or gzip. @module */

import { checkInteger } from "../../option_checks.ts";
import type { DecodeLimits } from "../transcoder.ts";

/** The maximum length of an expanded value in bytes, if the client's limit is not less. */
const MOST_BYTES = 2 ** 27;
const MOST_THRESHOLD = 2 ** 30;

/** The maximum length of an expanded value in bytes. */
export function mostBytes(limits: DecodeLimits | undefined): number {
  return Math.min(MOST_BYTES, limits?.maxValueBytes ?? MOST_BYTES);
}

/** A UTF-16 code unit takes up to three bytes in UTF-8. */
const MOST_BYTES_PER_UNIT = 3;

/** The length of the longest string that takes fewer bytes than a threshold with any characters. */
export function longestBelow(threshold: number): number {
  return Math.max(Math.ceil(threshold / MOST_BYTES_PER_UNIT) - 1, 0);
}

/**
 * Checks a threshold in bytes from which on values are compressed; `Infinity` means never.
 *
 * @throws {ValidationException} When it is invalid.
 */
export function checkThreshold(name: string, value: unknown): void {
  if (value !== Infinity) checkInteger(name, value, 0, MOST_THRESHOLD);
}

/** Expands bytes in zlib's or gzip's format, which are only lent until this returns. */
export function inflate(data: Uint8Array, limits: DecodeLimits | undefined): Promise<Uint8Array> {
  const own = new Uint8Array(data);
  return import("../compression.ts").then(({ decompress }) =>
    decompress(own, false, mostBytes(limits))
  );
}

/** Compresses bytes; resolves to `undefined` when they would become more than `most`. */
export function deflate(
  data: Uint8Array,
  format: "deflate" | "gzip",
  most: number,
): Promise<Uint8Array | undefined> {
  return import("../compression.ts").then(({ compress }) => compress(data, format, most));
}
