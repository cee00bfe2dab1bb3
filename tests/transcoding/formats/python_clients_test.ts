import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Client,
  ClientException,
  compressed,
  type Transcoder,
  tuple,
  ValidationException,
} from "../../../mod.ts";
import { Unreadable } from "../../../src/transcoding/pickle/classes/unreadable.ts";
import { MemcachedServer } from "../../../src/testing/mod.ts";
import {
  bmemcachedTranscoder,
  pylibmcTranscoder,
  pymemcacheTranscoder,
  pythonMemcachedTranscoder,
} from "../../../src/transcoding/mod.ts";
import { assertWrites, inflating, readForeignReads, setOf, without } from "./foreign_items.ts";
import { assertReads, type ForeignCase, readForeign, valueOf } from "./foreign_sets.ts";

const pymemcache = await readForeign("pymemcache_1", "pymemcache_2");
const pythonMemcached = await readForeign("python-memcached");
const pylibmc = await readForeign("pylibmc");
const bmemcached = await readForeign("bmemcached");
const reads = await readForeignReads();

const inflate = inflating(8);

/** The programs' configurations, and the transcoders for each. */
const CONFIGURATIONS: [string, Transcoder, typeof pymemcache][] = [
  ["pickle", pymemcacheTranscoder, pymemcache],
  ["pickle", pymemcacheTranscoder(), pymemcache],
  ["pickle-v2", pymemcacheTranscoder({ pickleProtocol: 2 }), pymemcache],
  ["pickle-v0", pymemcacheTranscoder({ pickleProtocol: 0 }), pymemcache],
  ["compressed", pymemcacheTranscoder({ compress: true }), pymemcache],
  ["docs-json", pymemcacheTranscoder({ json: true }), pymemcache],
  ["default", pythonMemcachedTranscoder, pythonMemcached],
  ["protocol2", pythonMemcachedTranscoder({ pickleProtocol: 2 }), pythonMemcached],
  ["compress", pythonMemcachedTranscoder({ minCompressLen: 200 }), pythonMemcached],
  ["default", pylibmcTranscoder, pylibmc],
  ["compress", pylibmcTranscoder({ minCompressLen: 200 }), pylibmc],
  ["compress-9", pylibmcTranscoder({ minCompressLen: 200 }), pylibmc],
  ["default", bmemcachedTranscoder, bmemcached],
  ["compress", bmemcachedTranscoder({ compress: true }), bmemcached],
];

const meant = ({ value }: ForeignCase) => valueOf(value);

/** JSON has no keys but strings. */
function expectedOf(config: string): (foreign: ForeignCase) => unknown {
  if (config !== "docs-json") return meant;
  return ({ value }) => {
    const made = valueOf(value);
    return made instanceof Map ? Object.fromEntries(made) : made;
  };
}

/**
 * A float without a fraction is an integer in JavaScript; Python's pickler knows equal strings by identity, as the
 * module and the class of a datetime; and JavaScript orders keys that look like indexes.
 */
function differs({ id }: ForeignCase): boolean {
  return ["float-1", "list-same", "map-digitkeys", "map-records"].includes(id) ||
    id.startsWith("date-");
}

Deno.test("the transcoders of Python's clients read what the programs stored", async () => {
  for (const [config, transcoder, sets] of CONFIGURATIONS) {
    await assertReads(transcoder, setOf(sets, config), expectedOf(config));
  }
});

Deno.test("the transcoders of Python's clients read compressed items with any options", async () => {
  await assertReads(pymemcacheTranscoder, setOf(pymemcache, "compressed"), meant);
  await assertReads(pythonMemcachedTranscoder, setOf(pythonMemcached, "compress"), meant);
  await assertReads(pylibmcTranscoder, setOf(pylibmc, "compress"), meant);
  await assertReads(bmemcachedTranscoder, setOf(bmemcached, "compress"), meant);
});

Deno.test("the transcoders of Python's clients write the bytes that the programs store", async () => {
  for (const [config, transcoder, sets] of CONFIGURATIONS) {
    const set = setOf(sets, config);
    const written = await assertWrites(transcoder, set, inflate, differs);
    assert(written >= set.cases.length - 7, `${config}: ${written}`);
  }
});

