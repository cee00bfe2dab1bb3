import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { ValidationException } from "../../../src/errors.ts";
import { Complex } from "../../../src/transcoding/complex.ts";
import { isFrozenSet } from "../../../src/transcoding/pickle/python_types.ts";
import { frozenSet } from "../../../src/transcoding/pickle/containers.ts";
import { readPickle } from "../../../src/transcoding/pickle/read_pickle.ts";
import { isTuple } from "../../../src/transcoding/pickle/python_types.ts";
import { tuple } from "../../../src/transcoding/pickle/containers.ts";
import { writePickle } from "../../../src/transcoding/pickle/write_pickle.ts";
import {
  fromHex,
  type PickleVectors,
  readVectors,
  toHex,
  unpack,
  type ValueVectors,
} from "./vectors.ts";

/** Pickles that are read as what is written in another way, and why. */
const REWRITTEN = new Map([
  ["0.0", "a whole float is an int"],
  ["1.0", "a whole float is an int"],
  ['[None, True, False, 0, 0.0, "", b"", (), [], {}]', "a whole float is an int"],
  ["float 0.0", "a whole float is an int"],
  ["float 1.0", "a whole float is an int"],
  ["[None, True, False, 1, 1.0, '1', b'1', (", "a whole float is an int"],
  ["bytearray()", "a bytearray is bytes"],
  ["bytearray(b'abc')", "a bytearray is bytes"],
  ["bytearray(b'\\x00\\xff')", "a bytearray is bytes"],
  ["bytearray(b'ab\\xff')", "a bytearray is bytes"],
  ["'\\ud83d\\ude00 as two surrogates'", "two surrogates are one character"],
  ["{'z': 1, 'y': 2, 'a': 3, '10': 4, '9': 5", "an object has whole numbers for keys come first"],
]);

/** Every protocol that is written. */
const PROTOCOLS = [2, 3, 4, 5] as const;

function assertRefused(
  value: unknown,
  message = "Cannot store value: ",
  protocol: (typeof PROTOCOLS)[number] = 2,
): void {
  assertThrows(() => writePickle(value, protocol), ValidationException, message);
}

function roundTrip<Value>(value: Value): Value {
  return readPickle(writePickle(value)) as Value;
}

/** Nests `container` in itself. */
function nest(depth: number, container: (inner: unknown) => unknown): unknown {
  let value: unknown = null;
  for (let i = 0; i < depth; i++) value = container(value);
  return value;
}

for (const protocol of PROTOCOLS) {
  Deno.test(`writePickle writes protocol ${protocol} byte for byte as CPython does`, async () => {
    const { values } = await readVectors<PickleVectors>("pickle_vectors.json");
    for (const { name, pickles } of values) {
      const bytes = await unpack(pickles[protocol]!);
      const value = readPickle(bytes);
      if (typeof value === "string" && !value.isWellFormed()) {
        assertRefused(value, "lone surrogate", protocol);
      } else if (!REWRITTEN.has(name)) {
        assertEquals(toHex(writePickle(value, protocol)), toHex(bytes), name);
      }
    }
  });
}

Deno.test("writePickle writes protocol 2 unless it is given another", () => {
  for (const value of [null, [1], new Uint8Array(70_000), new Set(["a"])]) {
    assertEquals(writePickle(value), writePickle(value, 2));
  }
});

Deno.test("writePickle writes bytes of every length unchanged from protocol 3 on", () => {
  for (const protocol of PROTOCOLS) {
    for (const length of [0, 1, 255, 256, 65_535, 65_536, 65_537, 300_000]) {
      const bytes = new Uint8Array(length).fill(200);
      const pickle = writePickle(bytes, protocol);
      assertEquals(readPickle(pickle), bytes);
      if (protocol > 2) assertEquals(pickle.length - length < 24, true);
      const list = [bytes, "é".repeat(length), bytes];
      const read = readPickle(writePickle(list, protocol)) as unknown[];
      assertEquals(read, list);
      assertStrictEquals(read[0], read[2]);
    }
  }
});

Deno.test("writePickle writes what Python moecache stored byte for byte", async () => {
  const { values } = await readVectors<ValueVectors>("moecache_values.json");
  for (const { name, flags, hex, portable } of values) {
    if (flags !== 256 || hex === undefined || REWRITTEN.has(name)) continue;
    if (JSON.stringify(portable).includes('"type":"object"')) continue;
    assertEquals(toHex(writePickle(readPickle(fromHex(hex)))), hex, name);
  }
});

Deno.test("writePickle writes a Date as CPython does an aware datetime", async () => {
  const { values } = await readVectors<ValueVectors>("moecache_values.json");
  const name = "datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.timez";
  const { hex } = values.find((value) => value.name === name)!;
  assertEquals(toHex(writePickle(new Date("2020-01-02T03:04:05Z"))), hex);
});

