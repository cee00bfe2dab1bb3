import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { Client, moecacheTranscoder, type MoecacheTranscoderOptions } from "../../../mod.ts";
import { ClientException, ValidationException } from "../../../src/errors.ts";
import { MemcachedServer } from "../../../src/testing/mod.ts";
import {
  calendarDate,
  Complex,
  counter,
  Decimal,
  defaultDict,
  deque,
  Fraction,
  frozenSet,
  naiveDatetime,
  NumpyScalar,
  orderedDict,
  pythonArray,
  Range,
  Time,
  TimeDelta,
  TimeZone,
  tuple,
  Unreadable,
  Uuid,
} from "../../../src/transcoding/pickle/mod.ts";
import { readPickle } from "../../../src/transcoding/pickle/read_pickle.ts";
import { writePickle } from "../../../src/transcoding/pickle/write_pickle.ts";
import { busyTime } from "../../support/busy_time.ts";
import { notate } from "./notation.ts";
import { askPython, hasPython } from "./python.ts";
import { fromHex, toHex } from "./vectors.ts";

const ID = "12345678-1234-5678-1234-567812345678";

/** What is made here, and what Python then calls it. */
const MADE: [unknown, string][] = [
  [orderedDict(new Map<unknown, unknown>([["b", 1], [2, 3]])), "OrderedDict([('b', 1), (2, 3)])"],
  [counter({ a: 2 }), "Counter({'a': 2})"],
  [defaultDict("list", { a: [1] }), "defaultdict(<class 'list'>, {'a': [1]})"],
  [defaultDict(null, {}), "defaultdict(None, {})"],
  [deque([1, [2]]), "deque([1, [2]])"],
  [deque([1], 3), "deque([1], maxlen=3)"],
  [pythonArray("d", [1.5, 2]), "array('d', [1.5, 2.0])"],
  [pythonArray("u", ["a", "é"]), "array('u', 'aé')"],
  [pythonArray("Q", [2n ** 63n]), "array('Q', [9223372036854775808])"],
  [new Decimal("1.50"), "Decimal('1.50')"],
  [new Decimal("-Infinity"), "Decimal('-Infinity')"],
  [new Fraction(1, 3), "Fraction(1, 3)"],
  [new Fraction(2n ** 70n, 3), "Fraction(1180591620717411303424, 3)"],
  [new Uuid(ID), `UUID('${ID}')`],
  [new Range(1, 9, 2), "range(1, 9, 2)"],
  [new TimeDelta(0, 90, -5), "datetime.timedelta(seconds=89, microseconds=999995)"],
  [new TimeZone(new TimeDelta(0)), "datetime.timezone.utc"],
  [
    new TimeZone(new TimeDelta(0, -3600), "X"),
    "datetime.timezone(datetime.timedelta(days=-1, seconds=82800), 'X')",
  ],
  [new Time(9, { minute: 30, microsecond: 7 }), "datetime.time(9, 30, 0, 7)"],
  [
    new Time(1, { zone: new TimeZone(new TimeDelta(0)) }),
    "datetime.time(1, 0, tzinfo=datetime.timezone.utc)",
  ],
  [calendarDate(new Date("2020-02-29T23:00:00Z")), "datetime.date(2020, 2, 29)"],
  [naiveDatetime(new Date("2020-02-29T12:00:00Z")), "datetime.datetime(2020, 2, 29, 12, 0)"],
  [new Map([[new Uuid(ID), 1]]), `{UUID('${ID}'): 1}`],
  [new Map([[tuple(new Decimal("0.10"), "a"), 1]]), "{(Decimal('0.10'), 'a'): 1}"],
];

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

async function read(text: string, options: MoecacheTranscoderOptions = {}): Promise<unknown> {
  return await moecacheTranscoder(options).decode({ flags: 256, data: ascii(text) });
}

function assertRefused(text: string, message: string, options?: MoecacheTranscoderOptions) {
  return assertRejects(() => read(text, options), ClientException, message);
}

