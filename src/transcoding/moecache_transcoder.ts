import { ClientException, ValidationException } from "../errors.ts";
import { decodeText, encodeText } from "./text.ts";
import { readPickle } from "./pickle/read_pickle.ts";
import { writePickle } from "./pickle/write_pickle.ts";
import type { EncodedValue, Transcoder } from "./transcoder.ts";

/** In the flags of every item that moecache or EnyimMemcached wrote; the other bits are a .NET `TypeCode`. */
const MARK = 0x100;
const MAX_TYPE_CODE = 0xff;

/** The flags of a string: `TypeCode.String`. */
const STRING_FLAGS = 0x112;
/** The flags of a pickle: `TypeCode.Empty`, which EnyimMemcached has no other use for. */
const PICKLE_FLAGS = 0x100;

/**
 * The format of values that Python moecache has: a string is its UTF-8 under flags 274, which
 * EnyimMemcached shares, and anything else a pickle under flags 256, written in protocol 2 and read in
 * protocols 0 to 5. Reading a pickle runs nothing: what is not plain data is an error that names it.
 *
 * | JavaScript | Python | notes |
 * | --- | --- | --- |
 * | `null` | `None` | |
 * | `boolean` | `bool` | |
 * | `number` that is a safe integer | `int` | but -0 is a `float` |
 * | `bigint` | `int` | reads as a `number` if that is safe |
 * | any other `number` | `float` | `1.0` reads as `1`, which is written as an `int` |
 * | `string` | `str` | Python 2's `str` reads as one if it is ASCII |
 * | `Uint8Array` | `bytes` | `bytearray` reads as one, too |
 * | `Array` | `list` | holes are `undefined`, which is an error |
 * | {@linkcode tuple} | `tuple` | an `Array` that keeps in mind what it is |
 * | plain object | `dict` whose keys are all `str` | enumerable properties, `__proto__` like any other; JavaScript puts keys like `"10"` first |
 * | `Map` | any other `dict` | a `Map` without keys, or with strings alone, comes back as an object |
 * | `Set` | `set` | |
 * | {@linkcode frozenSet} | `frozenset` | a `Set` that keeps in mind what it is |
 * | `Date` | `datetime` | written in UTC; an aware one reads as its instant, a naive one as if in UTC, `date` as midnight UTC; microseconds are cut off |
 * | {@linkcode Complex} | `complex` | |
 * | | `OrderedDict`, `Counter` | read as a `dict` does |
 *
 * Values that occur more than once, and lists and dicts that hold themselves, stay so. What a `Map` has
 * for keys, and a `Set` for items, Python must be able to hash (no arrays but tuples, no objects, no
 * Sets but frozen ones) and to tell apart (not `1`, `1n` and `true`). Tuples, bytes and the like as
 * keys are compared by identity in JavaScript and by value in Python. JavaScript has one NaN where Python
 * has many: of several NaN keys the last one's value stays.
 *
 * @example The flags and bytes of two values
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await moecacheTranscoder.encode("hi"), {
 *   flags: 274,
 *   data: new TextEncoder().encode("hi"),
 * });
 * assertEquals(await moecacheTranscoder.encode(null), {
 *   flags: 256,
 *   data: Uint8Array.of(0x80, 2, 0x4e, 0x2e), // pickle.dumps(None, 2)
 * });
 * ```
 */
export const moecacheTranscoder: Transcoder = {
  textFlags: STRING_FLAGS,
  flagBits: STRING_FLAGS,
  borrowsData: true,
  handsOverData: true,

  encode(value: unknown): EncodedValue {
    return typeof value === "string"
      ? { flags: STRING_FLAGS, data: encodeText(value) }
      : { flags: PICKLE_FLAGS, data: encodePickle(value) };
  },

  decode({ flags, data }: EncodedValue): unknown {
    if (flags === STRING_FLAGS) return decodeText(data);
    if (flags === PICKLE_FLAGS) return readPickle(data);
    const type = (flags ^ MARK) >>> 0;
    const why = type > MAX_TYPE_CODE
      ? `not a moecache deployment (flags ${flags})`
      : `unsupported data type ${type} (flags ${flags})`;
    const hint = "set the option transcoder to read what other programs or formats wrote";
    throw new ClientException(`Cannot read item: ${why}: ${hint}`, flags);
  },
};

/** Whatever reading the value throws, a getter or a revoked proxy, it is the value that is invalid. */
function encodePickle(value: unknown): Uint8Array {
  try {
    return writePickle(value);
  } catch (cause) {
    if (cause instanceof ClientException) throw cause;
    throw new ValidationException("Cannot store value: it cannot be read", value, { cause });
  }
}