Deno.test("pymemcacheTranscoder without a serde writes what pymemcache does, and reads bytes", async () => {
  const settings = { "none": {}, "none-utf8": { encoding: "utf-8" } } as const;
  for (const [config, options] of Object.entries(settings)) {
    const transcoder = pymemcacheTranscoder({ pickleProtocol: false, ...options });
    // JavaScript has the integer only.
    const set = without(setOf(pymemcache, config), "float-1");
    await assertReads(transcoder, set, ({ data }) => data);
    assertEquals(await assertWrites(transcoder, set, inflate), set.cases.length);
    for (const { id } of set.notStored) {
      const stored = setOf(pymemcache, "pickle").cases.find((each) => each.id === id);
      assert(stored !== undefined, id);
      assertThrows(() => transcoder.encode(valueOf(stored.value)), ValidationException);
    }
  }
  const latin = pymemcacheTranscoder({ encoding: "latin-1" });
  assertEquals(latin.encode("é"), { flags: 0, data: Uint8Array.of(0xe9) });
  assertThrows(() => latin.encode("€"), ValidationException, "is not all latin-1");
  assertEquals(latin.decode({ flags: 16, data: Uint8Array.of(1) }), Uint8Array.of(1));
});

Deno.test("pymemcacheTranscoder for JSON refuses what Python's json refuses", () => {
  const { encode, decode } = pymemcacheTranscoder({ json: true });
  const holder: unknown[] = [];
  holder.push({ holder });
  const unfit = [
    undefined,
    new Uint8Array(1),
    new Date(0),
    new Set(),
    [() => {}],
    [Symbol()],
    holder,
  ];
  for (const value of [...unfit, { a: undefined }, new Map([[[], 1]]), 10n ** 4301n]) {
    assertThrows(() => encode(value), ValidationException, "Cannot store value");
  }
  for (const flags of [0, 3, 16, 274]) {
    const item = { flags, data: new Uint8Array(0) };
    assertThrows(() => decode(item), ClientException, `its flags are ${flags}`);
  }
});

Deno.test("pymemcacheTranscoder for JSON reads and writes numbers and keys as Python does", () => {
  const { encode, decode } = pymemcacheTranscoder({ json: true });
  const read = (json: string) => decode({ flags: 2, data: new TextEncoder().encode(json) });
  const write = (value: unknown) =>
    new TextDecoder().decode((encode(value) as { data: Uint8Array }).data);
  const both: [unknown, string][] = [
    [
      [1e16, 1e-5, 123456.5, 1e22, 0.0001, -1.5e-10],
      "[1e+16, 1e-05, 123456.5, 1e+22, 0.0001, -1.5e-10]",
    ],
    [[NaN, Infinity, -Infinity], "[NaN, Infinity, -Infinity]"],
    [[2n ** 64n, -(2n ** 70n)], "[18446744073709551616, -1180591620717411303424]"],
    [
      ["\0NaN", "\0\0", "NaN Infinity", '"\\'],
      '["\\u0000NaN", "\\u0000\\u0000", "NaN Infinity", "\\"\\\\"]',
    ],
    [["\x7f é€😀"], '["\\u007f \\u00e9\\u20ac\\ud83d\\ude00"]'],
    [{ "\0": { __proto__x: [] } }, '{"\\u0000": {"__proto__x": []}}'],
    [[2 ** 53, -(2 ** 60)], "[9007199254740992.0, -1.152921504606847e+18]"],
  ];
  for (const [value, json] of both) {
    assertEquals(write(value), json);
    assertEquals(read(json), value);
  }
  const keys = new Map<unknown, unknown>([[1, 1], [2.5, 2], [2n ** 64n, 3]]);
  assertEquals(write(keys), '{"1": 1, "2.5": 2, "18446744073709551616": 3}');
  assertEquals(read(`["\\u0000", "\\"${"1".repeat(17)}", ${"1".repeat(17)}]`), [
    "\0",
    `"${"1".repeat(17)}`,
    11111111111111111n,
  ]);
  assertStrictEquals(read("-0.0"), -0);
  assertEquals(
    read('{"__proto__": NaN}'),
    JSON.parse('{"__proto__": null}', (key, value) => key ? NaN : value),
  );
  const bad = ["", "nan", "-NaN", "1Infinity", "01234567890123456789", "[1,]", '"NaN', "NaN NaN"];
  for (const json of [...bad, `"${"\\".repeat(9)}" NaN`, "1".repeat(4301)]) {
    assertThrows(() => read(json), ClientException, "JSON", json);
  }
});

