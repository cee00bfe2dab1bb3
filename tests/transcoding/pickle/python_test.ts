import { assertEquals } from "@std/assert";
import { Complex } from "../../../src/transcoding/complex.ts";
import { frozenSet } from "../../../src/transcoding/pickle/containers.ts";
import { readPickle } from "../../../src/transcoding/pickle/read_pickle.ts";
import { tuple } from "../../../src/transcoding/pickle/containers.ts";
import { writePickle } from "../../../src/transcoding/pickle/write_pickle.ts";
import { askPython, hasPython } from "./python.ts";
import { fromHex, type PickleVectors, readVectors, toHex, unpack } from "./vectors.ts";

const ignore = !hasPython();

/** What is written here, and what Python then calls it. */
const WRITTEN: [unknown, string][] = [
  [null, "None"],
  [[true, false], "[True, False]"],
  [
    [0, -1, 255, 256, 65_536, 2 ** 31, -(2 ** 31) - 1],
    "[0, -1, 255, 256, 65536, 2147483648, -2147483649]",
  ],
  [
    [2 ** 53 - 1, 1 - 2 ** 53, 2n ** 64n],
    "[9007199254740991, -9007199254740991, 18446744073709551616]",
  ],
  [-(2n ** 2100n), String(-(2n ** 2100n))],
  [[1.5, -0, NaN, -Infinity, 1e300], "[1.5, -0.0, nan, -inf, 1e+300]"],
  [["", "a", "é€😀", "\0"], "['', 'a', 'é€😀', '\\x00']"],
  [
    [new Uint8Array(), Uint8Array.of(65), Uint8Array.of(0, 128, 255)],
    "[b'', b'A', b'\\x00\\x80\\xff']",
  ],
  [{ a: [], __proto__x: {} }, "{'a': [], '__proto__x': {}}"],
  [JSON.parse('{"__proto__": 1}'), "{'__proto__': 1}"],
  [
    new Map<unknown, unknown>([[1, "a"], [null, 2], [tuple(1, "x"), 3]]),
    "{1: 'a', None: 2, (1, 'x'): 3}",
  ],
  [new Set(["only"]), "{'only'}"],
  [frozenSet([tuple()]), "frozenset({()})"],
  [
    [tuple(), tuple(1), tuple(1, 2), tuple(1, 2, 3), tuple(1, 2, 3, 4)],
    "[(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]",
  ],
  [
    new Date("2020-01-02T03:04:05.678Z"),
    "datetime.datetime(2020, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc)",
  ],
  [new Date(-62_135_596_800_000), "datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"],
  [
    new Date(253_402_300_799_999),
    "datetime.datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=datetime.timezone.utc)",
  ],
  [new Complex(1.5, -2), "(1.5-2j)"],
  [selfHolding([]), "[[...]]"],
  [tupleInList(), "([(...)], 2)"],
];

/** What Python writes, and what it reads as here. */
const READ: [string, unknown][] = [
  ["collections.OrderedDict([('b', 1), ('a', 2)])", { b: 1, a: 2 }],
  ["collections.OrderedDict([(1, 2)])", new Map([[1, 2]])],
  ["collections.Counter('aab')", { a: 2, b: 1 }],
  ["datetime.datetime(2020, 1, 2, 3, 4, 5, 678901)", new Date("2020-01-02T03:04:05.678Z")],
  ["datetime.datetime(2020, 1, 2, 3, fold=1)", new Date("2020-01-02T03:00:00Z")],
  ["datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)", new Date("2020-01-02T00:00:00Z")],
  [
    "datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=-5), 'EST'))",
    new Date("2020-01-02T08:00:00Z"),
  ],
  ["datetime.date(1999, 12, 31)", new Date("1999-12-31T00:00:00Z")],
  ["[bytearray(b'\\xff' * 3), b'\\x80' * 300, b'']", [
    new Uint8Array(3).fill(255),
    new Uint8Array(300).fill(128),
    new Uint8Array(),
  ]],
  ["bytearray(b'x' * 300)", new Uint8Array(300).fill(0x78)],
  ["[bytearray(b'\\xfe' * 70000)] * 2", [
    new Uint8Array(70_000).fill(0xfe),
    new Uint8Array(70_000).fill(0xfe),
  ]],
  ["{frozenset({1}): {2, (3,)}}", new Map([[new Set([1]), new Set<unknown>([2, [3]])]])],
  ["{'\\ud800': ['\\udc00', '\\U0001f600']}", { "\ud800": ["\udc00", "😀"] }],
  ["[-2**63, 2**63, -2**2040, 10**4000]", [-(2n ** 63n), 2n ** 63n, -(2n ** 2040n), 10n ** 4000n]],
  [
    "{str(i): i for i in range(2500)}",
    Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [i, i])),
  ],
  ["'line\\n\\\\u0041 \\\\ \\r \\x1a'", "line\n\\u0041 \\ \r \x1a"],
];

