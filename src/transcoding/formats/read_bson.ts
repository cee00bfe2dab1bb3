/**
 * Reading BSON, as far as its types are plain data. It never runs code, and its time and memory are proportional to the
 * length.
 *
 * @module
 */

import { ClientException } from "../../errors.ts";
import { numberIfSafe } from "../pickle/numbers.ts";
import { decodeUtf8 } from "../text.ts";
import { bsonType, UNREAD } from "./bson_types.ts";
import { addOwn } from "./records.ts";

/** Kinds of binary: bytes with a second length, and a `Guid` as .NET lays it out. */
const OLD_BYTES = 0x02;
const GUIDS = [0x03, 0x04];
/** Where in a `Guid`'s bytes its digits are, in groups. */
const GUID_GROUPS = [[3, 2, 1, 0], [5, 4], [7, 6], [8, 9], [10, 11, 12, 13, 14, 15]];

/** A length, and the zero at the end. */
const LEAST_DOCUMENT = 5;
const MOST_MILLISECONDS = 8_640_000_000_000_000n;

/** A document or array that has been begun. */
interface Open {
  readonly value: unknown[] | Record<string, unknown>;
  /** Where its last byte is, a zero. */
  readonly end: number;
}

/**
 * Reads a document.
 *
 * @param arrays Whether a document whose keys are 0, 1, 2 … is an array, which BSON does not tell at its root.
 * @throws {ClientException} When it is damaged, or holds a type that is not plain data.
 */
export function readBson(data: Uint8Array, arrays: boolean): unknown {
  const reader = new BsonReader(data);
  const root = reader.read();
  return arrays && isArrayLike(root) ? Object.values(root) : root;
}

/** Whether keys are those of an array. JavaScript puts such keys first, in the order of their numbers. */
function isArrayLike(root: Record<string, unknown>): boolean {
  let next = 0;
  for (const key in root) if (key !== String(next++)) return false;
  return next > 0;
}

class BsonReader {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  /** With a stack of its own: documents may be nested to any depth. */
  read(): Record<string, unknown> {
    const root: Record<string, unknown> = {};
    const open: Open[] = [this.#begin(root, this.#data.byteLength)];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (this.#at === top.end && this.#data[top.end] === 0) {
        this.#at++;
        open.pop();
        continue;
      }
      const type = this.#uint8(top.end);
      const key = this.#key(top.end);
      const value = this.#value(type, top.end);
      if (Array.isArray(top.value)) top.value.push(value);
      else addOwn(top.value, key, value, unreadable);
      if (type === bsonType.document || type === bsonType.array) {
        open.push(this.#begin(value as Open["value"], top.end));
      }
    }
    if (this.#at === this.#data.byteLength) return root;
    throw unreadable("bytes follow its end");
  }

  /** A document begins with its length, all of it, and ends with a zero. */
  #begin(value: Open["value"], most: number): Open {
    const start = this.#at;
    const end = start + this.#length(most, LEAST_DOCUMENT) - 1;
    if (end >= most || this.#data[end] !== 0) {
      throw unreadable("a document does not end where it says");
    }
    return { value, end };
  }

  #value(type: number, most: number): unknown {
    switch (type) {
      case bsonType.double:
        return this.#view.getFloat64(this.#advance(8, most), true);
      case bsonType.string:
        return this.#string(most);
      case bsonType.document:
        return {};
      case bsonType.array:
        return [];
      case bsonType.binary:
        return this.#binary(most);
      case bsonType.boolean:
        return this.#uint8(most) !== 0;
      case bsonType.date:
        return this.#date(most);
      case bsonType.null:
        return null;
      case bsonType.int32:
        return this.#view.getInt32(this.#advance(4, most), true);
      case bsonType.int64:
        return numberIfSafe(this.#view.getBigInt64(this.#advance(8, most), true));
    }
    const name = UNREAD[type];
    throw unreadable(
      name === undefined
        ? `it holds the unknown type ${type}`
        : `it holds a ${name}, which is not plain data`,
    );
  }

  #string(most: number): string {
    const length = this.#length(most, 1);
    const start = this.#advance(length, most);
    if (this.#data[this.#at - 1] !== 0) throw unreadable("a string does not end where it says");
    return this.#utf8(start, this.#at - 1);
  }

  #binary(most: number): Uint8Array | string {
    const length = this.#length(most, 0);
    const kind = this.#uint8(most);
    const start = this.#advance(length, most);
    const bytes = this.#data.subarray(start, this.#at);
    if (GUIDS.includes(kind) && length === 16) return guidOf(bytes);
    if (kind !== OLD_BYTES) return new Uint8Array(bytes);
    const isWhole = length >= 4 && this.#view.getInt32(start, true) === length - 4;
    if (!isWhole) throw unreadable("bytes do not end where they say");
    return new Uint8Array(bytes.subarray(4));
  }

  #date(most: number): Date {
    const milliseconds = this.#view.getBigInt64(this.#advance(8, most), true);
    const magnitude = milliseconds < 0n ? -milliseconds : milliseconds;
    if (magnitude > MOST_MILLISECONDS) {
      throw unreadable("it holds a date out of JavaScript's range");
    }
    return new Date(Number(milliseconds));
  }

  /** A key, which ends with a zero. */
  #key(most: number): string {
    const start = this.#at;
    const end = this.#data.indexOf(0, start);
    this.#advance(end - start + 1, most);
    return this.#utf8(start, end);
  }

  #utf8(start: number, end: number): string {
    try {
      return decodeUtf8(this.#data, start, end);
    } catch (cause) {
      throw unreadable("a string is not UTF-8", cause);
    }
  }

  #length(most: number, least: number): number {
    const length = this.#view.getInt32(this.#advance(4, most), true);
    if (length < least) throw unreadable("a length is too small");
    return length;
  }

  #uint8(most: number): number {
    return this.#view.getUint8(this.#advance(1, most));
  }

  /** Passes over bytes that have to lie before `most`, and returns where they start. */
  #advance(length: number, most: number): number {
    const start = this.#at;
    if (length < 0 || start + length > most) throw unreadable("it ends in the middle");
    this.#at = start + length;
    return start;
  }
}

function guidOf(bytes: Uint8Array): string {
  const digits = (at: number) => (bytes[at] ?? 0).toString(16).padStart(2, "0");
  return GUID_GROUPS.map((group) => group.map(digits).join("")).join("-");
}

function unreadable(why: string, cause?: unknown): ClientException {
  const options = cause === undefined ? undefined : { cause };
  return new ClientException(`Cannot read BSON: ${why}`, undefined, options);
}