/** What a program reports of an item, as far as it is one of these values. */
function valueOfOutcome(outcome: string, data: Uint8Array): unknown {
  const [type] = outcome.split(" ", 1);
  switch (type) {
    case "bytes":
      return data;
    case "str":
      return new TextDecoder().decode(data);
    case "int":
      return Number(outcome.slice("int ".length));
  }
  return undefined;
}

/** The transcoders that are to read as these programs do, and what differs. */
const READERS: [program: string, transcoder: Transcoder][] = [
  ["pymemcache Client(serde=pickle_serde)", pymemcacheTranscoder],
  ["pymemcache Client(serde=compressed_serde)", pymemcacheTranscoder({ compress: true })],
  ["python-memcached", pythonMemcachedTranscoder],
  ["pylibmc", pylibmcTranscoder],
  ["python-binary-memcached", bmemcachedTranscoder],
];

Deno.test("the transcoders of Python's clients read foreign items as the programs do", async () => {
  for (const [program, transcoder] of READERS) {
    for (const { item, outcomes } of reads) {
      const message = `${program}: ${item.flags} ${new TextDecoder().decode(item.data)}`;
      const expected = valueOfOutcome(outcomes.get(program) ?? "", item.data);
      const reading = async () => await transcoder.decode(item);
      if (expected === undefined) {
        await assertRejects(reading, ClientException, "Cannot read", message);
      } else if (program === "pylibmc" && (item.flags & 31) === 2 && expected === 1) {
        // It stores booleans so, and cannot tell them from integers.
        assertEquals(await reading(), true, message);
      } else assertEquals(await reading(), expected, message);
    }
  }
  assertEquals(reads.every(({ outcomes }) => READERS.every(([name]) => outcomes.has(name))), true);
});

Deno.test("the transcoders of Python's clients read integers as Python's int does", () => {
  const { decode } = pythonMemcachedTranscoder;
  const read = (text: string, flags = 2) => decode({ flags, data: new TextEncoder().encode(text) });
  const good: [string, unknown][] = [
    ["9 ", 9],
    [" \t\n+007\r\n", 7],
    ["-1_000", -1000],
    ["18446744073709551616", 2n ** 64n],
    ["-0", 0],
  ];
  for (const [text, value] of good) assertEquals(read(text), value, text);
  assertEquals(read("5", 4), 5);
  for (
    const text of ["", " ", "1.5", "0x10", "1__0", "_1", "1 2", "٣", "1e3", "-", "9".repeat(4301)]
  ) {
    assertThrows(() => read(text), ClientException, "is not an integer", text);
  }
  assertEquals(read("9".repeat(4300)), 10n ** 4300n - 1n);
});

Deno.test("the transcoders of Python's clients compress where the programs do", async () => {
  const long = "a".repeat(200);
  const bytes = (length: number) => new Uint8Array(length);
  const flagsOf = async (transcoder: Transcoder, value: unknown) =>
    (await transcoder.encode(value)).flags;
  const memcached = pythonMemcachedTranscoder({ minCompressLen: 200 });
  assertEquals(await flagsOf(memcached, long), 16);
  assertEquals(await flagsOf(memcached, `${long}a`), 24);
  assertEquals(await flagsOf(memcached, 10n ** 300n), 2);
  const libmc = pylibmcTranscoder({ minCompressLen: 200 });
  assertEquals(await flagsOf(libmc, long), 24);
  assertEquals(await flagsOf(libmc, bytes(199)), 0);
  assertEquals(await flagsOf(libmc, 10n ** 250n), 12);
  const py = pymemcacheTranscoder({ compress: true });
  assertEquals(await flagsOf(py, bytes(400)), 0);
  assertEquals(await flagsOf(py, bytes(401)), 8);
  assertEquals(await flagsOf(py, 10n ** 500n), 10);
  const bm = bmemcachedTranscoder({ compress: true });
  assertEquals(await flagsOf(bm, bytes(128)), 16);
  assertEquals(await flagsOf(bm, bytes(129)), 24);
  const noise = crypto.getRandomValues(bytes(1000));
  for (const transcoder of [memcached, libmc, py, bm]) {
    assertEquals((await flagsOf(transcoder, noise)) & 8, 0);
    assertEquals(transcoder.longestText! * 3 < 401, true);
  }
});