Deno.test("writePickle keeps numbers of every kind", () => {
  const numbers = [
    0,
    -0,
    1.5,
    NaN,
    Infinity,
    -Infinity,
    5e-324,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    2 ** 53,
    2 ** 62,
    -(2 ** 31) - 1,
    2 ** 39 - 1,
    2 ** 39,
    -(2 ** 39),
    -(2 ** 39) - 1,
    2 ** 47 - 1,
    2 ** 47,
    -(2 ** 47) - 1,
    1.7e12,
  ];
  for (const number of numbers) assertStrictEquals(roundTrip(number), number);
  for (const bits of [53n, 62n, 63n, 64n, 127n, 2039n, 2040n, 2047n, 100_000n]) {
    for (const bigint of [1n << bits, -(1n << bits), (1n << bits) + 1n, -(1n << bits) - 1n]) {
      assertStrictEquals(roundTrip(bigint), bigint);
    }
  }
  assertStrictEquals(roundTrip<unknown>(5n), 5);
  assertEquals(toHex(writePickle(-128n)), "80024a80ffffff2e");
});

Deno.test("writePickle distinguishes an int from a float", () => {
  assertEquals(toHex(writePickle(1)), "80024b012e");
  assertEquals(toHex(writePickle(-0)), "80024780000000000000002e");
  assertEquals(toHex(writePickle(2 ** 53)), "80024743400000000000002e");
});

Deno.test("writePickle keeps strings of every length", () => {
  const units = ["a", "é", "€", "😀", "\0", "\ufeff"];
  for (const unit of units) {
    for (const length of [0, 1, 16, 63, 64, 65, 300, 5000]) {
      const text = unit.repeat(length);
      assertStrictEquals(roundTrip(text), text);
    }
  }
  assertEquals(roundTrip("a".repeat(40) + "é"), "a".repeat(40) + "é");
});

Deno.test("writePickle keeps bytes of every length", () => {
  for (const length of [0, 1, 2, 127, 128, 5000, 70_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => index * 7);
    assertEquals(roundTrip(bytes), bytes);
  }
});

Deno.test("writePickle writes a view, and a subclass of Uint8Array, as its bytes", () => {
  class Chunk extends Uint8Array {}
  assertEquals(roundTrip<Uint8Array>(Chunk.of(1, 200)), Uint8Array.of(1, 200));
  assertEquals(roundTrip(Uint8Array.of(1, 2, 3).subarray(1)), Uint8Array.of(2, 3));
});

Deno.test("writePickle keeps collections", () => {
  const value = {
    list: [1, [2, [3, []]]],
    object: { a: { b: {} } },
    map: new Map<unknown, unknown>([[1, "one"], [null, 2], ["x", 3], [
      1.5,
      new Map([[2n ** 70n, 0]]),
    ]]),
    set: new Set([1, "a", null, -5]),
    date: new Date(1_600_000_000_123),
    complex: new Complex(1, -0),
  };
  assertEquals(roundTrip(value), value);
});

Deno.test("writePickle writes a Map whose keys are strings as what reads as an object", () => {
  assertEquals(roundTrip<unknown>(new Map([["a", 1]])), { a: 1 });
  assertEquals(roundTrip<unknown>(new Map()), {});
});

Deno.test("writePickle keeps tuples and frozensets, which may be keys", () => {
  const value = new Map<unknown, unknown>([
    [tuple(1, tuple(), "x"), tuple(1, 2, 3, 4)],
    [frozenSet([1, frozenSet([tuple(2)])]), new Set([tuple(1), Uint8Array.of(1)])],
  ]);
  const [[first, four], [second]] = [...roundTrip(value)] as [
    [unknown[], unknown[]],
    [Set<unknown>],
  ];
  assertEquals([first, four], [[1, [], "x"], [1, 2, 3, 4]]);
  assertEquals([isTuple(first), isTuple(four), isFrozenSet(second)], [true, true, true]);
});

Deno.test("writePickle keeps what is shared, and what holds itself", () => {
  const shared = { n: 1 };
  const list: unknown[] = [shared, shared];
  list.push(list);
  const read = roundTrip(list) as [unknown, unknown, unknown];
  assertStrictEquals(read[0], read[1]);
  assertStrictEquals(read[2], read);

  const map = new Map<unknown, unknown>([[0, shared]]);
  map.set(1, map);
  const readMap = roundTrip(map);
  assertStrictEquals(readMap.get(1), readMap);

  const date = new Date(0);
  const dates = roundTrip([date, date, new Date(0)]);
  assertStrictEquals(dates[0], dates[1]);
  assertEquals(dates[2], date);
});

Deno.test("writePickle keeps a tuple that a list in it holds", () => {
  const list: unknown[] = [];
  const pair = tuple(list, 2);
  list.push(pair);
  assertEquals(toHex(writePickle(pair)), "80025d710068004b02867101614b02303068012e");
  const five = tuple(list, 1, 2, 3, 4);
  list.push(five);
  const read = roundTrip(five) as unknown as [unknown[]];
  assertStrictEquals((read[0] as unknown[])[1], read);
});

