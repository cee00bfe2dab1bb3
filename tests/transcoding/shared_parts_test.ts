/** Values that refer to the same long part very many times: as an attacker would send them, or because many values are equal. */

import { assert, assertEquals, assertInstanceOf, assertNotStrictEquals } from "@std/assert";
import { moecacheTranscoder } from "../../src/transcoding/moecache_transcoder.ts";
import { Decimal, NumpyScalar, TimeDelta, TimeZone } from "../../src/transcoding/pickle/mod.ts";
import { readMarshal } from "../../src/transcoding/formats/dalli/read_marshal.ts";
import { readJava } from "../../src/transcoding/formats/java/read_java.ts";
import { readIgbinary } from "../../src/transcoding/formats/php/igbinary.ts";
import { readPhpMsgpack } from "../../src/transcoding/formats/php/php_msgpack.ts";
import { readPickle } from "../../src/transcoding/pickle/read_pickle.ts";
import { busyTime } from "../support/busy_time.ts";
import { latin1 } from "./formats/foreign_sets.ts";
import { isExplained } from "./fuzz.ts";

/** The length of the part, and about that of all the references to it. */
const LENGTH = 150_000;
/** Copying the part, or only looking at it, for each of the references takes several seconds. */
const MOST_MILLISECONDS = 1500;

const references = (reference: string) => reference.repeat(LENGTH / reference.length);
const long = (byte: string) => byte.repeat(LENGTH);
const uint32 = (value: number) =>
  String.fromCharCode(value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255);
const reversed = (text: string) => [...text].toReversed().join("");
const pickledText = (text: string) => `X${reversed(uint32(text.length))}${text}`;
/** A pickle of a list of what a global makes of the same arguments each time. */
const calls = (global: string, args: string) =>
  `c${global}\nq\x00${args}q\x01](${references("h\x00h\x01R")}e.`;
/** A pickle of a dict with such keys. */
const keys = (global: string, args: string) =>
  `c${global}\nq\x00${args}q\x01}(${references("h\x00h\x01RN")}u.`;
const length24 = (value: number) =>
  `\x03${String.fromCharCode(value & 255, value >> 8 & 255, value >> 16)}`;
const javaClass = (name: string, fields: string) =>
  `r\0${String.fromCharCode(name.length)}${name}\0\0\0\0\0\0\0\0\x02${fields}xp`;
/** A list of Marshal of one long String, and others. */
const rubyList = (bytes: string, reference: string, first = "") => {
  const count = LENGTH / reference.length;
  return `\x04\x08[${length24(1 + Number(first !== "") + count)}"${
    length24(bytes.length)
  }${bytes}` +
    first + reference.repeat(count);
};

const read = (bytes: Uint8Array) => readPickle(bytes);
const readLeniently = (bytes: Uint8Array) => readPickle(bytes, false, { keepUnreadable: true });
const BERLIN = "\x83\xa4date\xba2020-01-02 03:04:05.000000\xadtimezone_type\x03" +
  "\xa8timezone\xadEurope/Berlin";