Deno.test({
  name: "writePickle writes values of Python's classes that Python reads, in every protocol",
  ignore: !hasPython(),
  async fn() {
    for (const protocol of [2, 3, 4, 5] as const) {
      const commands = MADE.map(([value]) => ["repr", toHex(writePickle(value, protocol))]);
      const answers = await askPython(commands);
      assertEquals(
        answers.map(({ returns, throws }) => returns ?? throws),
        MADE.map(([, text]) => text),
      );
    }
  },
});

Deno.test("readPickle reads values of Python's classes that writePickle wrote", async () => {
  const others = [new NumpyScalar("float32", 0.5), new NumpyScalar("str_", "a")];
  for (const value of [...MADE.map(([value]) => value), ...others]) {
    for (const protocol of [2, 5] as const) {
      assertEquals(notate(await readPickle(writePickle(value, protocol))), notate(value));
    }
  }
});

Deno.test("a Date comes back as the date, the naive or the aware datetime that it was", async () => {
  const call = (name: string, bytes: string, zone = "") =>
    `cdatetime\n${name}\n(C${String.fromCharCode(bytes.length)}${bytes}${zone}tR.`;
  const noon = "\x07\xe4\x02\x1d\x0c\x00\x00\x0a\x5b\xb5"; // 12:00:00.678837
  const berlin =
    "cbuiltins\ngetattr\n(czoneinfo\nZoneInfo\nX\x09\x00\x00\x00_unpickletR(X\x0d\x00\x00\x00Europe/BerlinK\x01tR";
  for (
    const text of [
      call("date", noon.slice(0, 4)),
      call("datetime", noon),
      call("datetime", noon, berlin),
    ]
  ) {
    const date = await read(text) as Date;
    const again = await readPickle(writePickle(date, 4)) as Date;
    assertEquals(again, date);
    assertEquals(toHex(writePickle(again, 4)), toHex(writePickle(date, 4)));
  }
  const aware = await read(call("datetime", noon, berlin)) as Date;
  assertEquals(aware.toISOString(), "2020-02-29T11:00:00.678Z");
  aware.setTime(0);
  assertEquals(writePickle(aware), writePickle(new Date(0))); // one that was changed is in UTC
  const naive = await read(call("datetime", noon)) as Date;
  naive.setTime(0);
  assertEquals(writePickle(naive), writePickle(naiveDatetime(new Date(0))));
});

Deno.test("readPickle reads Python 2's datetimes, and refuses its other strings of bytes", async () => {
  const date = "cdatetime\ndatetime\n(U\x0a\x07\xe4\x02\x1d\x0c\x00\x00\x0a\x5b\xb5tR.";
  assertEquals(await read(date), new Date("2020-02-29T12:00:00.678Z"));
  const escaped = "cdatetime\ndatetime\n(S'\\x07\\xe4\\x02\\x1d\\x0c\\x00\\x00\\n[\\xb5'\ntR.";
  assertEquals(await read(escaped), new Date("2020-02-29T12:00:00.678Z"));
  const state = "a Python 2 str holds bytes that are not ASCII";
  await assertRefused("U\x01\xe9.", state);
  await assertRefused("]U\x01\xe9a.", state);
  await assertRefused("}U\x01\xe9Ns.", state);
});

Deno.test("a named time zone follows its rules where clocks are put forward and back", async () => {
  const at = async (bytes: number[]) => {
    const call = `cdatetime\ndatetime\n(C\x0a${String.fromCharCode(...bytes)}` +
      "czoneinfo\nZoneInfo\n(X\x0d\x00\x00\x00Europe/BerlintRtR.";
    return (await read(call) as Date).toISOString().slice(11, 16);
  };
  const march = [7, 228, 3, 29, 2, 30, 0, 0, 0, 0]; // 2:30, which is skipped
  assertEquals(await at(march), "01:30");
  assertEquals(await at(march.with(2, 0x83)), "00:30");
  const october = [7, 228, 10, 25, 2, 30, 0, 0, 0, 0]; // 2:30, which comes twice
  assertEquals(await at(october), "00:30");
  assertEquals(await at(october.with(2, 0x8a)), "01:30");
  await assertRefused(
    "cdatetime\ndatetime\n(C\x0a\x07\xe4\x03\x1d\x02\x00\x00\x00\x00\x00czoneinfo\nZoneInfo\n(X\x04\x00\x00\x00MarstRtR.",
    'this runtime does not know the time zone "Mars"',
  );
});

