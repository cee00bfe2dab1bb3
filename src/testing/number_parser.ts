/**
 * Reads numbers as memcached does, with C's `strtoull` and `strtol` (memcached's `util.c`): leading white space and a
 * sign are accepted, and a number that is too large may wrap around instead of failing.
 *
 * @module
 */

/** White space, sign, digits; then white space, a NUL or the end, where C stops reading. */
const NUMBER = /^[\t-\r ]*([+-]?)0*(\d+)(?![^\t-\r \0])/;
const SHORT_NUMBER = /^\d{1,9}$/;
const LONGEST_UINT64 = 20;

const MAX_UINT32 = 0xffffffffn;
const MAX_UINT64 = 0xffffffffffffffffn;
const MAX_INT64 = 0x7fffffffffffffffn;

/**
 * Reads an unsigned 64-bit number. As in C, a negative number wraps around. As in memcached, it is refused only when
 * the result has its top bit set.
 *
 * @param text The text to read.
 * @returns The number, or `undefined` when `text` is not a number, or too large.
 */
export function parseUint64(text: string): bigint | undefined {
  const [negative, magnitude] = matchNumber(text);
  if (magnitude === undefined || magnitude > MAX_UINT64) return undefined;
  const value = BigInt.asUintN(64, negative ? -magnitude : magnitude);
  return value > MAX_INT64 && text.includes("-") ? undefined : value;
}

/**
 * Reads an unsigned number and returns its low 32 bits, as memcached does.
 *
 * @param text The text to read.
 * @returns The number, or `undefined` when {@linkcode parseUint64} refuses it.
 */
export function parseUint32(text: string): number | undefined {
  if (SHORT_NUMBER.test(text)) return Number(text);
  const value = parseUint64(text);
  return value === undefined ? undefined : Number(BigInt.asUintN(32, value));
}

/**
 * Reads client flags. memcached keeps their low 32 bits, or all 64 if it was built with `--enable-large-client-flags`.
 *
 * @param text The text to read.
 * @param bits How many bits to keep.
 * @returns The flags, as a `bigint` only beyond 32 bits; `undefined` when {@linkcode parseUint64} refuses them.
 */
export function parseFlags(text: string, bits: 32 | 64): number | bigint | undefined {
  if (bits === 32) return parseUint32(text);
  const flags = parseUint64(text);
  return flags === undefined || flags > MAX_UINT32 ? flags : Number(flags);
}

/**
 * Reads a signed 64-bit number, such as an exptime, and returns its low 32 bits, as memcached does.
 *
 * @param text The text to read.
 * @returns The number, or `undefined` when `text` is not a number, or does not fit into 64 bits.
 */
export function parseInt32(text: string): number | undefined {
  if (SHORT_NUMBER.test(text)) return Number(text);
  const [negative, magnitude] = matchNumber(text);
  if (magnitude === undefined || magnitude > MAX_INT64 + (negative ? 1n : 0n)) return undefined;
  return Number(BigInt.asIntN(32, negative ? -magnitude : magnitude));
}

function matchNumber(text: string): [negative: boolean, magnitude: bigint | undefined] {
  const [, sign, digits] = NUMBER.exec(text) ?? [];
  const fits = digits !== undefined && digits.length <= LONGEST_UINT64;
  return [sign === "-", fits ? BigInt(digits) : undefined];
}
