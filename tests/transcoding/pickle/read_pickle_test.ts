import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { ClientException } from "../../../src/errors.ts";
import { Complex } from "../../../src/transcoding/complex.ts";
import { isFrozenSet } from "../../../src/transcoding/pickle/python_types.ts";
import { readPickle } from "../../../src/transcoding/pickle/read_pickle.ts";
import { busyTime } from "../../support/busy_time.ts";
import { isTuple } from "../../../src/transcoding/pickle/python_types.ts";
import {
  assertPortable,
  fromHex,
  joinParts,
  type PickleVectors,
  readVectors,
  unpack,
} from "./vectors.ts";

const { values, hostile, unusual } = await readVectors<PickleVectors>("pickle_vectors.json");

/** Makes a pickle of opcodes and arguments: strings are ASCII, numbers are bytes. */
function pickle(...parts: (string | number)[]): Uint8Array<ArrayBuffer> {
  const bytes = parts.flatMap((part) =>
    typeof part === "number" ? [part] : Array.from(part, (char) => char.charCodeAt(0))
  );
  return Uint8Array.from(bytes);
}

/** At once, or later if it names a class whose reader has to be loaded first. */
async function assertRefused(bytes: Uint8Array, message = "Cannot read pickle: "): Promise<void> {
  await assertRejects(async () => await readPickle(bytes), ClientException, message);
}

Deno.test("readPickle reads every value in every protocol", async () => {
  for (const { portable, pickles } of values) {
    for (const packed of Object.values(pickles)) {
      assertPortable(await readPickle(await unpack(packed)), portable);
    }
  }
});

Deno.test("readPickle refuses hostile pickles, and takes no time over them", async () => {
  for (const { name, hex, parts, expect } of hostile) {
    const bytes = hex === undefined ? joinParts(parts ?? []) : fromHex(hex);
    const before = busyTime();
    try {
      await readPickle(bytes);
      assertEquals(expect, "throwOrReturnQuickly", name);
    } catch (error) {
      if (!(error instanceof ClientException)) throw error;
    }
    assertEquals(busyTime() - before < 2000, true, name);
  }
});

Deno.test("readPickle reads what is unusual as CPython does", async () => {
  for (const { name, hex, portable, throws, implementationsDiffer } of unusual) {
    // A Map has only one NaN for a key, and what follows a pickle is refused.
    if (name === "nan twice as key" || name === "text after STOP is ignored") continue;
    if (implementationsDiffer) continue;
    if (throws === undefined) assertPortable(await readPickle(fromHex(hex)), portable!);
    else await assertRefused(fromHex(hex));
  }
});

Deno.test("readPickle refuses each pickle that is cut off", async () => {
  for (const { pickles } of values) {
    for (const packed of Object.values(pickles)) {
      const bytes = await unpack(packed);
      if (bytes.length > 300) continue;
      for (let end = 0; end < bytes.length; end++) await assertRefused(bytes.subarray(0, end));
    }
  }
});

Deno.test("readPickle refuses bytes that follow the pickle", async () => {
  for (const rest of ["x", ".", "\0", "garbage", "N.", "\x80\x02N."]) {
    await assertRefused(pickle("\x80\x02K\x05.", rest), "data follows its end");
    await assertRefused(pickle("N.", rest), "data follows its end");
  }
});

