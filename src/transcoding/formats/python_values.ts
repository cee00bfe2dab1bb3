/**
 * What Python's clients have in common: a kind of value in the flags, text and bytes as they are, integers in
 * decimal digits, and pickles of all else.
 *
 * @module
 */

import { ClientException } from "../../errors.ts";
import { checkBoolean, checkChoice } from "../../option_checks.ts";
import { compressed } from "../compressed.ts";
import { checkReadingOptions } from "../pickle/reading_options.ts";
import { readPickle } from "../pickle/read_pickle.ts";
import type { ReadInstance, ReadPickleOptions } from "../pickle/unpickler.ts";
import { writePickle } from "../pickle/write_pickle.ts";
import { decodeText, encodeText } from "../text.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "../transcoder.ts";
import { ownBytes, writing } from "../format_parts.ts";
import { inOldProtocol } from "./old_pickle_protocols.ts";
import { integerText, isPythonInteger, readInteger } from "./python_numbers.ts";

/** Bits of the flags, as most of these clients use them. */
export const PICKLE = 1;
export const INTEGER = 2;
/** Of Python 2's `long`. */
export const LONG = 4;
/** Of an item that zlib has compressed. */
export const COMPRESSED = 8;
export const TEXT = 16;

/** What an item can hold. */
export type PythonKind = "bytes" | "text" | "integer" | "boolean" | "pickle";

/** A protocol that values are pickled in. */
export type PythonPickleProtocol = 0 | 1 | 2 | 3 | 4 | 5;

/** How pickles are written, and which are read. All options are optional. */
export interface PythonPickleOptions {
  /** The pickle protocol for writing, 0 to 5; by default the one that the client uses itself. */
  readonly pickleProtocol?: PythonPickleProtocol | undefined;
  /**
   * What makes values of instances of your own classes, by their names, modules included: `"app.models.Money"`, as
   * for {@linkcode moecacheTranscoder}. None by default.
   */
  readonly classes?: Readonly<Record<string, ReadInstance>> | undefined;
  /**
   * Whether an instance of any other class is read as an `Unreadable` with the class name, instead of refusing the
   * whole value; `false` by default.
   */
  readonly keepUnreadable?: boolean | undefined;
  /**
   * Whether a `Map` that is read from a pickle finds a tuple by its items, as with {@linkcode moecacheTranscoder};
   * `false` by default.
   */
  readonly tupleKeys?: boolean | undefined;
}

/** The names of these options. */
export const PICKLE_OPTIONS: readonly string[] = [
  ...["pickleProtocol", "classes", "keepUnreadable", "tupleKeys"],
];

/** How one of the clients uses flags and pickles. */
export interface PythonFormat {
  /** The flags of each kind; where booleans have none, they are pickled. */
  readonly flags: Readonly<Record<"bytes" | "text" | "integer", number>> & {
    readonly boolean?: number;
  };
  /** What the client takes an item of these flags for; `undefined` when it refuses it. */
  kindOf(flags: number): PythonKind | undefined;
  readonly pickleProtocol: PythonPickleProtocol;
  /** Which pickles are read. */
  readonly reading: ReadPickleOptions;
}

/** Makes a transcoder for the values of a client, which are not compressed. */
export function pythonValues(format: PythonFormat): Transcoder {
  return {
    textFlags: format.flags.text,
    flagBits: PICKLE | INTEGER | LONG | TEXT,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => writing(value, () => encode(value, format)),
    decode: (item, limits) => decode(item, format, limits),
  };
}

function encode(value: unknown, { flags, pickleProtocol }: PythonFormat): EncodedValue {
  if (typeof value === "string") return { flags: flags.text, data: encodeText(value) };
  if (isPythonInteger(value)) return { flags: flags.integer, data: encodeText(integerText(value)) };
  if (typeof value === "boolean" && flags.boolean !== undefined) {
    return { flags: flags.boolean, data: encodeText(value ? "1" : "0") };
  }
  if (value instanceof Uint8Array) return { flags: flags.bytes, data: new Uint8Array(value) };
  return { flags: PICKLE, data: pickle(value, pickleProtocol) };
}

/** What python-memcached and pymemcache take flags for, the bit of what is compressed aside. */
export function kindOf(flags: number): PythonKind | undefined {
  if (flags === 0) return "bytes";
  if ((flags & TEXT) !== 0) return "text";
  if ((flags & (INTEGER | LONG)) !== 0) return "integer";
  return (flags & PICKLE) === 0 ? undefined : "pickle";
}

function pickle(value: unknown, protocol: PythonPickleProtocol): Uint8Array {
  if (protocol === 0 || protocol === 1) return inOldProtocol(writePickle(value, 2), protocol);
  return writePickle(value, protocol);
}

function decode(
  { flags, data }: EncodedValue,
  { kindOf, reading }: PythonFormat,
  limits: DecodeLimits | undefined,
): unknown {
  switch (kindOf(flags)) {
    case "bytes":
      return ownBytes(data, limits);
    case "text":
      return decodeText(data);
    case "integer":
      return readInteger(data);
    case "boolean":
      return readBoolean(data);
    case "pickle":
      return readPickle(data, limits?.ownsData, reading);
    case undefined:
      throw new ClientException(
        `Cannot read item: its flags are ${flags}, which are not those of a type`,
        flags,
      );
  }
}

/** Booleans are written as `1` and `0`; other integers are from other programs. */
function readBoolean(data: Uint8Array): boolean | number | bigint {
  const value = readInteger(data);
  return value === 0 || value === 1 ? value === 1 : value;
}

/** Nothing is as long as that. */
const NEVER = 2 ** 30;

/**
 * Compresses items of at least this many bytes with zlib, by default none. Compressed items are always read.
 */
export function zlibCompressed(inner: Transcoder, threshold: number = NEVER): Transcoder {
  return compressed(inner, { format: "deflate", flag: COMPRESSED, threshold });
}

/**
 * Checks the options of pickles.
 *
 * @throws {ValidationException} When one is invalid.
 */
export function checkPickleOptions(
  options: PythonPickleOptions,
  defaultProtocol: PythonPickleProtocol,
): Pick<PythonFormat, "pickleProtocol" | "reading"> {
  const { pickleProtocol = defaultProtocol, keepUnreadable = false, tupleKeys = false } = options;
  checkChoice("pickleProtocol", pickleProtocol, [0, 1, 2, 3, 4, 5]);
  checkBoolean("keepUnreadable", keepUnreadable);
  checkBoolean("tupleKeys", tupleKeys);
  return { pickleProtocol, reading: checkReadingOptions(options) };
}