Deno.test("the transcoders of Python's clients refuse unknown options", () => {
  const makes: [(options: never) => unknown, Record<string, unknown>[]][] = [
    [pymemcacheTranscoder, [
      { pickleProtocol: 6 },
      { pickleProtocol: true },
      { compress: 1 },
      { compress: false, minCompressLen: 5 },
      { compress: true, minCompressLen: 0 },
      { encoding: "utf-16" },
      { json: "yes" },
      { json: true, pickleProtocol: 2 },
      { json: true, classes: {} },
      { json: true, keepUnreadable: true },
      { pickleProtocol: false, classes: {} },
      { pickleProtocol: false, json: true },
      { pickleProtocol: null },
      { pickleProtocol: false, compress: true },
      { unknown: 1 },
    ]],
    [pythonMemcachedTranscoder, [{ pickleProtocol: -1 }, { minCompressLen: -1 }, {
      compress: true,
    }]],
    [pylibmcTranscoder, [{ pickleProtocol: "2" }, { minCompressLen: 1.5 }, { json: true }]],
    [bmemcachedTranscoder, [{ pickleProtocol: null }, { compress: "zlib" }, { level: 1 }]],
  ];
  for (const [make, invalid] of makes) {
    for (const options of invalid) {
      assertThrows(() => make(options as never), ValidationException, "Cannot use");
    }
  }
});

Deno.test("the transcoders of Python's clients have the bits of the flags that they use", () => {
  for (
    const transcoder of [
      pymemcacheTranscoder,
      pythonMemcachedTranscoder,
      pylibmcTranscoder,
      bmemcachedTranscoder,
    ]
  ) {
    for (const flag of [1, 2, 4, 8, 16]) {
      assertThrows(() => compressed(transcoder, { flag }), ValidationException, "Cannot use flag");
    }
    assertEquals(compressed(transcoder).flagBits, 128 + 31);
  }
  const json = pymemcacheTranscoder({ json: true });
  for (const flag of [1, 2, 8]) {
    assertThrows(() => compressed(json, { flag }), ValidationException, "Cannot use flag");
  }
});

Deno.test("the transcoders of Python's clients expand only up to maxValueBytes", async () => {
  const long = "moecache".repeat(100_000);
  const item = await pythonMemcachedTranscoder({ minCompressLen: 1 }).encode(long);
  for (const transcoder of [pymemcacheTranscoder, pythonMemcachedTranscoder, pylibmcTranscoder]) {
    const reading = async () => await transcoder.decode(item, { maxValueBytes: 799_999 });
    await assertRejects(reading, ClientException, "more than maxValueBytes");
    assertEquals(await transcoder.decode(item, { maxValueBytes: 800_000 }), long);
  }
});

Deno.test("the transcoders of Python's clients store integers that memcached counts", async () => {
  await using server = await MemcachedServer.listen();
  const all = [
    pymemcacheTranscoder,
    pythonMemcachedTranscoder,
    pylibmcTranscoder,
    bmemcachedTranscoder,
  ];
  for (const transcoder of [...all, pymemcacheTranscoder({ json: true })]) {
    await using client = new Client(server.address, { transcoder });
    await client.set("count", 9);
    assertEquals(await client.incr("count"), 10n);
    assertEquals(await client.get("count"), 10);
    // memcached keeps the length of what got shorter, and fills it up with a space.
    assertEquals(await client.decr("count"), 9n);
    assertEquals(await client.get("count"), 9);
  }
});

Deno.test("the transcoders of Python's clients read the classes of the option classes", async () => {
  const classes = { "app.models.Money": ([amount]: readonly unknown[]) => `€ ${amount}` };
  // pickle.dumps([Money(5)], 0)
  const data = new TextEncoder().encode("(lcapp.models\nMoney\n(I5\ntRa.");
  const makes = [
    pymemcacheTranscoder,
    pythonMemcachedTranscoder,
    pylibmcTranscoder,
    bmemcachedTranscoder,
  ];
  for (const make of makes) {
    const item = { flags: 1, data };
    assertEquals(await make({ classes }).decode(item), ["€ 5"]);
    const [kept] = await make({ keepUnreadable: true }).decode(item) as [Unreadable];
    assert(kept instanceof Unreadable);
    await assertRejects(async () => await make().decode(item), ClientException, "app.models.Money");
    const prices = await make().encode(new Map([[tuple(1, "EUR"), 5]]));
    const map = await make({ tupleKeys: true }).decode(prices) as Map<unknown, unknown>;
    assertEquals(map.get([1, "EUR"]), 5);
    for (const options of [{ classes: 5 }, { classes: { "a.B": 1 } }, { keepUnreadable: 1 }]) {
      assertThrows(() => make(options as never), ValidationException, "Cannot use");
    }
  }
});
