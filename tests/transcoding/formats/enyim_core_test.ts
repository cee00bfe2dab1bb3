import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  ClientException,
  compressed,
  type EncodedValue,
  ValidationException,
} from "../../../mod.ts";
import {
  DotNetValue,
  enyimCoreTranscoder,
  type EnyimCoreTranscoderOptions,
} from "../../../src/transcoding/mod.ts";
import { fromHex, toHex } from "../pickle/vectors.ts";
import { assertWrites, setOf, without } from "./foreign_items.ts";
import { assertReads, type ForeignCase, readForeign, valueOf } from "./foreign_sets.ts";

const set = setOf(await readForeign("enyim-memcached-core"), "default");

function written(value: unknown): string {
  const { flags, data } = enyimCoreTranscoder.encode(value) as EncodedValue;
  assertEquals(flags, 257);
  return toHex(data);
}

function read(hex: string, transcoder = enyimCoreTranscoder()): unknown {
  return transcoder.decode({ flags: 257, data: fromHex(hex) });
}

/** A document of one element: its type, and what follows the key "a". */
function document(type: string, rest: string): string {
  const length = 4 + 3 + rest.length / 2 + 1;
  return `${length.toString(16).padStart(2, "0")}000000${type}6100${rest}00`;
}

/** Keys are strings, and what is empty is a document. */
function expected({ id, value }: ForeignCase): unknown {
  if (id === "list-empty") return {};
  const made = valueOf(value);
  return made instanceof Map ? Object.fromEntries(made) : made;
}

Deno.test("enyimCoreTranscoder reads what EnyimMemcachedCore stored", async () => {
  await assertReads(enyimCoreTranscoder, set, expected);
});

Deno.test("enyimCoreTranscoder writes the bytes that EnyimMemcachedCore stores", async () => {
  const types: Record<string, DotNetValue> = {
    "x-byte": new DotNetValue("sbyte", 7),
    "x-short": new DotNetValue("int16", 300),
    "x-char": new DotNetValue("char", "A"),
    "x-long": new DotNetValue("int64", 5),
    "x-long0": new DotNetValue("int64", 0),
    "x-float32": new DotNetValue("single", 1.5),
  };
  for (const each of set.cases) {
    const typed = types[each.id];
    if (typed !== undefined) {
      assertEquals(
        await enyimCoreTranscoder.encode(typed),
        { flags: each.flags, data: each.data },
        each.id,
      );
    }
  }
  // A float without a fraction is an integer in JavaScript, which orders keys that look like indexes.
  const others = without(set, "float-1", ...Object.keys(types));
  const differs = ({ id }: ForeignCase) => id === "map-digitkeys";
  const same = await assertWrites(enyimCoreTranscoder, others, undefined, differs);
  assert(same >= 70, String(same));
});

Deno.test("enyimCoreTranscoder writes and reads every type that it has BSON for", () => {
  const values: unknown[] = [
    {
      a: 2 ** 31,
      b: -(2 ** 53) + 1,
      c: 2n ** 63n - 1n,
      d: -(2n ** 63n),
      e: -0,
      f: 2 ** 53,
      g: NaN,
    },
    { date: new Date("0001-01-01T00:00:00.000Z"), bytes: Uint8Array.of(0, 255), text: "a\0b é" },
    { empty: {}, list: [], nested: [[{ x: [null, true] }]] },
    JSON.parse('{"__proto__": {"__proto__": 1}}'),
    ["one"],
    { "": 0 },
  ];
  for (const value of values) {
    const item = enyimCoreTranscoder.encode(value) as EncodedValue;
    assertEquals(enyimCoreTranscoder.decode(item), value);
  }
  assertStrictEquals((read(written({ e: -0 })) as { e: number }).e, -0);
  const map = new Map<unknown, unknown>([["a", new Set([1])], [5, new Map([[2n ** 60n, "x"]])]]);
  assertEquals(read(written(map)), { a: [1], 5: { "1152921504606846976": "x" } });
  assertEquals(read(written(new Set(["x"]))), ["x"]);
});

Deno.test("enyimCoreTranscoder reads documents with keys of an array as arrays by default", () => {
  assertEquals(read(written(["a", "b"])), ["a", "b"]);
  assertEquals(read(written(["a", "b"]), enyimCoreTranscoder({ arrays: false })), {
    0: "a",
    1: "b",
  });
  for (const object of [{ 1: "a" }, { 0: "a", 2: "b" }, { 0: "a", x: "b" }, { "00": 1 }, {}]) {
    assertEquals(read(written(object)), object);
  }
  assertEquals(read("0500000000"), {});
});

Deno.test("enyimCoreTranscoder reads a Guid, and bytes of every kind", () => {
  const guid = "04030201060508070910111213141516";
  const expected = { a: "01020304-0506-0708-0910-111213141516" };
  assertEquals(read(document("05", `1000000004${guid}`)), expected);
  assertEquals(read(document("05", `1000000003${guid}`)), expected);
  for (const kind of ["00", "01", "05", "80"]) {
    assertEquals(read(document("05", `02000000${kind}0102`)), { a: Uint8Array.of(1, 2) });
  }
  assertEquals(read(document("05", "06000000020200000001ff")), { a: Uint8Array.of(1, 255) });
  assertThrows(
    () => read(document("05", "06000000020300000001ff")),
    ClientException,
    "bytes do not end",
  );
});

