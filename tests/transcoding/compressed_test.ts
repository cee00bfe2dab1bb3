import {
  assert,
  assertEquals,
  assertLess,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  ClientException,
  compressed,
  type CompressedFormat,
  type CompressionOptions,
  type EncodedValue,
  jsonTranscoder,
  moecacheTranscoder,
  rawTranscoder,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import * as dalli from "../../src/transcoding/formats/dalli/mod.ts";
import * as java from "../../src/transcoding/formats/java/mod.ts";
import * as perl from "../../src/transcoding/formats/perl/mod.ts";
import * as php from "../../src/transcoding/formats/php/mod.ts";
import * as formats from "../../src/transcoding/mod.ts";
import { enyimTranscoder } from "../../src/transcoding/mod.ts";
import { openCompressor } from "../../src/transcoding/compression.ts";
import { busyTime } from "../support/busy_time.ts";
import { fromHex } from "./pickle/vectors.ts";

const FORMATS = ["gzip", "deflate", "deflate-raw"] as const;
const TEXT = "moecache ".repeat(1000);

async function encode(transcoder: Transcoder, value: unknown): Promise<EncodedValue> {
  return await transcoder.encode(value);
}

async function decode(transcoder: Transcoder, item: EncodedValue): Promise<unknown> {
  return await transcoder.decode(item);
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

Deno.test("compressed gives back what the transcoder inside does, in every format", async () => {
  const inner: [Transcoder, unknown, number][] = [
    [moecacheTranscoder, TEXT, 274],
    [moecacheTranscoder, Array(1000).fill("moe"), 256],
    [enyimTranscoder, TEXT, 274],
    [enyimTranscoder, new Uint8Array(10_000), 0xfa52],
    [jsonTranscoder, { text: TEXT }, 2],
    [rawTranscoder, new Uint8Array(10_000), 0],
    [rawTranscoder({ withFlags: true }), { flags: 0xff00, data: new Uint8Array(10_000) }, 0xff00],
  ];
  for (const format of FORMATS) {
    for (const [transcoder, value, flags] of inner) {
      const around = compressed(transcoder, { format });
      const item = await encode(around, value);
      assertEquals(item.flags, flags | 128);
      assertLess(item.data.byteLength, 200);
      assertEquals(await decode(around, item), value);
    }
  }
});

Deno.test("compressed writes below its threshold what the transcoder inside writes", () => {
  for (const transcoder of [moecacheTranscoder, enyimTranscoder, jsonTranscoder]) {
    const around = compressed(transcoder, { threshold: 1000 });
    for (const value of ["x".repeat(990), "", 5, null]) {
      const item = around.encode(value) as EncodedValue;
      assertEquals(item, transcoder.encode(value) as EncodedValue);
      assertEquals(around.decode(item), value);
    }
  }
});

Deno.test("compressed starts at its threshold", async () => {
  const around = compressed(rawTranscoder, { threshold: 500 });
  assertEquals((await encode(around, new Uint8Array(499))).flags, 0);
  assertEquals((await encode(around, new Uint8Array(500))).flags, 128);
  const everything = compressed(rawTranscoder, { threshold: 0 });
  assertEquals(await encode(everything, new Uint8Array(0)), { flags: 0, data: new Uint8Array(0) });
});

Deno.test("compressed stores a value unchanged if it would not become smaller", async () => {
  for (const format of FORMATS) {
    const around = compressed(rawTranscoder, { format, threshold: 0 });
    for (const length of [1, 10, 2000, 100_000]) {
      const bytes = randomBytes(Math.min(length, 60_000));
      assertEquals(await encode(around, bytes), { flags: 0, data: bytes });
    }
  }
});

Deno.test("compressed reads gzip and deflate with every option, and deflate-raw when it writes that", async () => {
  for (const written of FORMATS) {
    const item = await encode(compressed(moecacheTranscoder, { format: written }), TEXT);
    for (const format of FORMATS) {
      const reading = decode(compressed(moecacheTranscoder, { format }), item);
      if (written === "deflate-raw" && format !== "deflate-raw") {
        await assertRejects(() => reading, ClientException, "its format is unknown");
      } else assertEquals(await reading, TEXT);
    }
  }
});

Deno.test("compressed lets short strings go out without being asked, and long ones not", () => {
  const around = compressed(moecacheTranscoder, { threshold: 1000 });
  assertEquals([around.textFlags, around.longestText], [274, 333]);
  assertEquals(compressed(moecacheTranscoder, { threshold: 1 }).longestText, 0);
  assertEquals(compressed(compressed(moecacheTranscoder, { flag: 64 })).longestText, 341);
  assertEquals("textFlags" in compressed(jsonTranscoder), false);
});

Deno.test("compressed is unreadable to others, and never garbage", async () => {
  for (const transcoder of [moecacheTranscoder, enyimTranscoder, jsonTranscoder]) {
    const item = await encode(compressed(transcoder), TEXT);
    assertThrows(() => transcoder.decode(item), ClientException, "Cannot read item");
  }
});

Deno.test("compressed reads what Python's zlib made, with the flags of pymemcache", async () => {
  // zlib.compress(b"moecache" * 200); pymemcache's flags are 16 for text and 8 for compressed.
  const data = fromHex("789ccbcd4f4d4e4cce48cd1da547e9517a941ea54769126800482a8187");
  const around = compressed(rawTranscoder({ withFlags: true }), { flag: 8, format: "deflate" });
  const text = new TextEncoder().encode("moecache".repeat(200));
  assertEquals(await decode(around, { flags: 24, data }), { flags: 16, data: text });
  assertEquals((await encode(around, { flags: 16, data: text })).flags, 24);
});

Deno.test("compressed refuses flags that have its bit already", async () => {
  const around = compressed(rawTranscoder);
  for (const length of [1, 10_000]) {
    const item = { flags: 129, data: new Uint8Array(length) };
    assertThrows(() => around.encode(item), ValidationException, "contain the bit 128");
  }
  const other = compressed(rawTranscoder({ withFlags: true }), { flag: 2 ** 31 });
  const item = { flags: 129, data: new Uint8Array(10_000) };
  const encoded = await encode(other, item);
  assertEquals(encoded.flags, 2 ** 31 + 129);
  assertEquals(await decode(other, encoded), item);
});

Deno.test("compressed refuses what the transcoder inside should not have made", async () => {
  for (const encoded of [undefined, { flags: -1, data: new Uint8Array(1) }, { flags: 1 }]) {
    const inner = { ...rawTranscoder(), encode: () => encoded as EncodedValue };
    assertThrows(() => compressed(inner).encode(new Uint8Array(1)), ValidationException);
    const later = { ...inner, encode: () => Promise.resolve(encoded as EncodedValue) };
    await assertRejects(() => encode(compressed(later), new Uint8Array(1)), ValidationException);
  }
});

Deno.test("compressed stores what the bytes were when it was asked", async () => {
  const bytes = new Uint8Array(10_000);
  const around = compressed(rawTranscoder);
  assertStrictEquals(around.handsOverData, true);
  const encoding = around.encode(bytes);
  bytes.fill(9);
  assertEquals(await decode(around, await encoding), new Uint8Array(10_000));
  const small = Uint8Array.of(1);
  const { data } = around.encode(small) as EncodedValue;
  small.fill(9);
  assertEquals(data, Uint8Array.of(1));
});

Deno.test("compressed has done with bytes that it borrows when it returns", async () => {
  const around = compressed(moecacheTranscoder);
  assertEquals(around.borrowsData, true);
  const item = await encode(around, TEXT);
  const decoding = around.decode(item);
  item.data.fill(0);
  assertEquals(await decoding, TEXT);
  assertEquals(compressed(rawTranscoder).borrowsData, false);
});

Deno.test("compressed refuses damaged bytes", async () => {
  for (const format of ["gzip", "deflate"] as const) {
    const around = compressed(rawTranscoder, { format });
    const { flags, data } = await encode(
      around,
      new TextEncoder().encode(JSON.stringify([...TEXT])),
    );
    const damaged = [
      ...Array.from({ length: data.byteLength }, (_, length) => data.slice(0, length)),
      Uint8Array.of(...data, 0),
      new Uint8Array(data.byteLength),
      randomBytes(100),
    ];
    for (const bytes of damaged) {
      const error = await assertRejects(
        () => decode(around, { flags, data: bytes }),
        ClientException,
        "Cannot read item",
      );
      assert(!(error instanceof ValidationException));
    }
  }
});

Deno.test("compressed refuses bytes that are followed by themselves", async () => {
  for (const format of ["gzip", "deflate"] as const) {
    const around = compressed(rawTranscoder, { format });
    const { flags, data } = await encode(around, new TextEncoder().encode("moecache".repeat(999)));
    const twice = { flags, data: Uint8Array.of(...data, ...data) };
    await assertRejects(() => decode(around, twice), ClientException, "Cannot read item");
  }
});

Deno.test("compressed says why the runtime treated bytes as damaged", async () => {
  const around = compressed(rawTranscoder);
  const item = { flags: 128, data: Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8) };
  const error = await assertRejects(() => decode(around, item), ClientException, "are damaged");
  assert(error.cause instanceof Error);
});

/** Zeros, which deflate makes a thousandth of. */
async function bomb(format: CompressedFormat, megabytes: number): Promise<Uint8Array> {
  const zeros = new Uint8Array(1 << 20);
  const { readable, writable } = await openCompressor(format);
  const feeding = (async () => {
    const writer = writable.getWriter();
    for (let i = 0; i < megabytes; i++) await writer.write(zeros);
    await writer.close();
  })();
  const bytes = new Uint8Array(await new Response(readable).arrayBuffer());
  await feeding;
  return bytes;
}

for (const format of FORMATS) {
  Deno.test(`compressed stops a ${format} bomb at maxValueBytes, in bounded memory`, async () => {
    const data = await bomb(format, 256);
    const around = compressed(rawTranscoder, { format, maxValueBytes: 10_000_000 });
    const before = Deno.memoryUsage().rss;
    const start = busyTime();
    await assertRejects(
      () => decode(around, { flags: 128, data }),
      ClientException,
      "it expands to more than maxValueBytes, 10000000 bytes",
    );
    assertLess(busyTime() - start, 5000);
    assertLess(Deno.memoryUsage().rss - before, 120 * 2 ** 20);
  });
}

Deno.test("compressed applies the smaller of its own limit and the client's", async () => {
  const item = await encode(compressed(rawTranscoder), new Uint8Array(10_000));
  const read = async (own: number | undefined, clients: number | undefined) => {
    const options = own === undefined ? {} : { maxValueBytes: own };
    const limits = clients === undefined ? undefined : { maxValueBytes: clients };
    return await compressed(rawTranscoder, options).decode(item, limits);
  };
  for (const [own, clients] of [[undefined, undefined], [10_000, undefined], [10_000, 10_000]]) {
    assertEquals(await read(own, clients), new Uint8Array(10_000));
  }
  for (const [own, clients] of [[9_999, undefined], [undefined, 9_999], [9_999, 20_000]]) {
    await assertRejects(() => read(own, clients), ClientException, "maxValueBytes, 9999 bytes");
  }
});

Deno.test("compressed passes on the client's limits", async () => {
  const limits = { maxValueBytes: 20_000 };
  const seen: unknown[] = [];
  const around = compressed({ ...rawTranscoder(), decode: (_, limits) => (seen.push(limits), _) });
  await around.decode(await around.encode(new Uint8Array(10_000)), limits);
  await around.decode(await around.encode(new Uint8Array(10)), limits);
  assertEquals(seen, [limits, limits]);
});

Deno.test("compressed stores nothing that it would not read", () => {
  const around = compressed(rawTranscoder, { maxValueBytes: 9_999 });
  const store = () => around.encode(new Uint8Array(10_000));
  assertThrows(store, ValidationException, "it takes 10000 bytes, and maxValueBytes is 9999");
});

Deno.test("compressed refuses invalid options", () => {
  const invalid: Record<string, unknown>[] = [
    { threshold: -1 },
    { threshold: 1.5 },
    { threshold: "1" },
    { format: "zip" },
    { format: null },
    { flag: 0 },
    { flag: 3 },
    { flag: 2 ** 32 },
    { maxValueBytes: 0 },
    { maxValueBytes: 2 ** 31 },
  ];
  for (const options of invalid) {
    const make = () => compressed(rawTranscoder, options as CompressionOptions);
    assertThrows(make, ValidationException, `Cannot use ${Object.keys(options)[0]}`);
  }
  const { encode, decode } = rawTranscoder;
  const reserved = { encode, decode, textFlags: 0x6d6f656c };
  const others: unknown[] = [undefined, {}, { encode() {} }, "json", reserved];
  for (const inner of others) {
    const make = () => compressed(inner as Transcoder);
    assertThrows(make, ValidationException, "Cannot use transcoder");
  }
});

Deno.test("compressed refuses a flag that the inner transcoder's strings have already", () => {
  const make = () => compressed(moecacheTranscoder, { flag: 2, format: "deflate" });
  assertThrows(make, ValidationException, "the flags of strings, 274, have it already");
});

Deno.test("compressed refuses a flag that the inner transcoder's items have, or that makes theirs reserved", () => {
  const twice: [Transcoder, number][] = [
    [jsonTranscoder, 2],
    [jsonTranscoder({ flags: 2 ** 31 }), 2 ** 31],
    [enyimTranscoder, 0x8000], // a bit of what byte[] has
    [compressed(rawTranscoder), 128],
    [compressed(compressed(jsonTranscoder), { flag: 64 }), 128],
    [compressed(compressed(jsonTranscoder), { flag: 64 }), 64],
  ];
  for (const [inner, flag] of twice) {
    const make = () => compressed(inner, { flag });
    assertThrows(make, ValidationException, "the transcoder inside uses it already");
  }
  for (const flag of [1, 128]) {
    const textFlags = 0x6d6f6500 - 0x100;
    const inner = { ...rawTranscoder({}), textFlags };
    compressed(inner as Transcoder, { flag }); // 0x6d6f6401 is not reserved
    const make = () => compressed(inner as Transcoder, { flag: 0x100 });
    assertThrows(make, ValidationException, "compressed strings have reserved flags");
  }
});

Deno.test("compressed takes every transcoder of the library as it is, except the one with this flag", () => {
  const { phpMemcachedTranscoder, ...others } = {
    ...{ jsonTranscoder, moecacheTranscoder, rawTranscoder },
    ...{ ...formats, ...dalli, ...java, ...perl, ...php },
  };
  for (const [name, inner] of Object.entries(others)) {
    if (name.endsWith("Transcoder")) compressed(inner as Transcoder);
  }
  assertThrows(() => compressed(phpMemcachedTranscoder), ValidationException, "uses it already");
});

Deno.test("compressed takes every flag that the inner transcoder leaves", () => {
  for (const inner of [jsonTranscoder, moecacheTranscoder, enyimTranscoder]) {
    const { flagBits = 0 } = inner;
    for (let bit = 0; bit < 32; bit++) {
      const flag = 2 ** bit;
      if ((flagBits & flag) === 0) compressed(inner, { flag });
    }
    assertLess(0, flagBits & 2);
  }
});
