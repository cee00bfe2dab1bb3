/** The adapters' own format of items, which does not depend on the client's transcoder. @module */

import {
  ClientException,
  type EncodedValue,
  moecacheTranscoder,
  type Transcoder,
} from "../../mod.ts";

/** What an adapter keeps in an item. */
export interface StoredValue {
  readonly value: unknown;
  /** The key as the user gave it, where the item's own key does not tell it. */
  readonly key?: string;
  /** When the value expires, in milliseconds since 1970; absent for never. */
  readonly expires?: number;
}

/** The flags of bytes as they are. */
const BYTES = 0x6d6f6b00;
/** The flags of an item that begins with a header. */
const WITH_HEADER = 0x6d6f6b01;
/** What the header holds before the key: the value's own flags, its time and the length of the key. */
const HEADER_LENGTH = 4 + 8 + 4;

/**
 * Bytes as they are, and other values as `moecacheTranscoder` writes them. A key and a time stand in a header
 * in front of them, where there is one of the two.
 */
export const itemFormat: Transcoder<StoredValue> = {
  handsOverData: false,
  borrowsData: true,

  encode({ value, key, expires }: StoredValue): EncodedValue {
    const item = encodeValue(value);
    if (key === undefined && expires === undefined) return item;
    // JSON has an escape for half a surrogate pair; UTF-8 has not.
    const keyBytes = new TextEncoder().encode(key === undefined ? "" : JSON.stringify(key));
    const start = HEADER_LENGTH + keyBytes.byteLength;
    const data = new Uint8Array(start + item.data.byteLength);
    const view = new DataView(data.buffer);
    view.setUint32(0, item.flags);
    view.setFloat64(4, expires ?? Infinity);
    view.setUint32(12, keyBytes.byteLength);
    data.set(keyBytes, HEADER_LENGTH);
    data.set(item.data, start);
    return { flags: WITH_HEADER, data };
  },

  decode({ flags, data }: EncodedValue): StoredValue {
    if (flags !== WITH_HEADER) return { value: decodeValue({ flags, data }) };
    const { buffer, byteOffset, byteLength } = data;
    const view = new DataView(buffer, byteOffset, byteLength);
    const start = byteLength < HEADER_LENGTH ? Infinity : HEADER_LENGTH + view.getUint32(12);
    if (start > byteLength) throw new ClientException("Cannot read item: it is cut short", data);
    const key = new TextDecoder().decode(data.subarray(HEADER_LENGTH, start));
    const expires = view.getFloat64(4);
    return {
      value: decodeValue({ flags: view.getUint32(0), data: data.subarray(start) }),
      ...(key === "" ? {} : { key: JSON.parse(key) as string }),
      ...(expires === Infinity ? {} : { expires }),
    };
  },
};

function encodeValue(value: unknown): EncodedValue {
  if (value instanceof ArrayBuffer) return { flags: BYTES, data: new Uint8Array(value) };
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return { flags: BYTES, data: new Uint8Array(buffer, byteOffset, byteLength) };
  }
  // This transcoder's results are no promises.
  return moecacheTranscoder.encode(withoutUndefined(value)) as EncodedValue;
}

function decodeValue(item: EncodedValue): unknown {
  return item.flags === BYTES ? item.data.slice() : moecacheTranscoder.decode(item);
}

/**
 * Does to `undefined` inside of plain objects and arrays what JSON does: a property is left out, an element is
 * `null`. Keyv without serialization has one in each value that does not expire.
 */
function withoutUndefined(value: unknown): unknown {
  return holdsUndefined(value, new Set()) ? copyDefined(value, new Map()) : value;
}

/** @param seen What has been looked at: a value may hold itself. */
function holdsUndefined(value: unknown, seen: Set<unknown>): boolean {
  if (!isPlain(value) || seen.has(value)) return false;
  seen.add(value);
  // A hole of an array is `undefined`, too.
  const parts: unknown[] = Array.isArray(value) ? [...value] : Object.values(value);
  return parts.some((part) => part === undefined || holdsUndefined(part, seen));
}

/** @param copies What has been copied: a value may hold itself. */
function copyDefined(value: unknown, copies: Map<unknown, unknown>): unknown {
  if (!isPlain(value)) return value;
  if (copies.has(value)) return copies.get(value);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const item of value) copy.push(item === undefined ? null : copyDefined(item, copies));
    return copy;
  }
  const copy = {};
  copies.set(value, copy);
  for (const [name, property] of Object.entries(value)) {
    if (property === undefined) continue;
    const kept = copyDefined(property, copies);
    const attributes = { writable: true, enumerable: true, configurable: true };
    // An assignment to "__proto__" would not make a property.
    Object.defineProperty(copy, name, { value: kept, ...attributes });
  }
  return copy;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