Deno.test("what reads classes is loaded once, and the bytes may be lent only until decode returns", async () => {
  const data = ascii("(lcdecimal\nDecimal\n(X\x03\x00\x00\x001.5tRaX\x04\x00\x00\x00texta.");
  const decoding = moecacheTranscoder.decode({ flags: 256, data });
  data.fill(0);
  assertEquals((await decoding as unknown[]).map(String), ["1.5", "text"]);
  // From now on it is there, so that values come in the turn in which they did before.
  const number = readPickle(ascii("cdecimal\nDecimal\n(X\x03\x00\x00\x001.5tR."));
  assertInstanceOf(number, Decimal);
});

Deno.test("a client gives values of Python's classes and takes them", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const order = { id: new Uuid(ID), total: new Decimal("19.90"), tags: deque(["a"]) };
  await client.set("order", order);
  const found = await client.get<typeof order>("order");
  assertEquals(notate(found), notate(order));
  assertEquals(JSON.stringify(found), `{"id":"${ID}","total":"19.90","tags":["a"]}`);
});

Deno.test("classes makes values of instances, by their arguments, state and items", async () => {
  const classes = {
    "app.Money": (args: readonly unknown[], state: unknown) => ({ args: [...args], state }),
    "app.Outer.Inner": ([value]: readonly unknown[]) => `inner ${value}`,
    "app.Bag": (_: readonly unknown[], __: unknown, items: readonly unknown[]) => items,
    "app.Color": ([value]: readonly unknown[]) => `color ${value}`,
  };
  const options = { classes };
  const money = "capp\nMoney\n(K\x05tR}X\x01\x00\x00\x00aNsb";
  const five = { args: [5], state: { a: null } };
  assertEquals(await read(`${money}.`, options), five);
  assertEquals(await read(`(${money}${money}t.`, options), [five, five]);
  assertEquals(await read(`}K\x01${money}s.`, options), new Map([[1, five]]));
  const plain = "ccopyreg\n_reconstructor\n(capp\nMoney\ncbuiltins\nobject\nNtR";
  assertEquals(await read(`${plain}.`, options), { args: [], state: undefined });
  assertEquals(await read("capp\nMoney\n)\x81.", options), { args: [], state: undefined });
  const inner = "cbuiltins\ngetattr\n(capp\nOuter\nX\x05\x00\x00\x00InnertR(K\x07tR.";
  assertEquals(await read(inner, options), "inner 7");
  assertEquals(await read("capp\nBag\n)\x81(K\x01K\x02e.", options), [1, 2]);
  assertEquals(await read("capp\nBag\n)\x81(K\x01K\x02u.", options), [[1, 2]]);
  const red = "capp\nColor\n(K\x01tR";
  assertEquals(await read(`(${red}${red}l.`, options), ["color 1", "color 1"]);
  assertEquals(await read(`}${red}K\x02s.`, options), new Map([["color 1", 2]]));
  assertEquals(await read(`c__builtin__\nset\n(](${red}etR.`, options), new Set(["color 1"]));
  const member = "cbuiltins\ngetattr\n(capp\nColor\nX\x03\x00\x00\x00REDtR.";
  assertEquals(await read(member, options), "color RED");
  // Innermost first, and what is shared once.
  const nested = `capp\nMoney\n(${red}q\x01h\x01]h\x01atR.`;
  const value = await read(nested, options) as { args: unknown[] };
  assertEquals(value.args, ["color 1", "color 1", ["color 1"]]);
});

