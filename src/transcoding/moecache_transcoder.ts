import { ClientException } from "../errors.ts";
import { checkChoice, checkFunction, checkOptions, invalidOption } from "../option_checks.ts";
import { writing } from "./format_parts.ts";
import { decodeText, encodeText } from "./text.ts";
import { readPickle } from "./pickle/read_pickle.ts";
import type { ReadInstance, ReadPickleOptions } from "./pickle/unpickler.ts";
import { writePickle } from "./pickle/write_pickle.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "./transcoder.ts";

/** In the flags of every item that moecache or EnyimMemcached wrote; the other bits are a .NET `TypeCode`. */
const MARK = 0x100;
const MAX_TYPE_CODE = 0xff;

/** The flags of a string: `TypeCode.String`. */
const STRING_FLAGS = 0x112;
/** The flags of a pickle: `TypeCode.Empty`, which EnyimMemcached has no other use for. */
const PICKLE_FLAGS = 0x100;

/** How values become pickles. Every option may be left out. */
export interface MoecacheTranscoderOptions {
  /**
   * The pickle protocol that values are written in, 2 to 5; 2 by default, as Python moecache writes them.
   * Whichever it is, protocols 0 to 5 are read.
   *
   * Protocol 2 has no bytes. It writes them as text, in which the bytes from 0x80 on take two bytes each.
   * From 3 on, a `Uint8Array` is stored as it is, which takes a tenth of the time. Python 2 reads no more than
   * protocol 2; Python 3.0 reads 3, 3.4 reads 4, and 3.8 reads 5.
   */
  readonly pickleProtocol?: 2 | 3 | 4 | 5;
  /**
   * What makes values of instances of your own classes, by their names, modules included: `"app.models.Money"`.
   * Each is called with the arguments that make the instance in Python, its state, which mostly is an object of
   * its attributes, and what it holds if it is a list or dict. No other code runs. None by default.
   *
   * The member of an `Enum` has its value as the only argument or, from Python 3.12 on in protocols below 5, its
   * name. A class within a class is `"app.models.Outer.Inner"`.
   *
   * @example Amounts of money
   * ```ts
   * import { moecacheTranscoder } from "@moecache/moecache";
   * import { assertEquals } from "@std/assert";
   *
   * const transcoder = moecacheTranscoder({
   *   classes: { "app.models.Money": ([amount]) => `€ ${amount}` },
   * });
   * // pickle.dumps([Money(5)], 0)
   * const data = new TextEncoder().encode("(lcapp.models\nMoney\n(I5\ntRa.");
   * assertEquals(await transcoder.decode({ flags: 256, data }), ["€ 5"]);
   * ```
   */
  readonly classes?: Readonly<Record<string, ReadInstance>>;
  /**
   * Whether an instance of any other class becomes an `Unreadable` with the name of its class, where it is,
   * instead of making the whole value unreadable; `false` by default. Such a value cannot be stored again.
   */
  readonly keepUnreadable?: boolean;
}

