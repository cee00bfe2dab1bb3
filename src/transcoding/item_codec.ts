/** A transcoder as the client uses it, and the flags of items that hold no value. @module */

import { ClientException, quote, ValidationException } from "../errors.ts";
import { invalidOption } from "../option_checks.ts";
import { checkText } from "./text.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "./transcoder.ts";

/**
 * Flags of a lease, an item whose value somebody is computing (`moel` in ASCII). Other clients see it as an
 * item under flags that they do not know; so with the two below.
 */
export const LEASE_FLAGS = 0x6d6f656c;

/**
 * Flags of a failure, an item that holds an error's message: a loader's, or why `once` could not store a
 * result (`moef` in ASCII).
 */
export const FAILURE_FLAGS = 0x6d6f6566;

/** Flags of a result of `undefined`, an item without bytes that `once` remembers (`moeu` in ASCII). */
export const UNDEFINED_FLAGS = 0x6d6f6575;

/**
 * Flags of a mark, an item beside a value that says what a server without meta commands does not: that the value is
 * stale, or when it will be (`moem` in ASCII).
 */
export const MARK_FLAGS = 0x6d6f656d;

/** What is expected of flags that values are stored under. */
export const USABLE_FLAGS =
  "an integer from 0 to 0xffffffff, but none from 0x6d6f6500 to 0x6d6f65ff: those are reserved";

/** Whether something is flags that a value can be stored under. */
export function isUsable(flags: unknown): flags is number {
  return isFlags(flags) && !isReserved(flags);
}

/** Whether flags are those of an item that holds no value: 0x6d6f6500 to 0x6d6f65ff are reserved for these. */
export function isReserved(flags: number): boolean {
  return flags >>> 8 === 0x6d6f65;
}

/** An item as memcached has it. */
export interface StoredItem {
  /** The client flags. */
  readonly flags: number;
  /** The bytes. */
  readonly data: Uint8Array;
}

/** Reads and writes items as they are, those with reserved flags included, which no other transcoder sees. */
export const itemTranscoder: Transcoder<StoredItem> = {
  encode: (item) => item,
  decode: ({ flags, data }) => ({ flags, data }),
};

/**
 * Turns an item's flags and bytes, which are lent until it returns, into the value; `undefined` for an item
 * that holds none, as a lease. The key is for messages, and the cas unique does not matter.
 */
export type ReadItem = (
  flags: number,
  data: Uint8Array,
  cas?: bigint,
  key?: string,
) => unknown;

/** A value ready to be sent: text stands for its UTF-8 bytes. */
export interface SendableItem {
  readonly flags: number;
  readonly data: Uint8Array | string;
}

/** Turns a value into what is sent. The key is for messages. */
export type WriteItem = (value: unknown, key?: string) => SendableItem | Promise<SendableItem>;

/**
 * Checks what is given as a transcoder.
 *
 * @throws {ValidationException} When it is none, or its strings would read as a miss.
 */
export function checkTranscoder(transcoder: unknown): void {
  const { encode, decode, textFlags, longestText } = Object(transcoder) as Partial<Transcoder>;
  let expected: string;
  if (typeof encode !== "function" || typeof decode !== "function") {
    expected = "an object with encode and decode";
  } else if (textFlags !== undefined && !isUsable(textFlags)) {
    expected = `one whose textFlags are ${USABLE_FLAGS}`;
  } else if (longestText !== undefined && !(typeof longestText === "number" && longestText >= 0)) {
    expected = "one whose longestText is 0 or more";
  } else return;
  throw invalidOption("transcoder", transcoder, expected);
}

/** From so many bytes on it is worth telling a transcoder that it need not copy them. */
const LARGE = 65_536;

/** Makes a reader that gives the transcoder bytes of its own, unless it only borrows them. */
export function itemReader(transcoder: Transcoder, limits: DecodeLimits): ReadItem {
  const { borrowsData = false } = transcoder;
  const owning = { maxValueBytes: limits.maxValueBytes, ownsData: true };
  return (flags, data, _, key) => {
    if (isReserved(flags) && transcoder !== itemTranscoder) return undefined;
    const item = { flags, data: borrowsData || isOwn(data) ? data : data.slice() };
    const isLent = !borrowsData || data.byteLength < LARGE || !isOwn(data);
    try {
      const value = transcoder.decode(item, isLent ? limits : owning);
      return value instanceof Promise ? rejectedWithKey(value, key) : value;
    } catch (error) {
      throw withKey(error, key);
    }
  };
}

/**
 * Writes a value, and reads what was written: what those get who read it later. It may be of another type, and is
 * nobody else's object.
 */
