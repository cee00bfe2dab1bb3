import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ClientException,
  type EncodedValue,
  type Transcoder,
  ValidationException,
} from "../../../mod.ts";
import {
  dalliTranscoder,
  type DalliTranscoderOptions,
} from "../../../src/transcoding/formats/dalli/mod.ts";
import { decompress } from "../../../src/transcoding/compression.ts";
import {
  assertReads,
  type ForeignCase,
  type ForeignSet,
  latin1,
  readForeign,
  textIfUtf8,
  valueOf,
} from "./foreign_sets.ts";

const CONFIGURATIONS: Readonly<Record<string, DalliTranscoderOptions>> = {
  default: {},
  json: { serializer: "json" },
  fastpath: { stringFastpath: true },
  raw: { raw: true },
  gzip: { compressor: "gzip" },
  nocompress: { compressMinSize: Infinity },
  "json-fastpath-gzip-100": {
    serializer: "json",
    stringFastpath: true,
    compressor: "gzip",
    compressMinSize: 100,
  },
};

const sets = await readForeign("dalli_1", "dalli_2");

function transcoderOf({ config }: ForeignSet): Transcoder {
  const options = CONFIGURATIONS[config];
  if (options === undefined) throw new Error(`Unknown configuration ${config}`);
  return dalliTranscoder(options);
}

/** JSON has keys and dates as strings, and no bytes; items under flags 0 do not tell bytes from text. */
function expectedOf({ config }: ForeignSet): (foreign: ForeignCase) => unknown {
  const isJson = config.startsWith("json");
  const hasFastpath = config.includes("fastpath");
  return ({ id, value }) =>
    valueOf(value, {
      ...(isJson ? { date: (date) => textOfTime(date), dict: stringKeys } : {}),
      ...(config === "raw" || config === "json" ? { bytes: textIfUtf8 } : {}),
      ...(hasFastpath ? { bytes: (bytes) => bytes } : {}),
    }, id);
}

function textOfTime(date: Date): string {
  return date.toISOString().replace("T", " ").replace(/\..*/, " UTC");
}

function stringKeys(pairs: readonly (readonly [unknown, unknown])[]): unknown {
  return Object.fromEntries(pairs.map(([key, value]) => [String(key), value]));
}

async function expanded(data: Uint8Array, flags: number): Promise<Uint8Array> {
  return (flags & 2) === 0 ? data : await decompress(data, false, 1e6);
}

for (const set of sets) {
  Deno.test(`dalliTranscoder reads what dalli wrote: ${set.config}`, async () => {
    await assertReads(transcoderOf(set), set, expectedOf(set));
  });

  Deno.test(`dalliTranscoder writes what dalli writes: ${set.config}`, async () => {
    const transcoder = transcoderOf(set);
    for (const { id, value, flags, data } of set.cases) {
      // JavaScript has no other integers than numbers, 1.0 among them; and its keys are in an order of their own.
      if (["float-1", "x-symbol", "x-symdict", "map-digitkeys"].includes(id)) continue;
      const original = valueOf(value);
      const item = await transcoder.encode(original);
      assertEquals(item.flags, flags, id);
      const [ours, theirs] = [await expanded(item.data, flags), await expanded(data, flags)];
      assertEquals(ours, theirs, `${id}: ${new TextDecoder().decode(theirs)}`);
    }
  });
}

/** What `Marshal.dump` wrote of objects that are not plain data, and what the message has to name. */
const REFUSED: [string, string][] = [
  ["o:\x08Foo\x06:\x07@ai\x06", '"Foo"'],
  ["o:\x08Set\x06:\x0a@hash}\x06i\x06TF", '"Set"'],
  ["o:\x0aRange\x08:\x09exclF:\x0abegini\x06:\x08endi\x07", '"Range"'],
  ["U:\x0dRational[\x07i\x08i\x06", '"Rational"'],
  ["S:\x0fStruct::Pt\x06:\x06xi\x06", '"Struct::Pt"'],
  ["c\x0bObject", '"Class"'],
  ["m\x0fComparable", '"Module"'],
  ["I/\x06a\x00\x06:\x06EF", '"Regexp"'],
  ["e:\x08Foo[\x00", '"Foo"'],
  ['IC:\x08Foo"\x06a\x06:\x06ET', '"Foo"'],
  [
    "C:-ActiveSupport::HashWithIndifferentAccess{\x00",
    '"ActiveSupport::HashWithIndifferentAccess"',
  ],
  ["Iu:\x0fBigDecimal\x0818:\x00", '"BigDecimal"'],
  ["[\x06o:\x08Foo\x00", '"Foo"'],
];

/** What is broken, or made to take more than it is worth. */
const HOSTILE: Readonly<Record<string, string>> = {
  "no bytes": "",
  "another version": "\x04\x09T",
  "no value": "\x04\x08",
  "two values": "\x04\x08TT",
  "an unknown type": "\x04\x08?",
  "a count of a billion": "\x04\x08[\x04\xff\xff\xff\x3f",
  "a String of a billion": '\x04\x08"\x04\xff\xff\xff\x3f',
  "a Hash of a billion": "\x04\x08{\x04\xff\xff\xff\x3f",
  "a negative length": "\x04\x08[\xff\x00",
  "a link to nothing": "\x04\x08@\x06",
  "a Symbol that is not there": "\x04\x08;\x00",
  "a hundred thousand Arrays": `\x04\x08${"[\x06".repeat(100_000)}0`,
  "a hundred thousand Hashes": `\x04\x08${"{\x06i\x00".repeat(100_000)}0`,
  "a hundred thousand defaults": `\x04\x08${"}\x00".repeat(100_000)}0`,
  "a hundred thousand variables": `\x04\x08${"I".repeat(100_000)}`,
  "a hundred thousand subclasses": `\x04\x08${"C:\x09Hash".repeat(100_000)}`,
  "a Hash that is in its own key": "\x04\x08{\x06[\x06@\x00i\x06",
  "an Integer without a sign": "\x04\x08lx\x06\x00\x00",
  "a Float that is a word": "\x04\x08f\x0aevery",
  "a String that is not UTF-8": '\x04\x08I"\x06\xff\x06:\x06ET',
  "an unknown encoding": '\x04\x08I"\x06a\x06:\x0dencoding"\x08ROT',
  "a Time that is cut off": "\x04\x08u:\x09Time\x08abc",
};

