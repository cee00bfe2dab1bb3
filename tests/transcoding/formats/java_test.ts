import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClientException, type Transcoder, ValidationException } from "../../../mod.ts";
import {
  spymemcachedTranscoder,
  type SpymemcachedTranscoderOptions,
} from "../../../src/transcoding/formats/java/mod.ts";
import { readJava } from "../../../src/transcoding/formats/java/read_java.ts";
import { writeJava } from "../../../src/transcoding/formats/java/write_java.ts";
import { decompress } from "../../../src/transcoding/compression.ts";
import { assertReads, type ForeignSet, latin1, readForeign, valueOf } from "./foreign_sets.ts";

const KINDS = {
  serializing: "serializing",
  "serializing-200": "serializing",
  whalin: "whalin",
  whalinv1: "whalinV1",
} as const;

const sets = await readForeign("spymemcached_1", "spymemcached_2");

function transcoderOf({ config }: ForeignSet): Transcoder {
  return spymemcachedTranscoder({ kind: KINDS[config as keyof typeof KINDS] });
}

for (const set of sets) {
  Deno.test(`spymemcachedTranscoder reads what spymemcached wrote: ${set.config}`, async () => {
    await assertReads(transcoderOf(set), set, ({ value }) => valueOf(value));
  });

  Deno.test(`spymemcachedTranscoder writes what spymemcached writes: ${set.config}`, async () => {
    const transcoder = transcoderOf(set);
    for (const { id, value, flags, data } of set.cases) {
      // JavaScript has one type for all integers, in which 1.0 is one, and its keys are in an order of their own.
      if (id === "float-1" || id === "map-digitkeys" || id.startsWith("x-")) continue;
      const item = await transcoder.encode(valueOf(value));
      // The threshold cannot be set here.
      assertEquals(item.flags & ~2, flags & ~2, id);
      const ours = (item.flags & 2) === 0 ? item.data : await decompress(item.data, false, 1e6);
      const theirs = (flags & 2) === 0 ? data : await decompress(data, false, 1e6);
      assertEquals(ours, theirs, id);
    }
  });
}

/** A class of a name, without fields, as a stream describes it. */
function described(name: string, flags = "\x02"): string {
  const length = String.fromCharCode(name.length >> 8, name.length & 0xff);
  return `r${length}${name}\0\0\0\0\0\0\0\x01${flags}\0\0xp`;
}

const HEADER = "\xac\xed\0\x05";
const LIST = HEADER +
  "sr\0\x13java.util.ArrayListx\x81\xd2\x1d\x99\xc7a\x9d\x03\0\x01I\0\x04sizexp";

/** What Java wrote of objects that are not plain data, and what the message has to name. */
const REFUSED: [string, string][] = [
  [`${HEADER}s${described("com.acme.Money")}`, '"com.acme.Money"'],
  [`${HEADER}s${described("java.util.TreeMap", "\x03")}x`, '"java.util.TreeMap"'],
  [`${HEADER}~${described("com.acme.Color", "\x12")}t\0\x03RED`, '"com.acme.Color"'],
  [`${HEADER}v${described("com.acme.Money")}`, '"java.lang.Class"'],
  [`${HEADER}s${described("java.util.HashSet", "\x0c")}`, '"java.util.HashSet"'],
  [`${LIST}\0\0\0\x01w\x04\0\0\0\x01s${described("com.acme.Money")}x`, '"com.acme.Money"'],
  [`${HEADER}s}\0\0\0\x01\0\x01a`, "Proxy"],
];

/** What is broken, or made to take more than it is worth. */
const HOSTILE: Readonly<Record<string, string>> = {
  "no bytes": "",
  "another stream": "\xca\xfe\0\x05p",
  "no value": HEADER,
  "two values": `${HEADER}pp`,
  "a string of a gigabyte": `${HEADER}|\0\0\0\0\x3f\xff\xff\xff`,
  "an array of a billion": `${HEADER}ur\0\x02[B\0\0\0\0\0\0\0\x01\x02\0\0xp\x3f\xff\xff\xff`,
  "an array of less than nothing":
    `${HEADER}ur\0\x02[I\0\0\0\0\0\0\0\x01\x02\0\0xp\xff\xff\xff\xff`,
  "a reference to nothing": `${HEADER}q\0~\0\x05`,
  "a class for a value": `${HEADER}sr\0\x01a\0\0\0\0\0\0\0\x01\x02\0\x01L\0\x01bq\0~\0\0xp`,
  "no class": `${HEADER}sp`,
  "a class that extends itself":
    `${HEADER}sr\0\x13java.util.ArrayList\0\0\0\0\0\0\0\x01\x02\0\0xq\0~\0\0`,
  "a hundred thousand classes": HEADER +
    `sr\0\x13java.util.ArrayList\0\0\0\0\0\0\0\x01\x02\0\0x`.padEnd(40) +
    "r\0\x01a\0\0\0\0\0\0\0\x01\x02\0\0x".repeat(100_000),
  "a hundred thousand lists": LIST + "\0\0\0\x01w\x04\0\0\0\x01sq\0~\0\0".repeat(100_000),
  "a million blocks": `${LIST}\0\0\0\x01${"w\0".repeat(1_000_000)}x`,
  "a string of no UTF-8": `${HEADER}t\0\x01\xff`,
  "an unknown part": `${HEADER}\x20`,
};