Deno.test("enyimCoreTranscoder names what is not plain data", () => {
  const others: [string, string, string][] = [
    ["06", "", "undefined"],
    ["07", "00".repeat(12), "ObjectId"],
    ["0b", "6100" + "6900", "regular expression"],
    ["0d", "020000006100", "JavaScript code"],
    ["11", "00".repeat(8), "timestamp"],
    ["13", "00".repeat(16), "Decimal128"],
    ["7f", "", "MaxKey"],
    ["ff", "", "MinKey"],
    ["20", "", "unknown type 32"],
  ];
  for (const [type, rest, name] of others) {
    assertThrows(() => read(document(type, rest)), ClientException, name);
  }
});

Deno.test("enyimCoreTranscoder refuses documents that are damaged", () => {
  const bad = [
    "",
    "05000000",
    "0400000000",
    "0600000000",
    "ffffffff00",
    "050000000000",
    "0500000001",
    document("02", "0200000061"),
    document("02", "0000000000"),
    document("02", "ffffff7f6100"),
    document("02", "02000000ff00"),
    document("05", "ffffffff00"),
    document("03", "04000000"),
    document("03", "ff00000000"),
    document("09", "ffffffffffffff7f"),
    document("10", "000000"),
    "0900000010610000",
  ];
  for (const hex of bad) assertThrows(() => read(hex), ClientException, "Cannot read BSON", hex);
  const whole = written({ name: "Ada", tags: ["x", { y: new Date(0) }], bytes: new Uint8Array(3) });
  for (let length = 0; length < whole.length; length += 2) {
    assertThrows(() => read(whole.slice(0, length)), ClientException);
  }
});

Deno.test("enyimCoreTranscoder refuses values that BSON does not have", () => {
  const holder: Record<string, unknown> = {};
  holder.inside = [holder];
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const unfit: unknown[] = [
    undefined,
    [undefined],
    { f: () => {} },
    [Symbol()],
    { a: 2n ** 63n },
    { a: -(2n ** 63n) - 1n },
    [new Date(NaN)],
    [/a/],
    [new DotNetValue("int64", 5)],
    { "a\0": 1 },
    new Map([[1.5, 1]]),
    new Map([[null, 1]]),
    ["\ud800"],
    { "\ud800": 1 },
    holder,
    [revoked.proxy],
    new Array(2),
    new Uint16Array(2),
  ];
  for (const value of unfit) {
    assertThrows(
      () => enyimCoreTranscoder.encode(value),
      ValidationException,
      "Cannot store value",
    );
  }
  const twice = { a: 1 };
  assertEquals(read(written([twice, twice])), [twice, twice]);
});

Deno.test("enyimCoreTranscoder takes the options of enyimTranscoder", () => {
  const { encode } = enyimCoreTranscoder({
    integers: "int64",
    fractions: "single",
    dates: "local",
  });
  assertEquals(encode(5), { flags: 267, data: Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0) });
  assertEquals(encode(NaN), { flags: 269, data: Uint8Array.of(0, 0, 0xc0, 0x7f) });
  for (const options of [{ integers: "long" }, { arrays: 1 }, { bson: true }]) {
    const make = () => enyimCoreTranscoder(options as EnyimCoreTranscoderOptions);
    assertThrows(make, ValidationException, "Cannot use");
  }
  for (const flag of [1, 2, 256]) {
    assertThrows(() => compressed(enyimCoreTranscoder, { flag }), ValidationException);
  }
});

Deno.test("enyimCoreTranscoder reads and writes deep and wide documents, and refuses a huge tree of shared objects", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 1000; level++) deep = [deep];
  let back = enyimCoreTranscoder.decode(enyimCoreTranscoder.encode(deep) as EncodedValue);
  for (let level = 0; level < 1000; level++) back = (back as unknown[])[0];
  assertEquals(back, 1);
  assertThrows(() => enyimCoreTranscoder.encode([deep]), ValidationException, "1000 levels");
  let shared: unknown = [];
  for (let level = 0; level < 100; level++) shared = [shared, shared];
  assertThrows(() => enyimCoreTranscoder.encode(shared), ValidationException, "over and over");
  // Read to any depth: documents of one element that is the next.
  const levels = 100_000;
  const length = levels * 8 + 5;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let level = 0; level <= levels; level++) {
    view.setInt32(level * 7, length - level * 8, true);
    if (level < levels) bytes.set([4, 0x30, 0], level * 7 + 4);
  }
  back = enyimCoreTranscoder.decode({ flags: 257, data: bytes });
  for (let level = 0; level < levels; level++) back = (back as unknown[])[0];
  assertEquals(back, []);
  const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i]));
  const read = enyimCoreTranscoder.decode(enyimCoreTranscoder.encode(wide) as EncodedValue);
  assertEquals(Object.keys(read as object).length, 100_000);
});