const CASES: Record<string, [read: (bytes: Uint8Array) => unknown, bytes: string]> = {
  "decimals of one text": [read, calls("decimal\nDecimal", `${pickledText(long("1"))}\x85`)],
  "decimals of one text as keys": [
    read,
    keys("decimal\nDecimal", `${pickledText(long("1"))}\x85`),
  ],
  "texts of numpy as keys": [read, keys("numpy\nstr_", `${pickledText(long("a"))}\x85`)],
  "very many arguments, which are kept": [
    readLeniently,
    calls("pytz\n_p", `(${pickledText("a")}K\x01${long("N")}t`),
  ],
  "counts that were copied too often, and are kept": [
    readLeniently,
    calls(
      "collections\nCounter",
      `}(${
        Array.from({ length: LENGTH / 6 }, (_, at) => `J${reversed(uint32(at))}N`).join("")
      }u\x85`,
    ),
  ],
  "a decimal with many zeros as a key": [
    read,
    `cdecimal\nDecimal\n${pickledText(`1${long("0")}1`)}\x85Rq\x00}h\x00Ns.`,
  ],
  "bytes of numpy": [
    read,
    `cnumpy\ndtype\n${pickledText(`S${LENGTH}`)}\x85Rq\x02` + calls(
      "numpy.core.multiarray\nscalar",
      `h\x02B${reversed(uint32(LENGTH))}${long("a")}\x86`,
    ),
  ],
  "ranges of one long integer as keys": [
    read,
    keys("builtins\nrange", `K\x00\x8b${reversed(uint32(LENGTH))}${long("\x55")}K\x01\x87`),
  ],
  "ratios of long integers as keys": [
    read,
    keys(
      "fractions\nFraction",
      `\x8b${reversed(uint32(LENGTH))}${long("\x35")}\x8b${reversed(uint32(LENGTH))}${
        "\x11\x35".repeat(LENGTH / 2)
      }\x86`,
    ),
  ],
  "arrays that cannot be read, and are kept": [
    readLeniently,
    calls("array\narray", `${pickledText("i")}](${"K\x01".repeat(LENGTH)}Ne\x86`),
  ],
  "names of classes, which are kept": [
    readLeniently,
    `${pickledText("a")}q\x00${pickledText(long("b"))}q\x01](${references("h\x00h\x01\x93")}e.`,
  ],
  "dates of one long text, which are kept": [
    readLeniently,
    calls("datetime\ndatetime", `${pickledText(long("a"))}\x85`),
  ],
  "text of igbinary": [
    readIgbinary,
    `\0\0\0\x02\x16${uint32(1 + LENGTH / 5)}\x06\0\x13${uint32(LENGTH)}${long("a")}` +
    Array.from({ length: LENGTH / 5 }, (_, at) => `\x0a${uint32(at + 1)}\x0e\0`).join(""),
  ],
  "bytes of Ruby as keys": [readMarshal, rubyList(long("\xff"), "{\x06@\x060")],
  "an encoding of Ruby's among blanks": [
    readMarshal,
    rubyList(
      `${long(" ")}utf-8`,
      'I"\x06a\x06;\0@\x06'.slice(0, 10),
      'I"\x06a\x06:\x0dencoding@\x06',
    ),
  ],
  "the bytes of Java's integers": [
    readJava,
    `\xac\xed\0\x05u${javaClass("[Ljava.lang.Object;", "\0\0")}${uint32(2 + LENGTH / 14)}` +
    `u${javaClass("[B", "\0\0")}${uint32(LENGTH)}${long("\x55")}` +
    `s${javaClass("java.math.BigInteger", "\0\x02I\0\x06signum[\0\x09magnitudet\0\x02[B")}` +
    `\0\0\0\x01q\0\x7e\0\x03` +
    "sq\0\x7e\0\x04\0\0\0\x01q\0\x7e\0\x03".repeat(LENGTH / 14),
  ],
  "the properties of PHP's dates": [
    readPhpMsgpack,
    `\xdd${uint32(1 + LENGTH / 20)}\xdf${uint32(3 + LENGTH / 5)}${BERLIN.slice(1)}` +
    Array.from({ length: LENGTH / 5 }, (_, at) => `\xce${uint32(at)}\x01`).join("") +
    "\x82\xc0\xa8DateTime\xc0\x82\xc0\x02\0\x02".repeat(LENGTH / 20),
  ],
};

for (const [name, [read, text]] of Object.entries(CASES)) {
  Deno.test(`${name} are read in a time that is proportional to the length`, async () => {
    const bytes = latin1(text);
    const start = busyTime();
    try {
      await read(bytes);
    } catch (error) {
      assert(isExplained(error), String(error));
      assert(!/ends|malformed|unknown type/.test((error as Error).message), String(error));
    }
    const taken = busyTime() - start;
    assert(taken < MOST_MILLISECONDS, `it took ${taken} ms`);
  });
}

