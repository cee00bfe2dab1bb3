import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Client, jsonTranscoder } from "../../mod.ts";
import { ClientException, ValidationException } from "../../src/errors.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  moecacheTranscoder,
  type MoecacheTranscoderOptions,
} from "../../src/transcoding/moecache_transcoder.ts";
import type { EncodedValue } from "../../src/transcoding/transcoder.ts";
import {
  assertPortable,
  fromHex,
  type Outcome,
  type Python2Vectors,
  readVectors,
  toHex,
  type ValueVectors,
} from "./pickle/vectors.ts";

const { values, reads } = await readVectors<ValueVectors>("moecache_values.json");
const { items } = await readVectors<Python2Vectors>("moecache_values_py2.json");

/** `None`, and text behind it that Python does not mind. */
const FOLLOWED = "80024e2e747261696c696e67206a756e6b";

function encode(value: unknown): EncodedValue {
  return moecacheTranscoder.encode(value) as EncodedValue;
}

function decode(flags: number, data: Uint8Array): unknown {
  return moecacheTranscoder.decode({ flags, data });
}

function assertOutcome(flags: number, hex: string, { returns, throws }: Outcome): void {
  if (throws === undefined) assertPortable(decode(flags, fromHex(hex)), returns!);
  else assertThrows(() => decode(flags, fromHex(hex)), ClientException);
}

Deno.test("moecacheTranscoder.decode reads what Python moecache wrote", () => {
  for (const { flags, hex, portable, throws } of values) {
    if (throws !== undefined || hex === undefined || mentionsObject(portable)) continue;
    assertPortable(decode(flags, fromHex(hex)), portable);
  }
});

Deno.test("moecacheTranscoder.decode reads what Python moecache reads, and refuses what it refuses", () => {
  for (const { flags, hex, outcome } of reads) {
    if (hex === FOLLOWED) {
      assertThrows(() => decode(flags, fromHex(hex)), ClientException, "data follows its end");
    } else assertOutcome(flags, hex, outcome);
  }
});

Deno.test("moecacheTranscoder.decode reads what Python 2 wrote as Python 3 does", () => {
  for (const { flags, hex, python3Get, pickles = {} } of items) {
    assertOutcome(flags, hex, python3Get);
    for (const pickle of Object.values(pickles)) {
      assertOutcome(256, pickle.hex, pickle.python3Loads);
    }
  }
});

Deno.test("moecacheTranscoder.encode writes strings as Python moecache does", () => {
  const strings = values.filter(({ flags, hex }) => flags === 274 && hex !== undefined);
  assert(strings.length > 0);
  for (const { hex, portable } of strings) {
    const text = portable.repeat?.[0].repeat(portable.repeat[1]) ?? portable.value;
    const { flags, data } = encode(text);
    assertEquals(flags, 274);
    if (hex !== "") assertEquals(toHex(data), hex);
  }
});

Deno.test("moecacheTranscoder has the flags of strings, and borrows the data that it decodes", () => {
  assertEquals(moecacheTranscoder.textFlags, 274);
  assertEquals(moecacheTranscoder.borrowsData, true);
});

Deno.test("moecacheTranscoder.encode throws for a string with a lone surrogate", () => {
  for (const text of ["\ud800", "x\udc00y", "\udc00\ud800"]) {
    assertThrows(
      () => encode(text),
      ValidationException,
      "Cannot store string: it holds a lone",
    );
  }
  assertEquals(toHex(encode("\ud83d\ude00").data), "f09f9880");
});

Deno.test("moecacheTranscoder.decode keeps a byte order mark", () => {
  assertEquals(decode(274, fromHex("efbbbf78")), "\ufeffx");
});

Deno.test("moecacheTranscoder.decode throws for bytes that are not UTF-8", () => {
  for (const hex of ["ff", "c3", "eda080", "c080", "f4908080", "61ff"]) {
    assertThrows(() => decode(274, fromHex(hex)), ClientException, "is not UTF-8");
  }
});

Deno.test("moecacheTranscoder.decode distinguishes other deployments from other types", () => {
  for (const flags of [0, 1, 18, 255, 512, 530, 65554, 2 ** 31, 2 ** 32 - 1]) {
    assertThrows(
      () => decode(flags, new Uint8Array()),
      ClientException,
      "not a moecache deployment",
    );
  }
  for (const flags of [257, 258, 273, 275, 511]) {
    assertThrows(() => decode(flags, new Uint8Array()), ClientException, "unsupported data type");
  }
  const error = assertThrows(() => decode(0, new Uint8Array()), ClientException);
  assertEquals(error.item, 0);
});