Deno.test("readPickle makes a view of long bytes that it owns, and a copy of all others", () => {
  const length = 70_000;
  const size = pickle(length & 0xff, length >> 8 & 0xff, length >> 16, 0);
  const bytes = new Uint8Array(length).map((_, at) => at * 7);
  const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const heads = [pickle("\x80\x03B"), pickle("\x80\x04B"), pickle("\x80\x05B"), pickle("B")];
  for (const head of heads) {
    for (const tail of ["\x94.", "q\0.", ".", "\x85."]) {
      const whole = join(head, size, bytes, pickle(tail));
      for (const isOwn of [true, false]) {
        const source = whole.slice();
        const read = readPickle(source, isOwn);
        const found = (tail === "\x85." ? (read as Uint8Array[])[0] : read) as Uint8Array;
        assertEquals(found, bytes);
        assertEquals(found.byteOffset, 0);
        assertEquals(found.buffer === source.buffer, isOwn);
        if (!isOwn) assertEquals(source, whole);
      }
      for (const end of [whole.length - 1, length, 8]) {
        assertThrows(() => readPickle(whole.slice(0, end), true), ClientException);
      }
      const followed = join(whole, pickle("x"));
      assertThrows(() => readPickle(followed, true), ClientException);
    }
  }
  const half = join(pickle("\x80\x03(B"), size, bytes, pickle("B"), size, bytes, pickle("t."));
  const read = readPickle(half.slice(), true) as Uint8Array[];
  assertEquals(read, [bytes, bytes]);
  assertEquals(read.map(({ buffer }) => buffer.byteLength), [length, length]);
});

Deno.test("readPickle names the global that it refuses", async () => {
  await assertRefused(pickle("cos\nsystem\n."), 'global "os.system" is not plain data');
  await assertRefused(
    pickle(0x80, 4, 0x8c, 2, "os", 0x8c, 6, "system", 0x93, "."),
    'global "os.system" is not plain data',
  );
  await assertRefused(pickle("(ios\nsystem\n."), 'global "os.system" is not plain data');
  await assertRefused(
    pickle("ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00aNsb."),
    'it sets attributes of "OrderedDict", which plain data does not have',
  );
  await assertRefused(pickle("cconstructor\n\n."), 'global "constructor." is not plain data');
});

Deno.test("readPickle refuses a global that is left in the value", async () => {
  await assertRefused(pickle("c__builtin__\nset\n."), '"__builtin__.set" is not plain data');
  await assertRefused(pickle("]c__builtin__\nset\na."), '"__builtin__.set" is not plain data');
  await assertRefused(pickle("}X\x01\x00\x00\x00ac_codecs\nencode\ns."), '"_codecs.encode"');
  await assertRefused(pickle("(c__builtin__\nset\nt."), '"__builtin__.set" is not plain data');
  await assertRefused(pickle("}K\x01c__builtin__\nset\ns."), '"__builtin__.set" is not plain data');
  await assertRefused(pickle("}c__builtin__\nset\nNs."), '"__builtin__.set" is not plain data');
});

Deno.test("readPickle refuses calls with arguments that make no data", async () => {
  const calls = [
    "c__builtin__\nset\n(K\x05tR.",
    "c__builtin__\nset\n(]]tR.",
    "c__builtin__\nset\n]R.",
    "c__builtin__\nbytes\n(J\xff\xff\xff\x7ftR.",
    "c__builtin__\nbytes\n(]M\x00\x01atR.",
    "c__builtin__\nbytearray\n(X\x01\x00\x00\x00atR.",
    "c__builtin__\ncomplex\n(X\x01\x00\x00\x001tR.",
    "c_codecs\nencode\n(X\x01\x00\x00\x00aX\x05\x00\x00\x00rot13tR.",
    "c_codecs\nencode\n(X\x02\x00\x00\x00\xc4\x80X\x06\x00\x00\x00latin1tR.",
    "c_codecs\nencode\n\x81.",
    "c_codecs\nencode\n)\x81.",
    "ccollections\nOrderedDict\n(](K\x01eetR.",
    "ccollections\nCounter\n(]tR.",
    "cdatetime\ndatetime\n(C\x00tR.",
    "cdatetime\ntimezone\n(K\x00tR.",
    "cdatetime\ntimezone\n(cdatetime\ntimedelta\n(K\x01K\x00K\x00tRtR.",
    "c__builtin__\nset\n)}N}s\x92.",
    "]]b.",
  ];
  for (const call of calls) await assertRefused(pickle(0x80, 4, call));
});