/** What CPython writes in several batches, or from protocol 4 on in several frames. */
const LONG = [
  "[None] * 70000",
  "[str(i) for i in range(20000)]",
  "[i + 0.5 for i in range(10000)]",
  "[2**70 + i for i in range(8000)]",
  "[(i,) for i in range(30000)]",
  "[complex(i, 1) for i in range(6000)]",
  "[{i + 3} for i in range(9000)]",
  "[frozenset([str(i), i + 2]) for i in range(5000)]",
  "{str(i): i * 1000003 for i in range(5000)}",
  "{i: None for i in range(1000)}",
  "{i for i in range(2, 2002)}",
  "frozenset(range(2, 3000))",
  "[b'x' * 100000, 'y' * 100000, 'z', b'q' * 65535, b'r' * 65536, 's' * 65535, 't' * 65536]",
  "['\\xe9' * 40000, b'z' * 70000, '\\xe9' * 32767, '\\u20ac' * 21846]",
  "b'x' * 65536",
  "b'x' * 65535",
  "'\\xe9' * 32768",
  "['a' * 65506, 'b', 'c']",
];

/** Every protocol that is written. */
const PROTOCOLS = [2, 3, 4, 5] as const;

function selfHolding(list: unknown[]): unknown[] {
  list.push(list);
  return list;
}

function tupleInList(): readonly unknown[] {
  const list: unknown[] = [];
  const pair = tuple(list, 2);
  list.push(pair);
  return pair;
}

Deno.test({
  name: "writePickle writes what Python reads as the equal value",
  ignore,
  async fn() {
    for (const protocol of PROTOCOLS) {
      const commands = WRITTEN.map(([value]) => ["repr", toHex(writePickle(value, protocol))]);
      const answers = await askPython(commands);
      assertEquals(
        answers.map(({ returns, throws }) => returns ?? throws),
        WRITTEN.map(([, text]) => text),
      );
    }
  },
});

Deno.test({
  name: "writePickle writes batches and frames where CPython does",
  ignore,
  async fn() {
    const answers = await askPython(LONG.map((expression) => ["dumps", expression]));
    for (const [index, { returns, throws }] of answers.entries()) {
      assertEquals(throws, undefined);
      for (const protocol of PROTOCOLS) {
        const hex = (returns as string[])[protocol]!;
        const written = toHex(writePickle(readPickle(fromHex(hex)), protocol));
        assertEquals(written === hex, true, `${LONG[index]} in protocol ${protocol}`);
      }
    }
  },
});

Deno.test({
  name: "writePickle writes what it read so that Python reads an equal value",
  ignore,
  async fn() {
    const { values } = await readVectors<PickleVectors>("pickle_vectors.json");
    const commands: string[][] = [];
    for (const { pickles } of values) {
      const original = await unpack(pickles["4"]!);
      const value = readPickle(original);
      if (typeof value === "string" && !value.isWellFormed()) continue;
      commands.push(["equal", toHex(original), toHex(writePickle(value))]);
    }
    const answers = await askPython(commands);
    const unequal = commands.filter((_, index) => answers[index]!.returns !== true);
    // A bytearray comes back as bytes, and two surrogates as the one character that they encode.
    assertEquals(
      unequal.map(([, hex]) => hex!.includes("627974656172726179") || hex!.includes("eda0bd")),
      unequal.map(() => true),
    );
  },
});

Deno.test({
  name: "readPickle reads what Python writes, in every protocol",
  ignore,
  async fn() {
    const answers = await askPython(READ.map(([expression]) => ["dumps", expression]));
    for (const [index, { returns, throws }] of answers.entries()) {
      assertEquals(throws, undefined);
      for (const hex of returns as string[]) {
        assertEquals(readPickle(fromHex(hex)), READ[index]![1], READ[index]![0]);
      }
    }
  },
});
