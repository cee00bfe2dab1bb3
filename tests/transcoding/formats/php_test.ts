import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClientException, type Transcoder, ValidationException } from "../../../mod.ts";
import {
  phpMemcachedTranscoder,
  type PhpMemcachedTranscoderOptions,
  phpMemcacheTranscoder,
  type PhpMemcacheTranscoderOptions,
} from "../../../src/transcoding/formats/php/mod.ts";
import { compressFastlz, expandFastlz } from "../../../src/transcoding/formats/php/fastlz.ts";
import { decompress } from "../../../src/transcoding/compression.ts";
import { Random, withSeed } from "../../chaos/random.ts";
import {
  assertReads,
  type ForeignCase,
  type ForeignSet,
  latin1,
  readForeign,
  recordOf,
  textIfUtf8,
  valueOf,
} from "./foreign_sets.ts";

const CONFIGURATIONS: Readonly<Record<string, PhpMemcachedTranscoderOptions>> = {
  "php-fastlz": { serializer: "php", compression: "fastlz" },
  "php-zlib": { serializer: "php", compression: "zlib" },
  "php-none": { serializer: "php", compression: false },
  "php-zstd": { serializer: "php", compression: "zstd" },
  "igbinary-fastlz": { serializer: "igbinary", compression: "fastlz" },
  "igbinary-zlib": { serializer: "igbinary", compression: "zlib" },
  "json-fastlz": { serializer: "json", compression: "fastlz" },
  "jsonarray-zlib": { serializer: "json", compression: "zlib" },
  "json-zstd": { serializer: "json", compression: "zstd" },
  "msgpack-fastlz": { serializer: "msgpack", compression: "fastlz" },
};
const OLD_CONFIGURATIONS: Readonly<Record<string, PhpMemcacheTranscoderOptions>> = {
  "pecl-memcache": {},
  "pecl-memcache-compressed": { compressThreshold: 0 },
};

const sets = await readForeign("php-memcached_1", "php-memcached_2", "php-memcached-3.3");
const oldSets = await readForeign("php-memcache");

function transcoderOf({ config }: ForeignSet): Transcoder {
  const options = CONFIGURATIONS[config];
  if (options === undefined) return phpMemcacheTranscoder(OLD_CONFIGURATIONS[config]);
  return phpMemcachedTranscoder(options);
}

/** PHP has integers for keys that look like one, one empty array, and dates in JSON that are objects. */
function expectedOf({ config }: ForeignSet): (foreign: ForeignCase) => unknown {
  const isJson = config.startsWith("json");
  return ({ id, value }) => {
    const portable = value.type === "stdclass" ? { ...value, type: "symdict" } : value;
    return valueOf(portable, {
      bytes: textIfUtf8,
      dict: isJson ? jsonArray : phpArray,
      ...(isJson ? { date: propertiesOf } : {}),
    }, id);
  };
}

function jsonArray(pairs: readonly (readonly [unknown, unknown])[]): unknown {
  return pairs.length === 0 ? [] : recordOf(pairs.map(([key, value]) => [String(key), value]));
}

function phpArray(pairs: readonly (readonly [unknown, unknown])[]): unknown {
  if (pairs.length === 0) return [];
  return recordOf(
    pairs.map(([key, value]) => [/^\d+$/.test(String(key)) ? Number(key) : key, value]),
  );
}

function propertiesOf(date: Date): unknown {
  return {
    date: date.toISOString().replace("T", " ").replace("Z", "000"),
    timezone_type: 2,
    timezone: "Z",
  };
}

async function expanded(flags: number, data: Uint8Array): Promise<Uint8Array> {
  if ((flags & 2) !== 0 && (flags & 16) === 0) return await decompress(data, false, 1e6);
  const item = { flags: flags & 0xf0, data };
  const value = await phpMemcachedTranscoder.decode(item);
  return typeof value === "string" ? new TextEncoder().encode(value) : value as Uint8Array;
}

for (const set of [...sets, ...oldSets]) {
  const name = set.config.startsWith("pecl") ? "phpMemcacheTranscoder" : "phpMemcachedTranscoder";

  Deno.test(`${name} reads what PHP wrote: ${set.config}`, async () => {
    await assertReads(transcoderOf(set), set, expectedOf(set));
  });

  Deno.test(`${name} writes what PHP writes: ${set.config}`, async () => {
    const transcoder = transcoderOf(set);
    for (const { id, value, flags, data } of set.cases) {
      // JavaScript has no other integers than numbers, 1.0 among them; its keys are in an order of their own, and it
      // has only one kind of objects, which in JSON stay objects when they are empty.
      if (["float-1", "map-digitkeys", "x-stdclass"].includes(id)) continue;
      if (id === "map-empty" && set.config.startsWith("json")) continue;
      const item = await transcoder.encode(valueOf(value));
      // A PHP program may ask for compression even if it saves nothing: then only the types are compared.
      const isAsked = set.config === "pecl-memcache-compressed";
      const mask = set.config.startsWith("pecl") ? 2 : 0xf0;
      assertEquals(isAsked ? item.flags & ~mask : item.flags, isAsked ? flags & ~mask : flags, id);
      const ours = (item.flags & mask) === 0 ? item.data : await expanded(item.flags, item.data);
      const theirs = (flags & mask) === 0 ? data : await expanded(flags, data);
      assertEquals(ours, theirs, `${id}: ${new TextDecoder().decode(theirs)}`);
    }
  });
}