Deno.test("readPickle reads what a class makes without its initializer", () => {
  assertEquals(readPickle(pickle("c__builtin__\nset\n(]K\x01at\x81.")), new Set());
  assertEquals(readPickle(pickle("c__builtin__\nfrozenset\n(]K\x01at\x81.")), new Set([1]));
  assertEquals(readPickle(pickle("(c__builtin__\nset\n]K\x01ao.")), new Set([1]));
  assertEquals(readPickle(pickle("(]K\x01aibuiltins\nset\n.")), new Set([1]));
  assertEquals(readPickle(pickle("c__builtin__\ncomplex\n(K\x01K\x02t}\x92.")), new Complex(1, 2));
});

Deno.test("readPickle reads bytes in the forms of older Pythons", () => {
  const bytes = Uint8Array.of(1, 255);
  const latin1 = "(X\x03\x00\x00\x00\x01\xc3\xbfX\x07\x00\x00\x00latin-1tR.";
  assertEquals(readPickle(pickle("c__builtin__\nbytes\n(](K\x01K\xffetR.")), bytes);
  assertEquals(readPickle(pickle("c__builtin__\nbytearray\n", latin1)), bytes);
  assertEquals(readPickle(pickle("c_codecs\nencode\n", latin1)), bytes);
});

Deno.test("readPickle gives bytes, and the text that Python made them of, when asked again", () => {
  const call =
    "c_codecs\nencode\nq\x00X\x02\x00\x00\x00\xc3\xbfq\x01X\x06\x00\x00\x00latin1q\x02\x86q\x03R";
  const again = "q\x04h\x01h\x02h\x03h\x04h\x01";
  const read = readPickle(pickle("(", call, again, "t.")) as unknown[];
  const bytes = Uint8Array.of(255);
  assertEquals(read, [bytes, "ÿ", "latin1", ["ÿ", "latin1"], bytes, "ÿ"]);
  assertStrictEquals(read[0], read[4]);
  assertEquals(isTuple(read[3] as unknown[]), true);
});

