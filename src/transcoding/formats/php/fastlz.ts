/**
 * FastLZ, which php-memcached compresses with by default: runs of bytes as they are, and matches, each a length and
 * a distance back. The first three bits tell the level: 1, or 2 for longer inputs, which has longer matches.
 *
 * @module
 */

import { ClientException } from "../../../errors.ts";

const LITERALS = 32;
const SHORTEST = 3;
/** Length and distance of the longest and farthest match of level 1. */
const LONGEST = 264;
const FARTHEST = 8192;
/** A match whose length goes on in bytes of its own has this in the bits for it. */
const LONG = 7;
const HASH_BITS = 13;
/** No byte of level 2 stands for more: those that go on with a length. */
const MOST_PER_BYTE = 255;

/**
 * Expands bytes.
 *
 * @param length How many they have to become.
 * @throws {ClientException} When they are damaged, or become another number.
 */
export function expandFastlz(data: Uint8Array, length: number): Uint8Array {
  // What is declared and cannot come of so few bytes must not be allocated.
  if (length > data.length * MOST_PER_BYTE + LONGEST) throw damaged();
  const level = (data[0] ?? 0) >> 5;
  if (level > 1) throw damaged();
  return new Expander(data, length, level === 1).expand();
}

class Expander {
  readonly #data: Uint8Array;
  readonly #result: Uint8Array;
  readonly #isLevel2: boolean;
  #at = 0;
  #length = 0;

  constructor(data: Uint8Array, length: number, isLevel2: boolean) {
    this.#data = data;
    this.#result = new Uint8Array(length);
    this.#isLevel2 = isLevel2;
  }

  expand(): Uint8Array {
    if (this.#data.length > 0) this.#literals(this.#byte() & 31);
    while (this.#at < this.#data.length) {
      const control = this.#byte();
      if (control < LITERALS) this.#literals(control);
      else this.#match(control);
    }
    if (this.#length !== this.#result.length) throw damaged();
    return this.#result;
  }

  #byte(): number {
    const byte = this.#data[this.#at++];
    if (byte === undefined) throw damaged();
    return byte;
  }

  #literals(control: number): void {
    const end = this.#at + control + 1;
    this.#claim(control + 1);
    if (end > this.#data.length) throw damaged();
    this.#result.set(this.#data.subarray(this.#at, end), this.#length - control - 1);
    this.#at = end;
  }

  #match(control: number): void {
    let length = (control >> 5) + 2;
    if (control >> 5 === LONG) length += this.#moreLength();
    const high = (control & 31) << 8;
    const low = this.#byte();
    let distance = high + low + 1;
    if (this.#isLevel2 && distance === FARTHEST) {
      distance += this.#byte() << 8;
      distance += this.#byte();
    }
    let from = this.#length - distance;
    if (from < 0) throw damaged();
    this.#claim(length);
    const result = this.#result;
    // A match may be longer than its distance: then it repeats what it has written.
    for (let to = this.#length - length; to < this.#length; to++) result[to] = result[from++] ?? 0;
  }

  #moreLength(): number {
    let length = 0;
    let byte = this.#byte();
    for (; this.#isLevel2 && byte === MOST_PER_BYTE; byte = this.#byte()) length += byte;
    return length + byte;
  }

  #claim(length: number): void {
    this.#length += length;
    if (this.#length > this.#result.length) throw damaged();
  }
}

/** Compresses bytes at level 1, which every version of FastLZ expands. */
export function compressFastlz(data: Uint8Array): Uint8Array {
  // At worst, each 32 bytes take one more.
  const result = new Uint8Array(data.length + Math.ceil(data.length / LITERALS) + 1);
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  let length = 0;
  let from = 0;
  const literals = (end: number): void => {
    for (; from < end; from += LITERALS) {
      const run = data.subarray(from, Math.min(from + LITERALS, end));
      result[length++] = run.length - 1;
      result.set(run, length);
      length += run.length;
    }
    from = end;
  };
  // The first bytes have to be literal: their count shares its byte with the level.
  for (let at = 0; at + SHORTEST <= data.length;) {
    const hash = hashAt(data, at);
    const match = table[hash] ?? -1;
    table[hash] = at;
    const size = match >= 0 && at - match <= FARTHEST ? matchLength(data, match, at) : 0;
    if (size < SHORTEST) at++;
    else {
      literals(at);
      length = writeMatch(result, length, size, at - match - 1);
      at += size;
      from = at;
    }
  }
  literals(data.length);
  return result.slice(0, length);
}

function hashAt(data: Uint8Array, at: number): number {
  const bytes = (data[at] ?? 0) | (data[at + 1] ?? 0) << 8 | (data[at + 2] ?? 0) << 16;
  return Math.imul(bytes, 0x9e3779b1) >>> 32 - HASH_BITS;
}

function matchLength(data: Uint8Array, match: number, at: number): number {
  const most = Math.min(LONGEST, data.length - at);
  let length = 0;
  while (length < most && data[match + length] === data[at + length]) length++;
  return length;
}

function writeMatch(result: Uint8Array, start: number, size: number, distance: number): number {
  let at = start;
  const isLong = size >= LONG + 2;
  result[at++] = (isLong ? LONG : size - 2) << 5 | distance >> 8;
  if (isLong) result[at++] = size - LONG - 2;
  result[at++] = distance & 0xff;
  return at;
}

function damaged(): ClientException {
  return new ClientException("Cannot read item: its compressed bytes are damaged");
}