Deno.test("writePickle throws for a tuple or frozenset that holds only itself", () => {
  const self: unknown[] = tuple();
  self.push("text", Uint8Array.of(1), tuple(self));
  assertRefused(self, "a tuple that is an item of itself");
  assertRefused(new Set([self]), "cannot hash");
  const frozen = frozenSet<unknown>();
  frozen.add(frozen);
  assertRefused(frozen, "cannot hash");
});

Deno.test("writePickle writes to any depth", () => {
  for (const container of [(inner: unknown) => [inner], (inner: unknown) => ({ k: inner })]) {
    const bytes = writePickle(nest(100_000, container));
    assertEquals(writePickle(readPickle(bytes)), bytes);
  }
  const tuples = writePickle(nest(100_000, (inner) => tuple(inner)));
  assertEquals(writePickle(readPickle(tuples)), tuples);
  const sets = nest(10_000, (inner) => frozenSet([inner]));
  assertInstanceOf(readPickle(writePickle(sets)), Set);
  const maps = nest(100_000, (inner) => new Map([[1, inner]]));
  assertInstanceOf(readPickle(writePickle(maps)), Map);
});

Deno.test("writePickle writes each shared list once", () => {
  assertEquals(writePickle(nest(60, (inner) => [inner, inner])).length < 1000, true);
  const tuples = nest(60, (inner) => tuple(inner, inner));
  assertEquals(writePickle(new Set([tuples])).length < 1000, true);
});

Deno.test("writePickle treats __proto__ and similar keys like any other", () => {
  const object = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}');
  const read = roundTrip(object);
  assertEquals(Object.keys(read), ["__proto__", "constructor"]);
  assertEquals(Object.getOwnPropertyDescriptor(read, "__proto__")?.value, { x: 1 });
  assertStrictEquals(read.x, undefined);
  assertEquals(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 });
});

Deno.test("writePickle throws for values that Python does not have, and says where they are", () => {
  class Point {}
  assertRefused(undefined, "Cannot store value: undefined");
  assertRefused({ a: [1, , 2] }, 'Cannot store value: undefined at "a[1]"');
  assertRefused(
    { a: { "b c": [() => 1] } },
    'a function at "a[\\"b c\\"][0]"',
  );
  assertRefused(
    new Map([[5, Symbol()]]),
    'a symbol at "get(5)"',
  );
  assertRefused([new Point()], 'Cannot store value: an instance of Point at "[0]"');
  assertRefused({ x: "\udc00" }, 'Cannot store value: a string with a lone surrogate at "x"');
  assertRefused({ "\udc00": 1 }, "a string with a lone surrogate");
  assertRefused({ [Symbol("s")]: 1 }, "an object with a symbol as a key");
  assertRefused([new Date(NaN)], "a Date that is invalid");
  assertRefused(new Date(Date.UTC(10_000, 0)), "a Date that is invalid");
  assertRefused(new Date(-62_135_596_800_001), "a Date that is invalid");
  const others = [
    new (class extends Array {})(),
    new (class extends Map {})(),
    Object.create({}),
    Object.create(Array.prototype),
    new Error("x"),
    /x/,
    new URL("http://x/"),
    new String("x"),
    Promise.resolve(),
    new ArrayBuffer(1),
    new Uint16Array(1),
    new WeakMap(),
  ];
  for (const other of others) assertRefused(other, "an instance of ");
  const error = assertThrows(() => writePickle([Point]), ValidationException);
  assertStrictEquals(error.item, Point);
});

Deno.test("writePickle throws for keys that Python cannot hash or distinguish", () => {
  for (const key of [[], {}, new Set(), new Map(), tuple([]), frozenSet([tuple({})])]) {
    assertRefused(new Map([[key, 1]]), "cannot hash");
    assertRefused(new Set([key]), "cannot hash");
  }
  const twins = [
    [1, true],
    [0, false],
    [1, 1n],
    [2 ** 60, 2n ** 60n],
    [tuple(1), tuple(true)],
    [Uint8Array.of(1), Uint8Array.of(1)],
    [new Date(5), new Date(5)],
    [new Complex(2, 0), 2],
    [frozenSet([1, 2]), frozenSet([2, 1])],
  ];
  for (const pair of twins) {
    assertRefused(new Set<unknown>(pair), "equal in Python");
    assertRefused(new Map<unknown, unknown>(pair.map((key) => [key, 0])), "equal in Python");
  }
  const distinct = new Set<unknown>([
    1,
    "1",
    tuple(1),
    Uint8Array.of(1),
    frozenSet([1]),
    1.5,
    null,
  ]);
  assertEquals(roundTrip(distinct).size, distinct.size);
});

Deno.test("writePickle can be called while it reads a property", () => {
  const inner = { a: 1 };
  const outer = {
    get bytes() {
      return writePickle(inner);
    },
  };
  assertEquals(roundTrip<unknown>([outer, inner]), [{ bytes: writePickle(inner) }, inner]);
});

Deno.test("writePickle writes after it threw", () => {
  assertRefused(["x", undefined]);
  assertEquals(toHex(writePickle(null)), "80024e2e");
});