export async function writeAndRead(
  { writeItem, readItem }: { readonly writeItem: WriteItem; readonly readItem: ReadItem },
  value: unknown,
  key?: string,
): Promise<{ readonly item: SendableItem; readonly value: unknown }> {
  const item = await writeItem(value, key);
  const { flags, data } = item;
  // Text is read as it was written.
  return {
    item,
    value: typeof data === "string" ? data : await readItem(flags, data, undefined, key),
  };
}

/** What is read in passing shares its buffer with what surrounds it; a gathered block does not. */
function isOwn(data: Uint8Array): boolean {
  return data.byteLength === data.buffer.byteLength;
}

/** Makes a writer that sends text as it is where the transcoder says so, and checks what it is given. */
export function itemWriter(transcoder: Transcoder): WriteItem {
  const { textFlags, longestText = Infinity, handsOverData = false } = transcoder;
  const mayReserve = transcoder === itemTranscoder;
  const checked = (encoded: EncodedValue) => {
    return mayReserve ? encoded : checkEncoded(encoded, handsOverData);
  };
  return (value, key) => {
    try {
      if (typeof value === "string" && textFlags !== undefined && value.length <= longestText) {
        return { flags: textFlags, data: checkText(value) };
      }
      const encoded = transcoder.encode(value);
      if (!(encoded instanceof Promise)) return checked(encoded);
      return rejectedWithKey(encoded.then(checked), key);
    } catch (error) {
      throw withKey(error, key);
    }
  };
}

function rejectedWithKey<Result>(result: Promise<Result>, key?: string): Promise<Result> {
  return result.catch((error) => {
    throw withKey(error, key);
  });
}

/** What this module's transcoders throw, with the key in its message. Anything else is left as it is. */
function withKey(error: unknown, key: string | undefined): unknown {
  if (key === undefined) return error;
  const { constructor: Class } = Object(error) as Error;
  if (Class !== ClientException && Class !== ValidationException) return error;
  const { message, item, cause } = error as ClientException;
  const [action, ...state] = message.split(": ");
  const named = [`${action} of key ${quote(key)}`, ...state].join(": ");
  return new (Class as typeof ClientException)(named, item, cause === undefined ? {} : { cause });
}

/**
 * What goes on the wire unquoted must be, and stay, what it claims to be, whatever made it: bytes that may
 * still change are copied.
 */
export function checkEncoded(encoded: EncodedValue, handsOverData: boolean): EncodedValue {
  const { flags, data } = encoded ?? {};
  if (isReserved(flags as number)) {
    const why = "flags from 0x6d6f6500 to 0x6d6f65ff are reserved";
    throw new ValidationException(`Cannot store value: ${why}`, encoded);
  }
  if (isFlags(flags) && data instanceof Uint8Array) {
    return { flags, data: handsOverData ? plainView(data) : copy(data) };
  }
  throw new ValidationException(
    "Cannot store value: the transcoder gave no Uint8Array with flags from 0 to 4294967295",
    encoded,
  );
}

/** Whether something is a number that memcached keeps as an item's client flags. */
export function isFlags(flags: unknown): flags is number {
  return Number.isInteger(flags) && (flags as number) >= 0 && (flags as number) <= 0xffffffff;
}

/**
 * Text as it is, and bytes in a copy, which the caller cannot change before they are sent.
 *
 * @throws {ValidationException} When it is neither.
 */
export function ownData(data: unknown, action: string): Uint8Array | string {
  if (typeof data === "string" && data.isWellFormed()) return data;
  if (data instanceof Uint8Array) return copy(data);
  const why = typeof data === "string"
    ? "it holds a lone surrogate"
    : "it is no string or Uint8Array";
  throw new ValidationException(`Cannot ${action}: ${why}`, data);
}

/** The same bytes as no more than a Uint8Array: what else the object may say of its length is not asked. */
function plainView(data: Uint8Array): Uint8Array {
  const TypedArray = Object.getPrototypeOf(Uint8Array.prototype);
  return new Uint8Array(
    Reflect.get(TypedArray, "buffer", data),
    Reflect.get(TypedArray, "byteOffset", data),
    Reflect.get(TypedArray, "byteLength", data),
  );
}

/**
 * Not every Uint8Array's own slice makes a copy: a Buffer's does not. And a copy is to be no more than a
 * Uint8Array: that of a subclass could say another length than it has, and end the request early.
 */
function copy(data: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(data);
  } catch (cause) {
    throw new ValidationException("Cannot store value: its bytes cannot be read", data, { cause });
  }
}