/** A transcoder for moecache's format, and a function that makes others with options. */
export interface MoecacheTranscoder extends Transcoder {
  /**
   * Makes a transcoder for moecache's format.
   *
   * @param options `pickleProtocol`, 2 to 5; `classes`; `keepUnreadable`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: MoecacheTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of Python moecache: a string as its UTF-8 under flags 274, as EnyimMemcached
 * does, and anything else as a pickle under flags 256. Pickles are written in protocol 2, or in another that
 * is set by an option, and read in protocols 0 to 5. Reading a pickle runs nothing: an instance of a class that
 * is not in this table is an error with the name of the class, unless an option says what becomes of it.
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
 * | {@linkcode tuple} | `tuple` | an `Array` that is marked as one |
 * | plain object | `dict` whose keys are all `str` | enumerable properties, `__proto__` like any other; JavaScript puts keys like `"10"` first |
 * | `Map` | any other `dict` | a `Map` without keys, or with strings alone, comes back as an object |
 * | `Set` | `set` | |
 * | {@linkcode frozenSet} | `frozenset` | a `Set` that is marked as one |
 * | `Date` | `datetime` | written in UTC; an aware one reads as its instant, a naive one as if in UTC, `date` as midnight UTC; microseconds do not show |
 * | {@linkcode Complex} | `complex` | |
 *
 * The entry `@moecache/moecache/python` has the classes and functions of this table; a program needs them only
 * to make such values. What is read of one of these types is written as that again.
 *
 * | JavaScript | Python | notes |
 * | --- | --- | --- |
 * | `Decimal` | `decimal.Decimal` | every digit, as text |
 * | `Fraction` | `fractions.Fraction` | |
 * | `Uuid` | `uuid.UUID` | |
 * | `TimeDelta` | `datetime.timedelta` | |
 * | `Time` | `datetime.time` | |
 * | `TimeZone` | `datetime.timezone`, `zoneinfo.ZoneInfo`, time zones of pytz, dateutil, Django, psycopg2 | named ones by the runtime's `Intl` |
 * | `Range` | `range`, Python 2's `xrange` | can be iterated over |
 * | `NumpyScalar` | `numpy.float64` and the like | |
 * | marked `Date` | `date`, `calendarDate(…)`; a naive `datetime`, `naiveDatetime(…)`; an aware one | also with its microseconds and its time zone, as long as the `Date` is not changed |
 * | marked object or `Map` | `OrderedDict`, `Counter`, `defaultdict` | `orderedDict(…)`, `counter(…)`, `defaultDict(…)`; order as with a `dict` |
 * | marked `Array` | `deque`, `array.array` | `deque(…)`, `pythonArray(…)` |
 *
 * What is marked is an ordinary object, `Map`, `Array` or `Date`, and a copy of it is not marked. The code that
 * reads these types is loaded when the first pickle has one of them, other than `Date`, `TimeDelta`,
 * `OrderedDict` and `Counter`: reading that one pickle takes a promise, and so a turn more.
 *
 * Values that occur more than once, and lists and dicts that hold themselves, stay so. What a `Map` has
 * for keys, and a `Set` for items, Python must be able to hash (no arrays but tuples, no objects, no
 * Sets but frozen ones) and to tell apart (not `1`, `1n` and `true`). Tuples, bytes and the like as
 * keys are compared by identity in JavaScript and by value in Python, and so are values of Python's classes.
 * JavaScript has one NaN where Python
 * has many: of several NaN keys the last one's value stays. A `Uint8Array` of 64 KiB or more may be a view of
 * an `ArrayBuffer` that is a few bytes longer.
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
 *
 * @example Bytes stored as they are, for Python 3
 * ```ts
 * import { Client, moecacheTranscoder } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const transcoder = moecacheTranscoder({ pickleProtocol: 4 });
 * await using client = new Client(server.address, { transcoder });
 *
 * await client.set("photo", new Uint8Array(1000).fill(255));
 * const item = await client.inspect("photo");
 * assertEquals(item?.size, 1018); // and 2,047 in protocol 2
 * ```
 */
export const moecacheTranscoder: MoecacheTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: MoecacheTranscoderOptions = {}): Transcoder {
  checkOptions(options, { pickleProtocol: "any", classes: "any", keepUnreadable: "boolean" });
  const { pickleProtocol = 2, keepUnreadable = false, classes } = options;
  checkChoice("pickleProtocol", pickleProtocol, [2, 3, 4, 5]);
  if (classes !== undefined) checkClasses(classes);
  const reading = { keepUnreadable, classes: classes && { ...classes } };
  return {
    textFlags: STRING_FLAGS,
    flagBits: STRING_FLAGS,
    borrowsData: true,
    handsOverData: true,
    encode: (value) =>
      typeof value === "string"
        ? { flags: STRING_FLAGS, data: encodeText(value) }
        : { flags: PICKLE_FLAGS, data: writing(value, () => writePickle(value, pickleProtocol)) },
    decode: (item, limits) => decode(item, limits, reading),
  };
}

function checkClasses(classes: Readonly<Record<string, unknown>>): void {
  if (Object(classes) !== classes) throw invalidOption("classes", classes, "an object");
  for (const [name, read] of Object.entries(classes)) checkFunction(`classes["${name}"]`, read);
}

function decode(
  { flags, data }: EncodedValue,
  limits: DecodeLimits | undefined,
  reading: ReadPickleOptions,
): unknown {
  if (flags === STRING_FLAGS) return decodeText(data);
  if (flags === PICKLE_FLAGS) return readPickle(data, limits?.ownsData, reading);
  const type = (flags ^ MARK) >>> 0;
  const why = type > MAX_TYPE_CODE
    ? `not a moecache deployment (flags ${flags})`
    : `unsupported data type ${type} (flags ${flags})`;
  const hint = "set the option transcoder to read what other programs or formats wrote";
  throw new ClientException(`Cannot read item: ${why}: ${hint}`, flags);
}