const IGBINARY = "\0\0\0\x02";

/** What serializers wrote of objects that are not plain data, their flags, and what the message has to name. */
const REFUSED: readonly [flags: number, data: string, name: string][] = [
  [4, 'O:1:"P":3:{s:1:"a";i:1;s:4:"\0*\0b";i:2;s:4:"\0P\0c";i:3;}', '"P"'],
  [4, 'a:1:{i:0;O:11:"ArrayObject":4:{i:0;i:0;i:1;a:0:{}i:2;a:0:{}i:3;N;}}', '"ArrayObject"'],
  [4, 'C:1:"Q":2:{xx}', '"Q"'],
  [4, 'E:3:"S:A";', '"S:A"'],
  [4, 'O:12:"DateInterval":0:{}', '"DateInterval"'],
  [5, `${IGBINARY}\x17\x01P\x14\x01\x11\x01a\x06\x01`, '"P"'],
  [5, `${IGBINARY}\x17\x01Q\x1d\x02xx`, '"Q"'],
  [5, `${IGBINARY}\x17\x01S'\x11\x01A`, '"S"'],
  [7, "\x82\xc0\xa1P\xa1a\x01", '"P"'],
  [7, "\x82\xc0\xabArrayObject\xc0\x94\x00\x91\x01\x90\xc0", '"ArrayObject"'],
  [7, "\x82\xc0\x03\xa1Q\xa2xx", "a format of its own"],
];

const DATE = '"DateTime":3:{s:4:"date";s:26:"2020-01-02 03:04:05.678000";s:13:"timezone_type";i:';

/** What is broken, or made to take more than it is worth. */
const HOSTILE: Readonly<Record<string, readonly [flags: number, data: string]>> = {
  "an empty int": [1, ""],
  "an int of letters": [1, "hello"],
  "an int of 65 bits": [1, "9223372036854775808"],
  "a float of letters": [2, "hello"],
  "a float of a megabyte": [2, "1".repeat(1_000_000)],
  "a bool of letters": [3, "true"],
  "nothing serialized": [4, ""],
  "two values": [4, "N;N;"],
  "a count of a billion": [4, "a:1000000000:{"],
  "a string of a billion": [4, 's:1000000000:"'],
  "a length that is none": [4, 's:-1:"";'],
  "a reference to nothing": [4, "a:1:{i:0;R:9;}"],
  "a reference to itself": [4, "r:1;"],
  "an array for a key": [4, "a:1:{a:0:{}N;}"],
  "an int of a megabyte": [4, `i:${"1".repeat(1_000_000)};`],
  "a hundred thousand arrays": [4, "a:1:{i:0;".repeat(100_000)],
  "a hundred thousand objects": [4, 'O:8:"stdClass":1:{s:0:"";'.repeat(100_000)],
  "a date of nowhere": [4, `O:8:${DATE}3;s:8:"timezone";s:9:"Nowhere/X";}`],
  "a date of no offset": [4, `O:8:${DATE}1;s:8:"timezone";s:1:"x";}`],
  "a date without properties": [4, 'O:8:"DateTime":0:{}'],
  "igbinary of another version": [5, "\0\0\0\x09\0"],
  "igbinary of a billion": [5, `${IGBINARY}\x16\x3f\xff\xff\xff`],
  "igbinary's string of a billion": [5, `${IGBINARY}\x13\x3f\xff\xff\xff`],
  "igbinary's string that is not there": [5, `${IGBINARY}\x0e\x05`],
  "igbinary's reference to nothing": [5, `${IGBINARY}\x01\x05`],
  "igbinary of a hundred thousand": [5, `${IGBINARY}${"\x14\x01\x06\x00".repeat(100_000)}`],
  "igbinary of variables": [5, `${IGBINARY}${"\x25".repeat(100_000)}`],
  "JSON that is none": [6, "{"],
  "MessagePack of a billion": [7, "\xdd\x3f\xff\xff\xff"],
  "MessagePack's map of a billion": [7, "\xdf\x3f\xff\xff\xff"],
  "MessagePack of a hundred thousand": [7, "\x91".repeat(100_000)],
  "MessagePack of nil keys": [7, "\x82\xc0".repeat(100_000)],
  "MessagePack's reference to nothing": [7, "\x82\xc0\x04\x00\x09"],
  "MessagePack's extension": [7, "\xd4\x01\x00"],
  "fastlz without a length": [80, "\x01"],
  "fastlz that is cut off": [80, "\x05\0\0\0\x04ab"],
  "fastlz of a gigabyte": [80, "\xff\xff\xff\x3f\x00a"],
  "fastlz of a hundred megabytes": [80, "\0\0\0\x06\x00a"],
  "fastlz that refers to before": [80, "\x09\0\0\0\x00a\xe0\xff\xff"],
  "fastlz of level 3": [80, "\x01\0\0\0\x40a"],
  "fastlz of another length": [80, "\x02\0\0\0\x00a"],
  "no compression": [16, "\x01\0\0\0a"],
  "two ways of compressing": [16 | 32 | 64, "\x01\0\0\0a"],
  "a way without its bit": [64, "\x01\0\0\0\x00a"],
  "an unknown type": [8, "a"],
  "flags of moecache": [274, "text"],
  "flags of EnyimMemcached": [64082, "12345"],
};