/** Runs a function, and counts the formats of dates that are made meanwhile. Each takes 60 KB and is kept. */
async function formatsMade(run: () => unknown): Promise<number> {
  const { DateTimeFormat } = Intl;
  let count = 0;
  Intl.DateTimeFormat = new Proxy(DateTimeFormat, {
    construct(target, args) {
      count++;
      return Reflect.construct(target, args);
    },
  });
  try {
    await run();
  } finally {
    Intl.DateTimeFormat = DateTimeFormat;
  }
  return count;
}

Deno.test("a time zone is formatted by one format, however often and in whatever letters it is named", async () => {
  const spellings = Array.from({ length: 500 }, (_, at) => {
    const capitals = [...at.toString(2).padStart(13, "0")];
    const name = "europe/berlin".replace(/./g, (letter) => {
      return capitals.pop() === "1" ? letter.toUpperCase() : letter;
    });
    return `h\x00${pickledText(name)}\x85R`;
  });
  const zones = latin1(`czoneinfo\nZoneInfo\nq\x00](${spellings.join("")}e.`);
  const dates = latin1(
    `\xdd${uint32(501)}${BERLIN}${"\x82\xc0\xa8DateTime\xc0\x82\xc0\x02\0\x02".repeat(500)}`,
  );
  assert(await formatsMade(() => readPickle(zones)) <= 1);
  assert(await formatsMade(() => readPhpMsgpack(dates)) <= 1);
});

const manyOf = (make: () => unknown) => Array.from({ length: 2000 }, make);
const digits = (count: number) => "7".repeat(count);
const HONEST: Record<string, () => unknown> = {
  "decimals of 400 digits": () => new Decimal(digits(400)),
  "decimals of 50,000 digits": () => new Decimal(digits(50_000)),
  "texts of numpy": () => new NumpyScalar("str_", digits(900)),
  "long texts of numpy": () => new NumpyScalar("str_", digits(50_000)),
  "time zones of one name": () => new TimeZone(new TimeDelta(0, 3600), digits(50_000)),
};

// Equal texts are written once: what is charged for each reference to one refuses what the client itself has stored.
for (const [name, make] of Object.entries(HONEST)) {
  for (const keepUnreadable of [false, true]) {
    const how = keepUnreadable ? "with keepUnreadable" : "as they are";
    Deno.test(`${name} that are equal are read ${how}, however many are stored`, async () => {
      const transcoder = moecacheTranscoder({ keepUnreadable });
      const read = await transcoder.decode(await transcoder.encode(manyOf(make))) as unknown[];
      assertEquals(read.map(String), manyOf(make).map(String));
      assertInstanceOf(read.at(-1), Object(make()).constructor);
    });
  }
}

for (const name of ["dateutil.tz.tz\ntzoffset", "psycopg2.tz\nFixedOffsetTimezone"]) {
  Deno.test(`zones of ${name.split("\n")[1]} that have the same long name are read and stored again`, async () => {
    const text = pickledText("n".repeat(5000));
    const args = name.endsWith("tzoffset") ? `${text}K\x3c\x86` : `K\x01${text}\x86`;
    const zones = await readPickle(latin1(calls(name, args))) as TimeZone[];
    const read = await moecacheTranscoder.decode(await moecacheTranscoder.encode(zones));
    assertEquals((read as TimeZone[]).length, zones.length);
    assertEquals((read as TimeZone[]).at(-1)?.name, "n".repeat(5000));
  });
}

Deno.test("references to one text of bytes read as copies of their own, so that one can be changed", () => {
  const phpValues = readIgbinary(latin1("\0\0\0\x02\x14\x02\x06\0\x11\x01\xff\x06\x01\x0e\0"));
  // [{"\xff" => 1}, {the same String => 1}]
  const rubyHashes = readMarshal(latin1('\x04\x08[\x07{\x06"\x06\xffi\x06{\x06@\x07i\x06')) as Map<
    unknown,
    unknown
  >[];
  const rubyKeys = rubyHashes.flatMap((hash) => [...hash.keys()]);
  for (const [first, second] of [phpValues as unknown[], rubyKeys]) {
    assertEquals(first, Uint8Array.of(0xff));
    assertEquals(second, first);
    assertNotStrictEquals(second, first);
  }
});
