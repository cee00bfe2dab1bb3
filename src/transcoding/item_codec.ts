/** Encodes and decodes items with a transcoder; and the flags of items that hold no value. @module */

import { ClientException, copyError, messageOf, quote, ValidationException } from "../errors.ts";
import { invalidOption, isPromise } from "../option_checks.ts";
import { checkText } from "./text.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "./transcoder.ts";

/**
 * The flags of a lease: a client is computing the item's value (`moel` in ASCII). For other programs it is an item with
 * unknown flags, as are the two below.
 */
export const LEASE_FLAGS = 0x6d6f656c;

/**
 * The flags of a failure: the item holds an error message, of a loader or of `once` when it could not store a result
 * (`moef` in ASCII).
 */
export const FAILURE_FLAGS = 0x6d6f6566;

/** The flags of a result of `undefined` that `once` stores; the item is empty (`moeu` in ASCII). */
export const UNDEFINED_FLAGS = 0x6d6f6575;

/**
 * Flags of a mark, an item beside a value that says what a server without meta commands does not: that the value is
 * stale, or when it will be (`moem` in ASCII).
 */
export const MARK_FLAGS = 0x6d6f656d;

/** The valid flags of values, in words. */
export const USABLE_FLAGS = "an integer from 0 to 0xffffffff, but not 0x6d6f6500 to 0x6d6f65ff";

/** Whether a value can be stored with these flags. */
export function isUsable(flags: unknown): flags is number {
  return isFlags(flags) && !isReserved(flags);
}

/** Whether flags mark an item that holds no value: 0x6d6f6500 to 0x6d6f65ff are reserved for this. */
export function isReserved(flags: number): boolean {
  return flags >>> 8 === 0x6d6f65;
}

/** An item as it is in memcached: flags and bytes, with no value made of them. */
export interface RawItem {
  /** The client flags. */
  readonly flags: number;
  /** The bytes. */
  readonly data: Uint8Array;
}

/** Reads and writes raw items, including those with reserved flags, which other transcoders never get. */
export const itemTranscoder: Transcoder<RawItem> = {
  encode: (item) => item,
  decode: ({ flags, data }) => ({ flags, data }),
};

/**
 * Decodes an item. The bytes are valid until it returns. The result is `undefined` for an item without a value, such as
 * a lease. The key is used in messages; the cas unique is not used.
 */
export interface DecodeItem {
  (flags: number, data: Uint8Array, cas?: bigint, key?: string): unknown;
  /** Part of {@linkcode Transcoder}. */
  readonly place?: Transcoder["place"];
}

/** A value that is ready to be sent. Text is sent as UTF-8. */
export interface SendableItem {
  readonly flags: number;
  readonly data: Uint8Array | string;
}

/** Encodes a value. The key and the command, by default `set`, are used in messages. */
export type EncodeItem = (
  value: unknown,
  key?: string,
  verb?: string,
) => SendableItem | Promise<SendableItem>;

/**
 * Checks a transcoder.
 *
 * @throws {ValidationException} When it is not a transcoder, or its strings would be read as a miss.
 */
export function checkTranscoder(transcoder: unknown): void {
  const { encode, decode, textFlags, longestText, place } = Object(transcoder) as Partial<
    Transcoder
  >;
  let expected: string;
  if (typeof encode !== "function" || typeof decode !== "function") {
    expected = "an object with encode and decode";
  } else if (textFlags !== undefined && !isUsable(textFlags)) {
    expected = `one whose textFlags are ${USABLE_FLAGS}`;
  } else if (longestText !== undefined && !(typeof longestText === "number" && longestText >= 0)) {
    expected = "one whose longestText is 0 or more";
  } else if (place !== undefined && typeof place !== "function") {
    expected = "one whose place is a function";
  } else return;
  throw invalidOption("transcoder", transcoder, expected);
}

/** From this many bytes on, the transcoder gets its own buffer, so that it need not copy the bytes. */
const LARGE = 65_536;

