/** Integers of any size: as a number where that is exact, and as a bigint where it is not. @module */

const LEAST_INT64 = -(2n ** 63n);
const MOST_INT64 = 2n ** 63n - 1n;
const LEAST_INT32 = -(2 ** 31);
const MOST_INT32 = 2 ** 31 - 1;

/** Whether a value is a number that other languages have as an integer; -0 is a float to them. */
export function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** Whether an integer fits in 32 bits, sign included. */
export function isInt32(value: number | bigint): boolean {
  return value >= LEAST_INT32 && value <= MOST_INT32;
}

/** Whether an integer fits in 64 bits, sign included. */
export function isInt64(value: number | bigint): boolean {
  return value >= LEAST_INT64 && value <= MOST_INT64;
}

/** Big-endian bytes as an integer of 0 or more. Takes time in proportion to their number. */
export function magnitudeFromBytes(bytes: Uint8Array): bigint {
  let hex = "0x0";
  for (const byte of bytes) hex += (byte < 16 ? "0" : "") + byte.toString(16);
  return BigInt(hex);
}

/** An integer of 0 or more as big-endian bytes, as few as there can be; none for 0. */
export function magnitudeToBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  const hex = value.toString(16);
  const digits = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Uint8Array.from(
    { length: digits.length / 2 },
    (_, at) => Number(`0x${digits.slice(at * 2, at * 2 + 2)}`),
  );
}
