/**
 * Ruby's `Time` as `Time#_dump` writes it: two words with the fields in UTC, and a year behind them that the words
 * have no room for.
 *
 * @module
 */

import { ByteReader } from "../byte_reader.ts";

/** Set in the first word; dumps of before Ruby 1.8 have two plain numbers instead. */
const HAS_FIELDS = 2 ** 31;
/** Says that the Time is in UTC, and not in a zone of its own. */
const IS_UTC = 2 ** 30;
const FIRST_YEAR = 1900;
const LAST_YEAR = FIRST_YEAR + 0xffff;
const WORDS = 8;

/** Reads a Time as its instant; what is below a millisecond is cut off. */
export function readTime(bytes: Uint8Array): Date {
  const reader = new ByteReader(bytes, "Marshal");
  const [first, second] = [reader.uint32(true), reader.uint32(true)];
  if (first < HAS_FIELDS) return new Date(first * 1000 + Math.floor(second / 1000));
  const year = yearOf((first >>> 14 & 0xffff) + FIRST_YEAR, reader);
  const date = new Date(0);
  date.setUTCFullYear(year, first >>> 10 & 0xf, first >>> 5 & 0x1f);
  date.setUTCHours(
    first & 0x1f,
    second >>> 26,
    second >>> 20 & 0x3f,
    Math.floor((second & 0xfffff) / 1000),
  );
  if (Number.isNaN(date.getTime())) throw reader.fault(`a Time is in the year ${year}`);
  return date;
}

/** The year, which what follows the words is added to, or before 1900 subtracted from. */
function yearOf(year: number, reader: ByteReader): number {
  if (reader.rest === 0) return year;
  const size = reader.uint8() - 5;
  if (size < 0 || size > 6 || size > reader.rest) return year;
  let distance = 0;
  for (let at = 0; at < size; at++) distance += reader.uint8() * 2 ** (8 * at);
  return year === FIRST_YEAR ? year - distance : year + distance;
}

/** The bytes of a Time in UTC. */
export function timeBytes(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  const held = Math.min(Math.max(year, FIRST_YEAR), LAST_YEAR);
  const distance = distanceBytes(Math.abs(year - held));
  const bytes = new Uint8Array(WORDS + distance.length);
  const view = new DataView(bytes.buffer);
  const day = (held - FIRST_YEAR) << 14 | date.getUTCMonth() << 10 | date.getUTCDate() << 5;
  view.setUint32(0, (HAS_FIELDS + IS_UTC + (day | date.getUTCHours())) >>> 0, true);
  const seconds = date.getUTCMinutes() << 26 | date.getUTCSeconds() << 20;
  view.setUint32(4, (seconds | date.getUTCMilliseconds() * 1000) >>> 0, true);
  bytes.set(distance, WORDS);
  return bytes;
}

function distanceBytes(distance: number): number[] {
  const bytes: number[] = [];
  for (let rest = distance; rest > 0; rest = rest >>> 8) bytes.push(rest & 0xff);
  return bytes.length === 0 ? [] : [bytes.length + 5, ...bytes];
}