/** Makes a reader. The transcoder gets its own copy of the bytes, unless it only borrows them. */
export function itemReader(transcoder: Transcoder, limits: DecodeLimits): DecodeItem {
  const { borrowsData = false } = transcoder;
  const owning = { maxValueBytes: limits.maxValueBytes, ownsData: true };
  const read: DecodeItem = (flags, data, _, key) => {
    if (isReserved(flags) && transcoder !== itemTranscoder) return undefined;
    const item = { flags, data: borrowsData || isOwn(data) ? data : data.slice() };
    const isLent = !borrowsData || data.byteLength < LARGE || !isOwn(data);
    try {
      const value = transcoder.decode(item, isLent ? limits : owning);
      if (!isPromise(value)) return value;
      // It may be of a class that has only `then`.
      return Promise.resolve(value).catch((error) => failWithKey(error, key));
    } catch (error) {
      return failWithKey(error, key);
    }
  };
  return Object.assign(read, { place: transcoder.place?.bind(transcoder) });
}

/** A value within the read buffer shares that buffer with other data; a large value has its own. */
function isOwn(data: Uint8Array): boolean {
  return data.byteLength === data.buffer.byteLength;
}

/** Makes a writer. It sends strings as text if the transcoder allows this, and checks the transcoder's results. */
export function itemWriter(transcoder: Transcoder): EncodeItem {
  const { textFlags, longestText = Infinity, handsOverData = false } = transcoder;
  const checked = (encoded: EncodedValue) => checkEncoded(encoded, handsOverData);
  return (value, key, verb = "set") => {
    try {
      if (typeof value === "string" && textFlags !== undefined && value.length <= longestText) {
        return { flags: textFlags, data: checkText(value) };
      }
      const encoded = transcoder.encode(value);
      // A raw item has been checked where it was made, and its errors have the key.
      if (transcoder === itemTranscoder) return encoded;
      if (!isPromise(encoded)) return checked(encoded);
      return Promise.resolve(encoded).then(checked).catch((error) => failWithKey(error, key, verb));
    } catch (error) {
      return failWithKey(error, key, verb);
    }
  };
}

/**
 * Throws an error of a transcoder with the key in its message. An error of another class than this module's becomes the
 * cause of one that names the command, too.
 *
 * @param verb The command that stores the value; absent when one is read.
 */
export function failWithKey(error: unknown, key: string | undefined, verb?: string): never {
  if (key === undefined) throw error;
  const named = (text: string) => text.replace(/: |$/, (end) => ` of key ${quote(key)}${end}`);
  const why = messageOf(error);
  const again = copyError(error, named(why));
  if (again !== error && again instanceof ClientException) throw again;
  const Named = verb ? ValidationException : ClientException;
  throw new Named(named(`Cannot ${verb ?? "get"} value: ${why}`), undefined, { cause: error });
}

/**
 * Checks a transcoder's result. It is sent unquoted, so flags and bytes must be valid and must not change: bytes that
 * may still change are copied.
 */
export function checkEncoded(encoded: EncodedValue, handsOverData: boolean): EncodedValue {
  const { flags, data } = encoded ?? {};
  if (isUsable(flags) && data instanceof Uint8Array) {
    return { flags, data: handsOverData ? plainView(data) : copy(data) };
  }
  throw new ValidationException(
    `Cannot store value: the transcoder must return a Uint8Array, and flags that are ${USABLE_FLAGS}`,
    encoded,
  );
}

/** Whether a value is valid as an item's client flags. */
export function isFlags(flags: unknown): flags is number {
  return Number.isInteger(flags) && (flags as number) >= 0 && (flags as number) <= 0xffffffff;
}

/**
 * Returns text unchanged, and a copy of bytes, so that the caller cannot change them before they are sent.
 *
 * @throws {ValidationException} When it is neither.
 */
export function ownData(data: unknown, action: string): Uint8Array | string {
  if (typeof data === "string" && data.isWellFormed()) return data;
  if (data instanceof Uint8Array) return copy(data);
  const why = typeof data === "string"
    ? "it holds a lone surrogate"
    : "it is neither a string nor a Uint8Array";
  throw new ValidationException(`Cannot ${action}: ${why}`, data);
}

/** The same bytes as a plain Uint8Array. A subclass could report a wrong length. */
function plainView(data: Uint8Array): Uint8Array {
  const TypedArray = Object.getPrototypeOf(Uint8Array.prototype);
  return new Uint8Array(
    Reflect.get(TypedArray, "buffer", data),
    Reflect.get(TypedArray, "byteOffset", data),
    Reflect.get(TypedArray, "byteLength", data),
  );
}

/**
 * A copy as a plain Uint8Array. The object's own `slice` is not used: Node's Buffer returns a view. And a subclass
 * could report a wrong length and end the request early.
 */
function copy(data: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(data);
  } catch (cause) {
    throw new ValidationException("Cannot store value: its bytes cannot be read", data, { cause });
  }
}