Deno.test("classes calls only registered functions, and says what went wrong there", async () => {
  const options = { classes: { "app.Money": () => undefined, "app.Bad": () => JSON.parse("{") } };
  await assertRefused(
    "capp\nMoney\n)R.",
    'the function for "app.Money" in the option classes returned undefined',
    options,
  );
  await assertRefused(
    "capp\nBad\n)R.",
    'the function for "app.Bad" in the option classes threw an error',
    options,
  );
  await assertRefused("capp\nOther\n)R.", 'global "app.Other" is not plain data', options);
  await assertRefused("capp\ntoString\n)R.", 'global "app.toString" is not plain data', options);
  await assertRefused("capp\nMoney\n.", 'global "app.Money" is not plain data', options);
  await assertRefused(
    "capp\nMoney\n)Rq\x00}X\x01\x00\x00\x00ah\x00sb.",
    'an instance of "app.Money" is a part of itself',
    options,
  );
});

Deno.test("keepUnreadable keeps what is not read, with the name of its class", async () => {
  const options = { keepUnreadable: true };
  const money = "capp.models\nMoney\n(K\x05tR}X\x01\x00\x00\x00aNsb";
  const [first, second, third] = await read(`(${money}K\x07capp\nf\nl.`, options) as unknown[];
  assertInstanceOf(first, Unreadable);
  assertEquals(first.className, "app.models.Money");
  assertEquals(second, 7);
  assertEquals((third as Unreadable).className, "app.f");
  const attribute = "cbuiltins\ngetattr\n(capp\nOuter\nX\x05\x00\x00\x00InnertR(K\x07tR.";
  assertEquals(String(await read(attribute, options)), "<unreadable app.Outer.Inner>");
  const broken = await read("(cdecimal\nDecimal\n(X\x01\x00\x00\x00xtRK\x01l.", options);
  assertEquals((broken as unknown[]).map(String), ["<unreadable decimal.Decimal>", "1"]);
  const keys = await read(`c__builtin__\nset\n(](${money}${money}etR.`, options) as Set<unknown>;
  assertEquals(keys.size, 2);
  assertThrows(
    () => writePickle([first]),
    ValidationException,
    "an instance of app.models.Money was not read, and cannot be written",
  );
  await assertRefused(`(${money}K\x07capp\nf\nl.`, 'global "app.models.Money" is not plain data');
});

Deno.test("tupleKeys has a Map find tuples by their items, and write them as before", async () => {
  const transcoder = moecacheTranscoder({ tupleKeys: true });
  const bytes = Uint8Array.of(1, 255);
  const id = new Uuid(ID);
  const nested = tuple("a", tuple(2n ** 64n, frozenSet([1, "b"])), bytes, id, new Date(5), null);
  const stored = {
    prices: new Map<unknown, unknown>([[tuple(1, "EUR"), 5], ["text", 6], [nested, 7]]),
    counts: counter(new Map([[tuple(0, 1), 2]])),
    others: new Map([[1, "one"]]),
  };
  const item = await transcoder.encode(stored);
  const read = await transcoder.decode(item) as typeof stored;
  assertEquals(read, stored);
  assertEquals(await transcoder.encode(read), item);
  const { prices, counts } = read;
  assertEquals(prices.get(tuple(1, "EUR")), 5);
  assertEquals(prices.get([1n, "EUR"]), 5);
  assertEquals(prices.get([true, "EUR"]), 5); // 1 == True in Python
  assertEquals(prices.get("text"), 6);
  const same = [
    "a",
    [2n ** 64n, frozenSet(["b", 1])],
    bytes.slice(),
    new Uuid(ID),
    new Date(5),
    null,
  ];
  assertEquals(prices.get(same), 7);
  assertEquals(counts.get([0, 1]), 2);
  for (
    const other of [[1, "USD"], ["1", "EUR"], [1], [], [1, "EUR", 0], [1, ["EUR"]], [{}, "EUR"]]
  ) {
    assertEquals([prices.has(other), prices.get(other)], [false, undefined]);
  }
  prices.set(tuple(1, "EUR"), 8).set(tuple(3, "EUR"), 9);
  assertEquals([prices.size, prices.get([1, "EUR"]), prices.get([3, "EUR"])], [4, 8, 9]);
  assertEquals(prices.delete([1, "EUR"]), true);
  assertEquals(prices.delete([1, "EUR"]), false);
  assertEquals([prices.size, prices.has([1, "EUR"])], [3, false]);
  prices.set(tuple(1, "EUR"), 10);
  assertEquals(prices.get([1, "EUR"]), 10);
  prices.clear();
  assertEquals([prices.size, prices.has([3, "EUR"])], [0, false]);
  assertEquals(await transcoder.decode({ flags: 274, data: new TextEncoder().encode("x") }), "x");
  const plain = await moecacheTranscoder.decode(item) as typeof stored;
  assertEquals(plain.prices.get(tuple(1, "EUR")), undefined);
});