Deno.test("phpMemcachedTranscoder names the class of an object that is not plain data", () => {
  for (const [flags, data, name] of REFUSED) {
    const item = { flags, data: latin1(data) };
    assertThrows(() => phpMemcachedTranscoder.decode(item), ClientException, name);
  }
});

Deno.test("phpMemcachedTranscoder refuses what is broken or hostile, at once", async () => {
  for (const [name, [flags, data]] of Object.entries(HOSTILE)) {
    const decode = async () => await phpMemcachedTranscoder.decode({ flags, data: latin1(data) });
    await assertRejects(decode, ClientException, undefined, name);
  }
  for (const flags of [16, 274, 512, 0xffffffff]) {
    const item = { flags, data: latin1("1") };
    assertThrows(() => phpMemcacheTranscoder.decode(item), ClientException, String(flags));
  }
});

Deno.test("phpMemcachedTranscoder refuses zlib and zstd that are damaged, or too long", async () => {
  for (const compression of ["zlib", "zstd", "fastlz"] as const) {
    const transcoder = phpMemcachedTranscoder({ compression });
    const { flags, data } = await transcoder.encode("0".repeat(1_000_000));
    const decode = async (bytes: Uint8Array, maxValueBytes: number) => {
      return await transcoder.decode({ flags, data: bytes }, { maxValueBytes });
    };
    assertEquals(await decode(data, 1_000_000), "0".repeat(1_000_000));
    await assertRejects(() => decode(data, 999_999), ClientException, "999999");
    const longer = data.slice();
    longer[0] = 65;
    await assertRejects(() => decode(longer, 2_000_000), ClientException);
    const shorter = data.slice();
    shorter[1] = 0;
    await assertRejects(() => decode(shorter, 2_000_000), ClientException);
    await assertRejects(() => decode(data.slice(0, -3), 2_000_000), ClientException);
  }
});

Deno.test("phpMemcachedTranscoder ignores the flags that a PHP program set itself", async () => {
  assertEquals(await phpMemcachedTranscoder.decode({ flags: 0x7fff0001, data: latin1("5") }), 5);
});

Deno.test("the transcoders of PHP read counters that memcached has padded with spaces", async () => {
  // What is there after set("n", 10) and decrement("n", 1), or decrement("n", 9) from 100.
  const padded: [flags: number, oldFlags: number, text: string, value: number][] = [
    [1, 768, "9 ", 9],
    [1, 768, "91 ", 91],
    [2, 1792, "9 ", 9],
    [1, 768, "0   ", 0],
  ];
  for (const [flags, oldFlags, text, value] of padded) {
    const data = latin1(text);
    assertEquals(await phpMemcachedTranscoder.decode({ flags, data }), value);
    assertEquals(await phpMemcacheTranscoder.decode({ flags: oldFlags, data }), value);
  }
});

Deno.test("phpMemcachedTranscoder reads the dates of every kind of zone", async () => {
  const kinds: [string, string][] = [
    ['1;s:8:"timezone";s:6:"+02:00";}', "2020-01-02T01:04:05.678Z"],
    ['1;s:8:"timezone";s:6:"-05:30";}', "2020-01-02T08:34:05.678Z"],
    ['2;s:8:"timezone";s:3:"EDT";}', "2020-01-02T07:04:05.678Z"],
    ['3;s:8:"timezone";s:13:"Europe/Berlin";}', "2020-01-02T02:04:05.678Z"],
    ['3;s:8:"timezone";s:3:"UTC";}', "2020-01-02T03:04:05.678Z"],
  ];
  for (const [zone, expected] of kinds) {
    const item = { flags: 4, data: latin1(`O:8:${DATE}${zone}`) };
    assertEquals(await phpMemcachedTranscoder.decode(item), new Date(expected));
  }
});