Deno.test("moecacheTranscoder writes pickles of the protocol that is asked for", () => {
  const values = [null, [1, "a"], new Map([[1, 2]]), new Uint8Array(300).fill(255), new Set(["b"])];
  for (const pickleProtocol of [2, 3, 4, 5] as const) {
    const transcoder = moecacheTranscoder({ pickleProtocol });
    for (const value of values) {
      const item = transcoder.encode(value) as EncodedValue;
      assertEquals(item.flags, 256);
      assertEquals(item.data[1], pickleProtocol);
      for (const reader of [transcoder, moecacheTranscoder]) {
        assertEquals(reader.decode(item), value);
      }
    }
    assertEquals(transcoder.encode("text"), encode("text"));
  }
  for (const options of [undefined, {}]) {
    for (const value of values) {
      assertEquals(moecacheTranscoder(options).encode(value), encode(value));
    }
  }
});

Deno.test("moecacheTranscoder refuses a protocol that it does not write", () => {
  for (const pickleProtocol of [0, 1, 6, 2.5, "3", null, NaN]) {
    assertThrows(
      () => moecacheTranscoder({ pickleProtocol } as MoecacheTranscoderOptions),
      ValidationException,
      "Cannot use pickleProtocol",
    );
  }
});

Deno.test("a client gives back bytes of any length in each protocol, which nothing changes later", async () => {
  await using server = await MemcachedServer.listen();
  for (const pickleProtocol of [2, 3, 4, 5] as const) {
    const transcoder = moecacheTranscoder({ pickleProtocol });
    await using client = new Client(server.address, { transcoder });
    for (const length of [0, 1, 300, 65_530, 65_536, 70_000, 500_000]) {
      const bytes = new Uint8Array(length).map((_, at) => at * 31);
      await client.setMany({ bytes, list: [bytes, "text", bytes], other: bytes.slice().reverse() });
      const [found, list] = await Promise.all([client.get("bytes"), client.get("list")]);
      const others = await Promise.all(["other", "bytes", "other"].map((key) => client.get(key)));
      assertEquals(found, bytes);
      assertEquals(list, [bytes, "text", bytes]);
      assertEquals(others, [bytes.slice().reverse(), bytes, bytes.slice().reverse()]);
    }
  }
});

Deno.test("moecacheTranscoder says that appended text damages a value that is not a string", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  for (const value of [5, [1, 2], new Uint8Array(3), null]) {
    await client.set("key", value);
    assertEquals(await client.append("key", "text"), true);
    await assertRejects(() => client.get("key"), ClientException, "data follows its end");
  }
  await client.set("key", "text");
  await client.append("key", "more");
  assertEquals(await client.get("key"), "textmore");
});

Deno.test("a client names the key whose value cannot be read or stored, and says how to read others'", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await using json = new Client(server.address, { transcoder: jsonTranscoder });
  await json.setMany({ "user:1": { a: 1 }, "user:2": 2 });
  const expected = 'Cannot read item of key "user:1": not a moecache deployment (flags 2)';
  for (const read of [() => client.get("user:1"), () => client.gets("user:1")]) {
    const { message } = await assertRejects(read, ClientException, expected);
    assertStringIncludes(message, "option transcoder");
  }
  const many = await client.getMany(["user:2"]).catch((error) => error);
  assertStringIncludes(many.failures.get("user:2").message, 'key "user:2"');
  const change = () => client.update("user:1", () => 5);
  await assertRejects(change, ClientException, expected);
  const load = () => client.getOrSet("user:1", () => 5);
  await assertRejects(load, ClientException, expected);
  const stored = 'Cannot store value of key "user:3": a function';
  const write = () => client.set("user:3", () => {});
  await assertRejects(write, ValidationException, stored);
  const writeMany = () => client.setMany({ "user:3": () => {} });
  await assertRejects(writeMany, ValidationException, stored);
  const loaded = () => client.getOrSet("user:3", () => () => {});
  await assertRejects(loaded, ValidationException, stored);
});

Deno.test("moecacheTranscoder.decode keeps no view of the data", () => {
  const pickles = [
    "80034301612e",
    "800596010000000000000061" + "2e",
    toHex(encode(fromHex("61")).data),
  ];
  for (const hex of pickles) {
    const data = fromHex(hex);
    const bytes = decode(256, data);
    data.fill(0);
    assertInstanceOf(bytes, Uint8Array);
    assertEquals(toHex(bytes), "61");
    assertEquals(bytes.buffer.byteLength, 1);
  }
});

Deno.test("moecacheTranscoder.decode reads a view into a larger buffer", () => {
  const { data } = encode([1.5, new Uint8Array(300).fill(200)]);
  const large = new Uint8Array(data.length + 20);
  large.set(data, 10);
  assertEquals(decode(256, large.subarray(10, 10 + data.length)), [
    1.5,
    new Uint8Array(300).fill(200),
  ]);
});

Deno.test("moecacheTranscoder gives back null, which is a value", () => {
  const { flags, data } = encode(null);
  assertStrictEquals(decode(flags, data), null);
});

function mentionsObject(portable: unknown): boolean {
  return JSON.stringify(portable).includes('"type":"object"');
}