Deno.test("tupleKeys takes linear time for tuples that share their parts, and any depth", async () => {
  const long = "x".repeat(10_000);
  let shared: unknown = tuple(long, long);
  for (let level = 0; level < 100; level++) shared = tuple(shared, shared);
  let deep: unknown = tuple(1);
  for (let level = 0; level < 100_000; level++) deep = tuple(deep);
  const maps = Array.from({ length: 10_000 }, (_, i) => new Map([[tuple(shared, i), i]]));
  const value = [maps, new Map([[deep, "deep"], [tuple(2), "two"]])] as const;
  const read = await readPickle(writePickle(value), false, { tupleKeys: true }) as typeof value;
  const [[first] = [], last] = read;
  const [key] = first?.keys() ?? [];
  assertEquals(first?.get(tuple(...key as [unknown, number])), 0);
  assertEquals(last.get([2]), "two");
});

Deno.test("classes that are not read are named, however they are made", async () => {
  const named = 'global "app.Money" is not plain data';
  await assertRefused("ccopy_reg\n_reconstructor\n(capp\nMoney\nc__builtin__\nobject\nNtR.", named);
  await assertRefused("ccopyreg\n_reconstructor\n(capp\nMoney\ncbuiltins\ndict\n}tR.", named);
  await assertRefused("cbuiltins\ngetattr\n(capp\nMoney\nX\x01\x00\x00\x00atR.", named);
  await assertRefused(
    "cbuiltins\ngetattr\n(cuuid\nUUID\nX\x03\x00\x00\x00hextR.",
    '"uuid.UUID.hex"',
  );
  await assertRefused(
    "cbuiltins\ngetattr\n(K\x01X\x03\x00\x00\x00hextR.",
    'an attribute of "Number"',
  );
  await assertRefused("ccollections\ndeque\n)R}X\x01\x00\x00\x00aNsb.", 'of "deque"');
  await assertRefused("ccollections\nChainMap\n)R.", 'global "collections.ChainMap"');
  await assertRefused("cdateutil.tz.tz\ntzlocal\n)R.", 'global "dateutil.tz.tz.tzlocal"');
});

Deno.test("calls of classes with arguments that make nothing are refused", async () => {
  const calls = [
    "cdecimal\nDecimal\n(X\x01\x00\x00\x00xtR.",
    "cuuid\nUUID\n)\x81}b.",
    "cuuid\nUUID\n(X\x01\x00\x00\x00xtR.",
    "cfractions\nFraction\n(K\x01K\x00tR.",
    "cfractions\nFraction\n(X\x03\x00\x00\x001/0tR.",
    "cbuiltins\nrange\n(K\x01K\x02K\x00tR.",
    "carray\narray\n(X\x01\x00\x00\x00i](X\x01\x00\x00\x00aetR.",
    "carray\n_array_reconstructor\n(carray\narray\nX\x01\x00\x00\x00iK\x08C\x03abctR.",
    "ccollections\ndefaultdict\n(K\x01tR.",
    "cdatetime\ntime\n(C\x06\x18\x00\x00\x00\x00\x00tR.",
    "cdateutil.tz.tz\ntzoffset\n)\x81}b.",
    "cnumpy.core.multiarray\nscalar\n(K\x01C\x00tR.",
    "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(X\x02\x00\x00\x00M8tRC\x00tR.",
    "cpytz\n_p\n(X\x01\x00\x00\x00xJ\xff\xff\xff\x7ftR.",
  ];
  for (const call of calls) await assertRefused(call, "Cannot read pickle: ");
});