Deno.test("readPickle makes keys like __proto__ plain own properties", () => {
  const text = (key: string) => `X${String.fromCharCode(key.length)}\x00\x00\x00${key}`;
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const object = readPickle(pickle("}", text(key), "}", text("x"), "K\x01ss.")) as object;
    assertStrictEquals(Object.getPrototypeOf(object), Object.prototype);
    assertEquals(Object.keys(object), [key]);
    assertEquals(Object.getOwnPropertyDescriptor(object, key), {
      value: { x: 1 },
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  assertStrictEquals(({} as Record<string, unknown>)["x"], undefined);
});

Deno.test("readPickle makes one Map of a dict that holds itself before its first key", () => {
  const map = readPickle(pickle("}q\x00(K\x01h\x00K\x02]h\x00aK\x03(h\x00tu.")) as Map<
    number,
    unknown
  >;
  assertStrictEquals(map.get(1), map);
  assertStrictEquals((map.get(2) as unknown[])[0], map);
  assertStrictEquals((map.get(3) as unknown[])[0], map);
});

Deno.test("readPickle makes a Map of a dict that gets another key late", () => {
  const late = readPickle(pickle("(}q\x00X\x09\x00\x00\x00__proto__h\x00s2K\x01Nst."));
  const [first, second] = late as Map<unknown, unknown>[];
  assertStrictEquals(first, second);
  assertEquals([...first!.keys()], ["__proto__", 1]);
  assertStrictEquals(first!.get("__proto__"), first);
});

Deno.test("readPickle keeps the first of keys that are equal in Python, and the last value", () => {
  const read = (...keys: string[]) =>
    readPickle(pickle("}(", ...keys.flatMap((key, i) => [key, "K", i]), "u.")) as Map<
      unknown,
      number
    >;
  assertEquals([...read("K\x01", "\x88")], [[1, 1]]);
  assertEquals([...read("\x89", "K\x00")], [[false, 1]]);
  assertEquals([...read("(K\x01t", "(\x88t", "(K\x02t")], [[[1], 1], [[2], 2]]);
  assertEquals([...read("C\x01a", "C\x01a", "C\x01b")].length, 2);
  assertEquals([...read("(K\x01K\x02\x91", "(K\x02K\x01\x91")].length, 1);
  const set = readPickle(pickle("\x8f(K\x01\x88)))K\x00\x90."));
  assertEquals(set, new Set([1, [], 0]));
});

Deno.test("readPickle refuses keys that Python tells apart and JavaScript does not: several NaN", () => {
  const nan = "G\x7f\xf8\0\0\0\0\0\0";
  assertEquals(readPickle(pickle("}(", nan, "K\x01u.")), new Map([[NaN, 1]]));
  for (
    const twice of [`}(${nan}K\x01${nan}K\x02u.`, `\x8f(${nan}${nan}\x90.`, `(${nan}${nan}\x91.`]
  ) {
    assertThrows(() => readPickle(pickle(twice)), ClientException, "not unique: NaN");
  }
});

Deno.test("readPickle refuses keys that Python cannot hash", async () => {
  const keys = [
    "]",
    "}",
    "\x8f",
    "(]t",
    "\x96\x00\x00\x00\x00\x00\x00\x00\x00",
    "(C\x00\x96" + "\x00".repeat(8) + "t",
  ];
  for (const key of keys) {
    await assertRefused(pickle("}", key, "Ns."), "not hashable");
    await assertRefused(pickle("\x8f(", key, "\x90."), "not hashable");
    await assertRefused(pickle("(", key, "\x91."), "not hashable");
  }
});

Deno.test("readPickle leaves tuples and frozensets as they are", async () => {
  await assertRefused(pickle(")K\x01a."));
  await assertRefused(pickle("(\x91(K\x01\x90."));
});

Deno.test("readPickle reads tuples and frozensets as what is written as one again", () => {
  assertEquals(isTuple(readPickle(pickle("K\x01\x85.")) as unknown[]), true);
  assertEquals(isTuple(readPickle(pickle("](K\x01e.")) as unknown[]), false);
  assertEquals(isFrozenSet(readPickle(pickle("(\x91.")) as Set<unknown>), true);
  assertEquals(isFrozenSet(readPickle(pickle("\x8f.")) as Set<unknown>), false);
});

Deno.test("readPickle reads dates as instants", () => {
  const text = (bytes: string) => `C${String.fromCharCode(bytes.length)}${bytes}`;
  const zone = (days: string, seconds: string) =>
    `cdatetime\ntimezone\n(cdatetime\ntimedelta\n(${days}${seconds}K\x00tRtR`;
  const noon = text("\x07\xe4\x02\x1d\x0c\x00\x00\x0a\x5b\xb5");
  const read = (call: string) => (readPickle(pickle(call)) as Date).toISOString();
  assertEquals(read(`cdatetime\ndatetime\n(${noon}tR.`), "2020-02-29T12:00:00.678Z");
  assertEquals(
    read(`cdatetime\ndatetime\n(${noon}${zone("K\x00", "M\x10\x0e")}tR.`),
    "2020-02-29T11:00:00.678Z",
  );
  assertEquals(
    read(`cdatetime\ndatetime\n(${noon}${zone("J\xff\xff\xff\xff", "J\x70\x43\x01\x00")}tR.`),
    "2020-02-29T13:00:00.678Z",
  );
  assertEquals(
    read(`cdatetime\ndate\n(${text("\x07\xe4\x02\x1d")}tR.`),
    "2020-02-29T00:00:00.000Z",
  );
  assertEquals(
    read(`cdatetime\ndate\n(${text("\x00\x01\x01\x01")}tR.`),
    "0001-01-01T00:00:00.000Z",
  );
  // The second of two equal times on a clock, and a str of Python 2.
  assertEquals(
    read(`cdatetime\ndate\n(${text("\x07\xe4\x82\x1d")}tR.`),
    "2020-02-29T00:00:00.000Z",
  );
  assertEquals(read("cdatetime\ndate\n(U\x04\x07\x64\x02\x01tR."), "1892-02-01T00:00:00.000Z");
});

Deno.test("readPickle refuses dates that do not exist", async () => {
  const fields = [
    "\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00",
    "\x27\x10\x01\x01\x00\x00\x00\x00\x00\x00",
    "\x07\xe5\x02\x1d\x00\x00\x00\x00\x00\x00",
    "\x07\xe5\x0d\x01\x00\x00\x00\x00\x00\x00",
    "\x07\xe5\x00\x01\x00\x00\x00\x00\x00\x00",
    "\x07\xe5\x01\x00\x00\x00\x00\x00\x00\x00",
    "\x07\xe5\x01\x01\x18\x00\x00\x00\x00\x00",
    "\x07\xe5\x01\x01\x00\x3c\x00\x00\x00\x00",
    "\x07\xe5\x01\x01\x00\x00\x3c\x00\x00\x00",
    "\x07\xe5\x01\x01\x00\x00\x00\x0f\x42\x40",
  ];
  for (const bytes of fields) {
    await assertRefused(pickle("cdatetime\ndatetime\n(C\x0a", bytes, "tR."));
  }
});

Deno.test("readPickle takes memory for what a pickle holds, not for what it repeats", async () => {
  const long = (opcode: string, length: number) =>
    `${opcode}${String.fromCharCode(length & 0xff, length >> 8 & 0xff, length >> 16, 0)}`;
  const text = long("X", 100_000) + "a".repeat(100_000) + "q\x00";
  const copies = "c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R".repeat(1000);
  await assertRefused(pickle("(", text, copies, "t."), "copies more than it holds");
  const list = "(" + "N".repeat(100_000) + "lq\x00";
  await assertRefused(
    pickle("(", list, "c__builtin__\nset\nh\x00\x85R".repeat(1000), "t."),
    "copies more",
  );
});

Deno.test("readPickle reads bytearrays of any length in the two copies that Python makes of them", () => {
  for (const length of [3, 300, 100_000]) {
    const size = String.fromCharCode(length & 0xff, length >> 8 & 0xff, length >> 16, 0);
    const call = "(c_codecs\nencode\n";
    const text = "x".repeat(length);
    const protocols = [
      `c__builtin__\nbytearray\n${call}(V${text}\nVlatin1\ntRtR.`,
      `c__builtin__\nbytearray\n${call}(X${size}${text}X\x06\x00\x00\x00latin1tRtR.`,
    ];
    for (const protocol of protocols) {
      assertEquals(readPickle(pickle(protocol)), new Uint8Array(length).fill(0x78));
    }
  }
});

Deno.test("readPickle distinguishes keys as Python does, however they are nested", () => {
  const count = (...keys: string[]) =>
    (readPickle(pickle("}(", keys.map((key) => `${key}N`).join(""), "u.")) as Map<unknown, null>)
      .size;
  const nested = (depth: number, end: string) => end + "\x85".repeat(depth);
  assertEquals(count(nested(9, ")"), nested(9, ")"), nested(8, ")")), 2);
  assertEquals(count(nested(9, "K\x02"), nested(9, "K\x03"), nested(8, "K\x02")), 3);
  assertEquals(count("K\x02\x85", "K\x02K\x02\x86", "(K\x02\x91", "K\x02"), 4);
  assertEquals(count("K\x01\x85\x85", "\x88\x85\x85", "G\x3f\xf0\0\0\0\0\0\0\x85\x85"), 1);
  assertEquals(count("((K\x01\x85K\x02\x91\x91", "((K\x02K\x01\x85\x91\x91"), 1);
  assertEquals(count("C\x011\x85", "K\x01\x85", "X\x01\0\0\x001\x85"), 3);
  assertEquals(count("c__builtin__\ncomplex\n(K\x01K\x00tR\x85", "K\x01\x85"), 1);
});

Deno.test("readPickle hashes a tuple of tuples in no more steps than it has opcodes", () => {
  const wide = ")" + "q\x00h\x00\x86".repeat(60);
  assertEquals((readPickle(pickle("}", wide, "Ns.")) as Map<unknown, unknown>).size, 1);
  const deep = "})" + "\x85".repeat(900_000) + "Ns.";
  assertEquals((readPickle(pickle(deep)) as Map<unknown, unknown>).size, 1);
  const sets = "}" + "(".repeat(300_000) + ")" + "\x91".repeat(300_000) + "Ns.";
  assertEquals((readPickle(pickle(sets)) as Map<unknown, unknown>).size, 1);
});

Deno.test("readPickle reads the text forms of protocol 0", async () => {
  const cases: [string, unknown][] = [
    ["I 1_0 \n.", 10],
    ["I-0b11\n.", -3],
    ["I0o17\n.", 15],
    ["L0L\n.", 0],
    ["L-99999999999999999999L\n.", -99999999999999999999n],
    ["F-1.5e-3\n.", -0.0015],
    ["F.5\n.", 0.5],
    ["F5.\n.", 5],
    ["F-nan\n.", NaN],
    ["F-0.0\n.", -0],
    ["S'\\\\\\'\\\"\\a\\b\\f\\n\\r\\t\\v\\101\\x42\\q\\0'\n.", "\\'\"\x07\b\f\n\r\t\vAB\\q\0"],
    ["V\\\\u0041\\u0041\\ud83d\\ude00\\\n.", "\\\\u0041A😀\\"],
    ["V\xe9\n.", "é"],
  ];
  for (const [text, value] of cases) assertEquals(readPickle(pickle(text)), value);
  for (const text of ["F1e\n.", "F1_0\n.", "F\n.", "I1 0\n.", "I_1\n.", "I0x\n.", "L1LL\n."]) {
    await assertRefused(pickle(text));
  }
  for (const text of ["S'\\x4'\n.", "S'\\'\n.", "S'\\xe9'\n.", "V\\u12\n.", "V\\U00110000\n."]) {
    await assertRefused(pickle(text));
  }
});

Deno.test("readPickle reads strings with lone surrogates, and no other faults", async () => {
  assertEquals(readPickle(fromHex("8c0861eda080edb080622e")), "a\ud800\udc00b");
  assertEquals(readPickle(fromHex("8c03edb0802e")), "\udc00");
  await assertRefused(fromHex("8c04edb080ff2e"));
  await assertRefused(fromHex("8c02eda02e"));
  await assertRefused(fromHex("8c03eda0412e"));
});

Deno.test("readPickle takes a moment for very many strings with surrogates", async () => {
  const count = 100_000;
  const text = `\x80\x04(${"\x8c\x03\xed\xa0\x80".repeat(count)}t.`;
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const before = busyTime();
  const read = await readPickle(bytes) as string[];
  assertEquals(busyTime() - before < 2000, true);
  assertEquals([read.length, read[0], read.at(-1)], [count, "\ud800", "\ud800"]);
});

Deno.test("readPickle finds equals of the only key or item, and only of the same kind", async () => {
  const equals: [pickle: string, wanted: unknown][] = [
    // One item first, and others later.
    ["\x80\x04\x8f(K\x01\x90(\x88K\x02\x90.", new Set([1, 2])],
    ["\x80\x04}K\x01\x85K\x05s\x88\x85K\x06s.", new Map([[[1], 6]])],
    ["\x80\x04}(K\x01\x91K\x05s(\x88\x91K\x06s.", new Map([[new Set([1]), 6]])],
    // A tuple and a frozenset of the same are not equal, whichever holds the other.
    [
      "\x80\x04}(K\x01\x91K\x05sK\x01\x85K\x06s.",
      new Map<object, number>([[new Set([1]), 5], [[1], 6]]),
    ],
    [
      "\x80\x04}(K\x01\x85\x91K\x05s(K\x01\x91\x85K\x06s.",
      new Map<object, number>([[new Set([[1]]), 5], [[new Set([1])], 6]]),
    ],
  ];
  for (const [text, wanted] of equals) {
    const read = await readPickle(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    assertEquals(Deno.inspect(read), Deno.inspect(wanted), text);
  }
});

Deno.test("readPickle refuses what takes from an empty stack, or from a memo that has nothing", () => {
  for (const text of ["h\x05.", "q\0N.", "0N.", "\x94N.", "j\0\0\0\x01.", "2N."]) {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    assertThrows(() => readPickle(bytes), ClientException, "Cannot read", JSON.stringify(text));
  }
});