Deno.test("spymemcachedTranscoder names the class of an object that is not plain data", () => {
  for (const [stream, name] of REFUSED) {
    const item = { flags: 1, data: latin1(stream) };
    assertThrows(() => spymemcachedTranscoder.decode(item), ClientException, name);
  }
});

Deno.test("spymemcachedTranscoder refuses what is broken or hostile, at once", () => {
  for (const [name, stream] of Object.entries(HOSTILE)) {
    const item = { flags: 1, data: latin1(stream) };
    assertThrows(() => spymemcachedTranscoder.decode(item), ClientException, undefined, name);
  }
});

Deno.test("spymemcachedTranscoder reads and writes what holds itself", () => {
  const list: unknown[] = [1];
  list.push(list, { list });
  const read = readJava(writeJava(list)) as [number, unknown, { list: unknown }];
  assertEquals([read[1] === read, read[2].list === read], [true, true]);
  const record: Record<string, unknown> = {};
  record.self = record;
  const self = readJava(writeJava(record)) as { self: unknown };
  assertEquals(self.self === self, true);
  const set = new Set<unknown>();
  set.add([set]);
  assertThrows(() => readJava(writeJava(set)), ClientException, "holds itself");
});

Deno.test("spymemcachedTranscoder reads and writes values nested a thousand levels deep", () => {
  let value: unknown = "deep";
  for (let level = 0; level < 1000; level++) value = level % 2 === 0 ? [value] : { a: value };
  assertEquals(JSON.stringify(readJava(writeJava(value))), JSON.stringify(value));
  assertThrows(() => writeJava([value]), ValidationException, "nested deeper");
});

Deno.test("spymemcachedTranscoder says what it cannot store, and where", () => {
  const refused: [unknown, string][] = [
    [null, "refuses null"],
    [undefined, "undefined"],
    [[Symbol.for("a")], 'a symbol at "[0]"'],
    [{ a: new URL("http://localhost") }, 'an instance of URL at "a"'],
    [new Date(NaN), "invalid Date"],
    ["\ud800", "lone surrogate"],
  ];
  for (const kind of ["serializing", "whalin", "whalinV1"] as const) {
    for (const [value, message] of refused) {
      const encode = () => spymemcachedTranscoder({ kind }).encode(value);
      assertThrows(encode, ValidationException, message);
    }
  }
});

Deno.test("spymemcachedTranscoder refuses foreign flags, damaged bytes and bombs", async () => {
  for (const [flags, data] of [[4, "a"], [274, "text"], [0x10001, ""], [512, "12345"]] as const) {
    const item = { flags, data: latin1(data) };
    assertThrows(() => spymemcachedTranscoder.decode(item), ClientException, undefined, `${flags}`);
  }
  const whalin = spymemcachedTranscoder({ kind: "whalin" });
  assertThrows(() => whalin.decode({ flags: 4, data: latin1("abc") }), ClientException, "4 bytes");
  assertEquals(whalin.decode({ flags: 2048, data: latin1("built") }), "built");
  const v1 = spymemcachedTranscoder({ kind: "whalinV1" });
  assertThrows(() => v1.decode({ flags: 0, data: latin1("") }), ClientException);
  const { flags, data } = await spymemcachedTranscoder.encode("a".repeat(1_000_000));
  const decode = async () => await spymemcachedTranscoder.decode({ flags, data }, LIMITS);
  await assertRejects(decode, ClientException, "1000");
});

const LIMITS = { maxValueBytes: 1000 };

Deno.test("spymemcachedTranscoder does not compress JSON, which spymemcached leaves as it is", async () => {
  const json = `[${"1,".repeat(20_000)}1]`;
  assertEquals((await spymemcachedTranscoder.encode(json)).flags, 0);
  assertEquals((await spymemcachedTranscoder({ kind: "whalin" }).encode(json)).flags, 34);
});

Deno.test("spymemcachedTranscoder checks its options", () => {
  for (const options of [{ kind: "v1" }, { type: "whalin" }, 5]) {
    const make = () => spymemcachedTranscoder(options as SpymemcachedTranscoderOptions);
    assertThrows(make, ValidationException);
  }
});