Deno.test("dalliTranscoder names the class of an object that is not plain data", () => {
  for (const [dump, name] of REFUSED) {
    const item = { flags: 1, data: latin1(`\x04\x08${dump}`) };
    assertThrows(() => dalliTranscoder.decode(item), ClientException, name);
  }
});

Deno.test("dalliTranscoder refuses what is broken or hostile, at once", () => {
  for (const [name, dump] of Object.entries(HOSTILE)) {
    const item = { flags: 1, data: latin1(dump) };
    assertThrows(() => dalliTranscoder.decode(item), ClientException, undefined, name);
  }
});

Deno.test("dalliTranscoder reads and writes values nested a thousand levels deep", async () => {
  let value: unknown = "deep";
  for (let level = 0; level < 1000; level++) value = level % 2 === 0 ? [value] : { a: value };
  for (const serializer of ["marshal", "json"] as const) {
    const transcoder = dalliTranscoder({ serializer, compressMinSize: Infinity });
    assertEquals(
      JSON.stringify(await transcoder.decode(await transcoder.encode(value))),
      [
        JSON.stringify(value),
      ][0],
    );
    assertThrows(() => transcoder.encode([value]), ValidationException, "nested deeper");
  }
});

Deno.test("dalliTranscoder says what it cannot store, and where", () => {
  const refused: [unknown, string][] = [
    [undefined, "undefined"],
    [{ a: [1, () => 1] }, 'a function at "a[1]"'],
    [[new Set()], 'a Set at "[0]"'],
    [Symbol("local"), "Symbol.for"],
    ["\ud800", "lone surrogate"],
    [new Date(NaN), "invalid Date"],
    [new URL("http://localhost"), "an instance of URL"],
    [{ [Symbol.for("a")]: 1 }, "a symbol as a key"],
  ];
  for (const [value, message] of refused) {
    assertThrows(() => dalliTranscoder.encode(value), ValidationException, message);
  }
  const json = dalliTranscoder({ serializer: "json", compressMinSize: Infinity });
  assertThrows(() => json.encode(Uint8Array.of(255)), ValidationException, "no JSON");
  // An integer is written only if it is read.
  const longest = 10n ** 4300n - 1n;
  assertEquals(json.decode(json.encode([longest]) as EncodedValue), [longest]);
  assertThrows(() => json.encode([longest + 1n]), ValidationException, "over 4300 digits");
  assertThrows(() => dalliTranscoder({ raw: true }).encode(5), ValidationException, "raw");
});

Deno.test("dalliTranscoder refuses foreign flags, damaged bytes and bombs", async () => {
  const decode = (flags: number, data: Uint8Array, maxValueBytes?: number) => {
    const limits = maxValueBytes === undefined ? undefined : { maxValueBytes };
    return Promise.resolve().then(() => dalliTranscoder.decode({ flags, data }, limits));
  };
  for (const flags of [8, 256, 274, 0xffffffff]) {
    await assertRejects(() => decode(flags, Uint8Array.of()), ClientException, String(flags));
  }
  await assertRejects(() => decode(3, latin1("not compressed")), ClientException);
  const bomb = await dalliTranscoder.encode("0".repeat(5_000_000));
  await assertRejects(() => decode(bomb.flags, bomb.data, 1_000_000), ClientException, "1000000");
});

Deno.test("dalliTranscoder checks its options", () => {
  const wrong: unknown[] = [
    { serializer: "yaml" },
    { compressor: "zstd" },
    { compressMinSize: -1 },
    { compressMinSize: "4K" },
    { stringFastpath: 1 },
    { raw: "yes" },
    { compress: false },
    5,
  ];
  for (const options of wrong) {
    assertThrows(() => dalliTranscoder(options as DalliTranscoderOptions), ValidationException);
  }
});

Deno.test("dalliTranscoder has the flags of strings that are stored as plain text", () => {
  assertEquals(dalliTranscoder.textFlags, undefined);
  assertEquals(dalliTranscoder({ raw: true }).textFlags, 0);
  const { textFlags, longestText } = dalliTranscoder({ stringFastpath: true });
  assertEquals([textFlags, longestText], [4, 1365]);
  const never = dalliTranscoder({ stringFastpath: true, compressMinSize: Infinity });
  assertEquals(never.longestText, Infinity);
});

Deno.test("dalliTranscoder reads the Times and Floats of old versions of Ruby", async () => {
  const read = (dump: string) => dalliTranscoder.decode({ flags: 1, data: latin1(dump) });
  assertEquals(
    await read("\x04\x08u:\x09Time\x0d\x10\x00\x00\x00\x40\x42\x0f\x00"),
    new Date(17_000),
  );
  assertEquals(await read("\x04\x08f\x0b1.5\x00\x12\x34"), 1.5);
  assertEquals(await read("\x04\x06[\x06T"), [true]);
});