Deno.test("options of the transcoder and values of classes are checked", () => {
  const refused = (options: unknown) =>
    assertThrows(
      () => moecacheTranscoder(options as MoecacheTranscoderOptions),
      ValidationException,
    );
  refused({ keepUnreadable: 1 });
  refused({ tupleKeys: "text" });
  refused({ classes: 1 });
  refused({ classes: { "app.Money": 1 } });
  refused({ class: {} });
  assertThrows(() => new Decimal("x"), ValidationException);
  assertThrows(() => new Uuid("x"), ValidationException);
  assertThrows(() => new Fraction(1, 0), ValidationException);
  assertThrows(() => new Fraction(1.5), ValidationException);
  assertThrows(() => new Range(1, 2, 0), ValidationException);
  assertThrows(() => new Time(24), ValidationException);
  assertThrows(() => new Time(1, { minutes: 5 } as object), ValidationException);
  assertThrows(() => new TimeDelta(1e9), ValidationException);
  assertThrows(() => new TimeDelta(0.5), ValidationException);
  assertThrows(() => new TimeZone(new TimeDelta(1)), ValidationException);
  assertThrows(() => new TimeZone(undefined), ValidationException);
  refused({ classes: Promise.resolve({}) });
  assertThrows(() => new TimeDelta(5n as never), ValidationException);
  assertThrows(() => naiveDatetime(5n as never), ValidationException);
  assertThrows(() => new NumpyScalar("float80", 1), ValidationException);
  assertThrows(() => defaultDict("eval", {}), ValidationException);
  assertThrows(() => pythonArray("x", []), ValidationException);
  assertThrows(() => deque([], -1), ValidationException);
  assertThrows(() => calendarDate(new Date(NaN)), ValidationException);
});

Deno.test("values that Python's class cannot have are refused when they are made: no program could read them", () => {
  const scalars: [type: string, ...values: unknown[]][] = [
    ["bool_", 1, "true", null],
    ["int8", 128, -129n, NaN, "5", true, null, [], new Complex(1, 2)],
    ["uint64", -1, 2n ** 64n, Infinity],
    ["float64", "1.5", null, new Date(), new Uint8Array(1)],
    ["complex64", "1j", {}],
    ["str_", 5, new Uint8Array(1)],
    ["bytes_", "a", 5],
  ];
  for (const [type, ...values] of scalars) {
    for (const value of values) {
      assertThrows(() => new NumpyScalar(type, value as never), ValidationException, type);
    }
  }
  const arrays: [typeCode: string, ...items: unknown[]][] = [
    ["d", "a", null, true],
    ["i", 1.5, "1", 2 ** 31],
    ["B", -1, 256],
    ["u", "ab", "", 5],
  ];
  for (const [typeCode, ...items] of arrays) {
    for (const item of items) {
      assertThrows(() => pythonArray(typeCode, [item as never]), ValidationException, typeCode);
    }
  }
  for (const wrong of [[["a", 1]], new Date(0), new Set(["a"]), new Uint8Array(1), "ab", null]) {
    for (const make of [orderedDict, counter, (dict: never) => defaultDict("list", dict)]) {
      assertThrows(() => make(wrong as never), ValidationException, "an object or a Map");
    }
  }
  for (const wrong of [5, null, undefined, {}]) {
    assertThrows(() => deque(wrong as never), ValidationException, "a list");
    assertThrows(() => pythonArray("d", wrong as never), ValidationException, "a list");
  }
  // numpy rounds these.
  for (const [type, value] of [["int8", 127.9], ["uint8", -0.5], ["float16", 1e9]] as const) {
    assertEquals(new NumpyScalar(type, value).value, value);
  }
});

