/** The adapters' own format of items, which does not depend on the client's transcoder. @module */

import {
  ClientException,
  type EncodedValue,
  moecacheTranscoder,
  type Transcoder,
} from "../../mod.ts";

/** The content of an adapter's item. */
export interface StoredValue {
  readonly value: unknown;
  /** The user's key; only where the item's key is a hash. */
  readonly key?: string;
  /** When the value expires, in milliseconds since 1970; absent when it never expires. */
  readonly expires?: number;
}

/** The flags of bytes that are stored unchanged. */
const BYTES = 0x6d6f6b00;
/** The flags of an item that begins with a header. */
const WITH_HEADER = 0x6d6f6b01;
/** The length of the header without the key: the value's flags, its expiry time and the key's length. */
const HEADER_LENGTH = 4 + 8 + 4;

/**
 * Stores bytes unchanged, and other values as `moecacheTranscoder` writes them. If the item has a key or an expiry
 * time, a header with both comes first.
 */
export const itemFormat: Transcoder<StoredValue> = {
  handsOverData: false,
  borrowsData: true,

  encode({ value, key, expires }: StoredValue): EncodedValue {
    const item = encodeValue(value);
    if (key === undefined && expires === undefined) return item;
    // JSON can escape half a surrogate pair; UTF-8 cannot encode one.
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
    if (start > byteLength) throw new ClientException("Cannot read item: it ends too early", data);
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
  // This transcoder is synchronous.
  return moecacheTranscoder.encode(withoutUndefined(value)) as EncodedValue;
}

function decodeValue(item: EncodedValue): unknown {
  return item.flags === BYTES ? item.data.slice() : moecacheTranscoder.decode(item);
}

/**
 * Treats `undefined` in plain objects and arrays as JSON does: leaves out the property, and turns the array element
 * into `null`. Without serialization, Keyv puts an `undefined` into each value that does not expire.
 */
function withoutUndefined(value: unknown): unknown {
  return holdsUndefined(value, new Set()) ? copyDefined(value, new Map()) : value;
}

/** @param seen The objects visited so far: a value may contain itself. */
function holdsUndefined(value: unknown, seen: Set<unknown>): boolean {
  if (!isPlain(value) || seen.has(value)) return false;
  seen.add(value);
  // A hole in an array counts as `undefined`.
  const parts: unknown[] = Array.isArray(value) ? [...value] : Object.values(value);
  return parts.some((part) => part === undefined || holdsUndefined(part, seen));
}

/** @param copies The objects copied so far: a value may contain itself. */
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
    // Assigning to "__proto__" would set the prototype instead of a property.
    Object.defineProperty(copy, name, { value: kept, ...attributes });
  }
  return copy;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
