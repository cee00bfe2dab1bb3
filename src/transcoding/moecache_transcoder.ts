/** The format of Python moecache: strings as text, everything else as a pickle. @module */

import { ClientException } from "../errors.ts";
import { checkChoice, checkOptions } from "../option_checks.ts";
import { writing } from "./format_parts.ts";
import { decodeText, encodeText } from "./text.ts";
import { checkReadingOptions } from "./pickle/reading_options.ts";
import { readPickle } from "./pickle/read_pickle.ts";
import type { ReadInstance, ReadPickleOptions } from "./pickle/unpickler.ts";
import { writePickle } from "./pickle/write_pickle.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "./transcoder.ts";

/** A bit in the flags of every item from moecache or EnyimMemcached; the other bits are a .NET `TypeCode`. */
const MARK = 0x100;
const MAX_TYPE_CODE = 0xff;

/** The flags of a string: `TypeCode.String`. */
const STRING_FLAGS = 0x112;
/** The flags of a pickle: `TypeCode.Empty`, which EnyimMemcached does not use. */
const PICKLE_FLAGS = 0x100;

/** The options of {@linkcode moecacheTranscoder}; all are optional. */
export interface MoecacheTranscoderOptions {
  /**
   * The pickle protocol for writing, 2 to 5; 2 by default, as in Python moecache. Protocols 0 to 5 are always read.
   *
   * Protocol 2 has no type for bytes. It writes them as text, in which each byte from 0x80 on takes two bytes. From
   * protocol 3 on, a `Uint8Array` is stored unchanged, which takes a tenth of the time. Python 2 reads up to protocol
   * 2, Python 3.0 up to 3, 3.4 up to 4, and 3.8 up to 5.
   */
  readonly pickleProtocol?: 2 | 3 | 4 | 5 | undefined;
  /**
   * What makes values of instances of your own classes, by their names, modules included: `"app.models.Money"`.
   * Each is called with the arguments that make the instance in Python, its state, which is usually an object of
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
  readonly classes?: Readonly<Record<string, ReadInstance>> | undefined;
  /**
   * Whether an instance of any other class is read as an `Unreadable` with the class name, instead of refusing the
   * whole value; `false` by default. Such a value cannot be stored again.
   */
  readonly keepUnreadable?: boolean | undefined;
  /**
   * Whether a `Map` that is read finds a tuple by its items, as a dict does in Python: `map.get([1, "EUR"])`; `false`
   * by default, which finds it by identity. Reading a pickle is asynchronous then.
   *
   * @example Prices by number and currency
   * ```ts
   * import { moecacheTranscoder, tuple } from "@moecache/moecache";
   * import { assertEquals } from "@std/assert";
   *
   * const transcoder = moecacheTranscoder({ tupleKeys: true });
   * const item = await transcoder.encode(new Map([[tuple(1, "EUR"), 5]])); // {(1, "EUR"): 5} in Python
   * const prices = await transcoder.decode(item) as Map<[number, string], number>;
   * assertEquals(prices.get([1, "EUR"]), 5);
   * ```
   */
  readonly tupleKeys?: boolean | undefined;
}

/** A transcoder for Python moecache's format. Call it to make one with options. */
export interface MoecacheTranscoder extends Transcoder {
  /**
   * Makes a transcoder for Python moecache's format.
   *
   * @param options `pickleProtocol`, 2 to 5; `classes`; `keepUnreadable`; `tupleKeys`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: MoecacheTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of Python moecache: a string as UTF-8 with flags 274, as EnyimMemcached does, and
 * anything else as a pickle with flags 256. Pickles are written in protocol 2 by default, and read in protocols 0 to 5.
 * Reading a pickle never runs code: an instance of a class that is not in this table is refused, and the error names
 * the class, unless an option handles it.
 *
 * | JavaScript | Python | notes |
 * | --- | --- | --- |
 * | `null` | `None` | |
 * | `boolean` | `bool` | |
 * | `number` that is a safe integer | `int` | but -0 is a `float` |
 * | `bigint` | `int` | read as a `number` if it is a safe integer |
 * | any other `number` | `float` | `1.0` is read as `1`, which is written as an `int` |
 * | `string` | `str` | a `str` of Python 2 is read as a string if it is ASCII |
 * | `Uint8Array` | `bytes` | a `bytearray` is read as a `Uint8Array` too |
 * | `Array` | `list` | holes are `undefined`, which is an error |
 * | {@linkcode tuple} | `tuple` | an `Array` that is marked as a tuple |
 * | plain object | `dict` whose keys are all `str` | enumerable properties, including `__proto__`; JavaScript puts keys like `"10"` first |
 * | `Map` | any other `dict` | a `Map` that is empty, or whose keys are all strings, is read as an object |
 * | `Set` | `set` | |
 * | {@linkcode frozenSet} | `frozenset` | a `Set` that is marked as a frozenset |
 * | `Date` | `datetime` | written in UTC; an aware `datetime` is read as its instant, a naive one as UTC, a `date` as midnight UTC; microseconds do not show |
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
 * A marked value is an ordinary object, `Map`, `Array` or `Date`; a copy of it is not marked. The code for these types,
 * except `Date`, `TimeDelta`, `OrderedDict` and `Counter`, is loaded when the first pickle contains one: reading this
 * first pickle is asynchronous.
 *
 * Shared references are kept, and so are lists and dicts that contain themselves. Python must be able to hash the keys
 * of a `Map` and the items of a `Set`: tuples instead of arrays, frozen sets instead of sets, and no objects. And they
 * must differ in Python: `1`, `1n` and `true` are equal there. Keys such as tuples, bytes and values of Python's
 * classes are compared by identity in JavaScript, and by value in Python. JavaScript has only one NaN: of several NaN
 * keys, the last value is kept. A `Uint8Array` of 64 KiB or more may be a view of an `ArrayBuffer` that is a few bytes
 * longer.
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
 * @example Bytes stored unchanged, for Python 3
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
  checkOptions(options, {
    pickleProtocol: "any",
    classes: "any",
    keepUnreadable: "boolean",
    tupleKeys: "boolean",
  });
  const { pickleProtocol = 2 } = options;
  checkChoice("pickleProtocol", pickleProtocol, [2, 3, 4, 5]);
  const reading = checkReadingOptions(options);
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