Deno.test("keys of Python's classes that are equal in Python are one key", () => {
  const refused = (...keys: unknown[]) =>
    assertThrows(() => writePickle(new Set(keys)), ValidationException, "equal in Python");
  refused(new Decimal("1.0"), 1);
  refused(new Decimal("0.5"), new Fraction(1, 2), 0.5);
  refused(new Fraction(2, 4), new Decimal("0.5"));
  refused(new Uuid(ID), new Uuid(ID.toUpperCase()));
  refused(new TimeDelta(0, 60), new TimeDelta(0, 59, 1e6));
  refused(new NumpyScalar("int8", 5), 5n);
  refused(new Range(0, 4, 2), new Range(0, 3, 2));
  assert(
    writePickle(
      new Set([
        new Decimal("0.1"),
        0.1,
        "0.1",
        new Time(0),
        calendarDate(new Date(0)),
        naiveDatetime(new Date(0)),
        new Date(0),
      ]),
    ).length > 0,
  );
});

Deno.test("a decimal with an exponent of a million digits is compared in no time", async () => {
  const start = busyTime();
  const set = new Set([new Decimal("1E+999999"), new Decimal("10E+999998")]);
  assertThrows(() => writePickle(set), ValidationException, "equal in Python");
  await readPickle(fromHex(toHex(writePickle(new Set([new Decimal("1E-999999")])))));
  assert(busyTime() - start < 1000);
});

Deno.test("a defaultdict whose values are made by something else than Python's own types is not read", async () => {
  const call = "ccollections\ndefaultdict\n(capp\nmake\ntR.";
  await assertRefused(call, 'global "app.make" is not plain data');
  assertEquals(
    String(await read(call, { keepUnreadable: true })),
    "<unreadable collections.defaultdict>",
  );
  const classes = { "app.make": () => 1 };
  await assertRefused(call, 'global "app.make" is not plain data', { classes });
  const evil = "ccollections\ndefaultdict\n(cbuiltins\neval\ntR.";
  assertEquals(
    String(await read(evil, { keepUnreadable: true })),
    "<unreadable collections.defaultdict>",
  );
});

Deno.test("a Decimal converts to the nearest number, also where it is none", () => {
  const numbers: Readonly<Record<string, number>> = {
    "19.90": 19.9,
    "-1E+3": -1000,
    "Infinity": Infinity,
    "-Infinity": -Infinity,
    "NaN": NaN,
    "-sNaN12": NaN,
  };
  for (const [text, number] of Object.entries(numbers)) {
    assertEquals(new Decimal(text).valueOf(), number, text);
  }
});

Deno.test("a date, and a datetime without a zone, stay such ones when they are changed", async () => {
  const start = "2020-02-29T12:00:00Z";
  for (const make of [calendarDate, naiveDatetime]) {
    const changed = await readPickle(writePickle(make(new Date(start)), 5)) as Date;
    changed.setUTCFullYear(2024);
    const again = await readPickle(writePickle(changed, 5));
    assertEquals(notate(again), notate(make(new Date("2024-02-29T12:00:00Z"))));
  }
});

Deno.test("a zone of Django 3.0 keeps its offset and name when it is stored again", async () => {
  const text = (word: string) => `X${String.fromCharCode(word.length)}\0\0\0${word}`;
  const offset = `${text("_FixedOffset__offset")}cdatetime\ntimedelta\nK\0M\x10\x0eK\0\x87R`;
  const state = `}(${offset}${text("_FixedOffset__name")}${text("+0100")}ub`;
  const zone = await read(`cdjango.utils.timezone\nFixedOffset\n)R${state}.`) as TimeZone;
  const again = await readPickle(writePickle(zone, 5)) as TimeZone;
  for (const { name, offset } of [zone, again]) {
    assertEquals([name, offset?.milliseconds], ["+0100", 3_600_000]);
  }
});