Deno.test("phpMemcachedTranscoder reads arrays that hold themselves, and escaped strings", async () => {
  const read = (text: string) => phpMemcachedTranscoder.decode({ flags: 4, data: latin1(text) });
  const list = await read("a:2:{i:0;i:1;i:1;a:2:{i:0;i:1;i:1;R:3;}}") as [number, unknown[]];
  assertEquals(list[1][1] === list[1], true);
  const record = await read('a:1:{s:1:"a";R:1;}') as { a: unknown };
  assertEquals(record.a === record, true);
  assertEquals(await read('S:3:"a\\c3\\A9";'), "aé");
  assertEquals(await read('a:1:{s:9:"__proto__";i:1;}'), JSON.parse('{"__proto__": 1}'));
});

Deno.test("phpMemcachedTranscoder reads and writes values nested as deep as PHP reads them", async () => {
  const levels = { php: 1000, json: 511, igbinary: 1000, msgpack: 1000 } as const;
  for (const serializer of ["php", "json", "igbinary", "msgpack"] as const) {
    let value: unknown = "deep";
    for (let level = 0; level < levels[serializer]; level++) {
      value = level % 2 === 0 ? [value] : { a: value };
    }
    const transcoder = phpMemcachedTranscoder({ serializer });
    const read = await transcoder.decode(await transcoder.encode(value));
    assertEquals(JSON.stringify(read), JSON.stringify(value));
    assertThrows(() => transcoder.encode([value]), ValidationException, "nested deeper");
  }
});

Deno.test("phpMemcachedTranscoder says what it cannot store, and where", () => {
  const itself: Record<string, unknown> = {};
  itself.a = [itself];
  const refused: [unknown, string][] = [
    [undefined, "undefined"],
    [2n ** 63n, "64 bits"],
    [[-(2n ** 63n) - 1n], '64 bits of PHP\'s at "[0]"'],
    [itself, 'it holds itself at "a[0]"'],
    [{ a: new Set() }, "a Set"],
    [Symbol.for("a"), "a symbol"],
    [new Map([[1, 1], ["1", 2]] as [unknown, number][]), 'both "1"'],
    [new Map([[1.5, 1]]), "neither a string nor an integer"],
    [["\ud800"], "lone surrogate"],
  ];
  for (const serializer of ["php", "json", "igbinary", "msgpack"] as const) {
    const transcoder = phpMemcachedTranscoder({ serializer });
    for (const [value, message] of refused) {
      if (serializer === "json" && value instanceof Map && value.has(1.5)) continue;
      assertThrows(() => transcoder.encode(value), ValidationException, message);
    }
  }
  const json = phpMemcachedTranscoder({ serializer: "json" });
  assertThrows(() => json.encode([NaN]), ValidationException, "no JSON");
  // PHP's json_decode makes null of the whole value.
  assertThrows(() => json.encode({ "\0a": 1 }), ValidationException, "begins with NUL");
  assertThrows(() => json.encode(new Map([["\0", 1]])), ValidationException, "begins with NUL");
});

Deno.test("phpMemcachedTranscoder ends with what holds the same objects over and over", () => {
  let value: unknown[] = [];
  for (let level = 0; level < 100; level++) value = [value, value];
  assertThrows(() => phpMemcachedTranscoder.encode(value), ValidationException, "over and over");
});

Deno.test("the transcoders of PHP check their options", () => {
  const wrong: unknown[] = [{ serializer: "yaml" }, { compression: true }, { threshold: 1 }, 5];
  for (const options of wrong) {
    const make = () => phpMemcachedTranscoder(options as PhpMemcachedTranscoderOptions);
    assertThrows(make, ValidationException);
  }
  for (const options of [{ compressThreshold: -1 }, { threshold: 1 }]) {
    const make = () => phpMemcacheTranscoder(options as PhpMemcacheTranscoderOptions);
    assertThrows(make, ValidationException);
  }
});

Deno.test("the transcoders of PHP have the flags of strings that are stored as plain text", () => {
  const { textFlags, longestText } = phpMemcachedTranscoder;
  assertEquals([textFlags, longestText], [0, 666]);
  assertEquals(phpMemcachedTranscoder({ compression: false }).longestText, Infinity);
  assertEquals(phpMemcacheTranscoder.longestText, 6666);
});

Deno.test("expandFastlz gives back what compressFastlz was given", async () => {
  await withSeed((seed) => {
    const random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      const letters = 1 + random.below(random.chance(0.5) ? 3 : 256);
      const data = Uint8Array.from({ length: random.below(20_000) }, () => random.below(letters));
      assertEquals(expandFastlz(compressFastlz(data), data.length), data);
    }
    return Promise.resolve();
  });
});
