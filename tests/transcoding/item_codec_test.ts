import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Client } from "../../mod.ts";
import { ClientException, SocketError, ValidationException } from "../../src/errors.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { compressed } from "../../src/transcoding/compressed.ts";
import { jsonTranscoder } from "../../src/transcoding/json_transcoder.ts";
import { moecacheTranscoder } from "../../src/transcoding/moecache_transcoder.ts";
import { itemReader, itemWriter } from "../../src/transcoding/item_codec.ts";
import { FAILURE_FLAGS, LEASE_FLAGS } from "../../src/transcoding/item_codec.ts";
import type { DecodeLimits, EncodedValue, Transcoder } from "../../src/transcoding/transcoder.ts";

const LIMITS = { maxValueBytes: 1000 };

const raw: Transcoder = {
  encode: (value) => ({ flags: 7, data: value as Uint8Array }),
  decode: ({ data }) => data,
};

Deno.test("itemReader gives the transcoder a copy of the bytes unless it only borrows them", () => {
  const buffer = new Uint8Array(10);
  const lent = buffer.subarray(2, 4);
  const own = itemReader(raw, LIMITS)(7, lent) as Uint8Array;
  assertEquals(own.buffer.byteLength, 2);
  assertStrictEquals(itemReader({ ...raw, borrowsData: true }, LIMITS)(7, lent), lent);
});

Deno.test("itemReader reads no value from a lease or a failure", () => {
  for (const flags of [LEASE_FLAGS, FAILURE_FLAGS]) {
    assertEquals(itemReader(raw, LIMITS)(flags, new Uint8Array(2)), undefined);
  }
  for (const flags of [0, LEASE_FLAGS - 256, LEASE_FLAGS + 256]) {
    assertEquals(itemReader(raw, LIMITS)(flags, new Uint8Array(2)), new Uint8Array(2));
  }
});

Deno.test("itemReader says to a transcoder that borrows whether large bytes belong to it", () => {
  const decode = (_: EncodedValue, limits?: DecodeLimits) => limits;
  const borrowing = itemReader({ ...raw, decode, borrowsData: true }, LIMITS);
  const own = { maxValueBytes: 1000, ownsData: true };
  assertEquals(borrowing(7, new Uint8Array(65_536)), own);
  assertStrictEquals(borrowing(7, new Uint8Array(65_535)), LIMITS);
  assertStrictEquals(borrowing(7, new Uint8Array(65_537).subarray(1)), LIMITS);
  assertStrictEquals(itemReader({ ...raw, decode }, LIMITS)(7, new Uint8Array(65_536)), LIMITS);
});

Deno.test("itemReader and itemWriter name the key whose item or value cannot be used", async () => {
  const noPickle = () =>
    itemReader(moecacheTranscoder, LIMITS)(256, new Uint8Array(1), 1n, "user:1");
  assertThrows(noPickle, ClientException, 'Cannot read pickle of key "user:1": it ');
  const deployment = () => itemReader(moecacheTranscoder, LIMITS)(0, new Uint8Array(1), 1n, "k");
  const error = assertThrows(deployment, ClientException, 'item of key "k": not a moecache');
  assertEquals(error.item, 0);
  const noJson = () => itemReader(jsonTranscoder, LIMITS)(2, new Uint8Array(1), 1n, "k");
  assertInstanceOf(assertThrows(noJson, ClientException, 'item of key "k": ').cause, SyntaxError);
  const value = () => itemWriter(moecacheTranscoder)({ a: [undefined] }, "k");
  assertThrows(value, ValidationException, 'value of key "k": undefined at "a[0]"');
  const text = () => itemWriter(moecacheTranscoder)("\ud800", "k");
  assertThrows(text, ValidationException, 'string of key "k": it holds');
  const { decode, encode } = compressed(jsonTranscoder);
  const later = itemReader({ decode, encode }, LIMITS)(130, new Uint8Array(9), 1n, "k");
  await assertRejects(async () => await later, ClientException, 'item of key "k": it is marked');
});

Deno.test("itemReader and itemWriter make errors that are not this module's the cause of their own", async () => {
  class Own extends ClientException {}
  const faults = [
    new TypeError("no"),
    new Own("own: no"),
    new SocketError("no"),
    "text",
    undefined,
  ];
  for (const fault of faults) {
    const fail = () => {
      throw fault;
    };
    const failLater = () => Promise.reject(fault);
    for (const act of [fail, failLater]) {
      const transcoder = { encode: act, decode: act } as Transcoder;
      const read = async () => await itemReader(transcoder, LIMITS)(7, new Uint8Array(1), 1n, "k");
      const write = async () => await itemWriter(transcoder)(1, "k", "add");
      const why = fault instanceof Error ? fault.message : fault;
      const got = await assertRejects(read, ClientException, `Cannot get value of key "k": ${why}`);
      const set = await assertRejects(
        write,
        ClientException,
        `Cannot add value of key "k": ${why}`,
      );
      assertEquals([got.constructor, set.constructor], [ClientException, ValidationException]);
      for (const { cause } of [got, set]) assertStrictEquals(cause, fault);
    }
  }
});

Deno.test("itemReader passes the client's limits to the transcoder", () => {
  const decode = (_: EncodedValue, limits?: DecodeLimits) => limits;
  assertStrictEquals(itemReader({ ...raw, decode }, LIMITS)(7, new Uint8Array(2)), LIMITS);
});

Deno.test("itemWriter copies the bytes unless the transcoder hands them over", () => {
  const data = Uint8Array.of(1, 2, 3);
  const item = itemWriter(raw)(data) as EncodedValue;
  data.fill(9);
  assertEquals(item, { flags: 7, data: Uint8Array.of(1, 2, 3) });
  const handedOver = itemWriter({ ...raw, handsOverData: true })(data) as EncodedValue;
  assertStrictEquals(handedOver.data.buffer, data.buffer);
});

Deno.test("itemWriter never asks a subclass for the length of bytes", () => {
  class Longer extends Uint8Array<ArrayBuffer> {
    override get byteLength() {
      return 1;
    }
    override get length() {
      return 1;
    }
  }
  const write = itemWriter({ ...raw, handsOverData: true });
  const { data } = write(new Longer(new ArrayBuffer(3))) as EncodedValue;
  assertEquals([data.constructor, data.length], [Uint8Array, 3]);
});

Deno.test("itemWriter sends well-formed text unchanged under textFlags", () => {
  const write = itemWriter({ ...raw, textFlags: 274 });
  assertEquals(write("text"), { flags: 274, data: "text" });
  assertThrows(() => write("\udc00"), ValidationException, "lone surrogate");
});

Deno.test("itemWriter asks the transcoder for strings longer than longestText", () => {
  const encode = () => ({ flags: 9, data: new Uint8Array(0) });
  const write = itemWriter({ ...raw, encode, textFlags: 274, longestText: 4 });
  assertEquals(write("four"), { flags: 274, data: "four" });
  assertEquals(write("fives"), { flags: 9, data: new Uint8Array(0) });
});

Deno.test("itemWriter reads what the transcoder returns once", () => {
  let reads = 0;
  const encoded = {
    data: new Uint8Array(1),
    get flags() {
      return reads++ === 0 ? 0 : "0 0 0\r\nflush_all\r\n" as unknown as number;
    },
  };
  assertEquals(itemWriter({ ...raw, encode: () => encoded })(null), {
    flags: 0,
    data: new Uint8Array(1),
  });
});

Deno.test("itemWriter refuses what cannot go on the wire", async () => {
  const data = new Uint8Array(1);
  const hostile: unknown[] = [
    undefined,
    null,
    {},
    { flags: 0 },
    { data },
    { flags: "0", data },
    { flags: -1, data },
    { flags: 1.5, data },
    { flags: 2 ** 32, data },
    { flags: LEASE_FLAGS, data },
    { flags: 0, data: "text" },
    { flags: 0, data: [1] },
    { flags: 0, data: new Uint16Array(1) },
    { flags: 0, data: new Proxy(data, {}) },
    { flags: 0, data: Object.create(Uint8Array.prototype) },
  ];
  for (const encoded of hostile) {
    const write = itemWriter({ ...raw, encode: () => encoded as EncodedValue });
    assertThrows(() => write(null), ValidationException, "Cannot store value");
    const later = itemWriter({ ...raw, encode: () => Promise.resolve(encoded as EncodedValue) });
    await assertRejects(async () => await later(null), ValidationException, "Cannot store value");
  }
});

Deno.test("Client waits for a transcoder's promise that is not of the global class, which zone.js replaces", async () => {
  await using server = await MemcachedServer.listen();
  const json = jsonTranscoder();
  const slow: Transcoder = {
    encode: async (value) => await json.encode(value),
    decode: async (item) => await json.decode(item),
  };
  await using client = new Client(server.address, { transcoder: slow });
  const { Promise: Own } = globalThis;
  // What async functions return is no instance of it.
  globalThis.Promise = class<Value> extends Own<Value> {};
  try {
    await client.set("a", [1]);
    assertEquals((await client.gets("a"))?.value, [1]);
    await client.setMany(new Map([["b", 2], ["c", 3]]));
    assertEquals([...await client.getMany(["b", "c"])], [["b", 2], ["c", 3]]);
    assertEquals(await client.getOrSet("d", () => 4), 4);
    assertEquals(await client.getOrSet("d", () => 5), 4);
    const namespace = client.namespace("e:");
    await namespace.set("a", 6);
    assertEquals(await namespace.get("a"), 6);
  } finally {
    globalThis.Promise = Own;
  }
});

Deno.test("itemReader and itemWriter wait for what has only a method then", async () => {
  // Its `then` returns nothing, as that of no promise does.
  const later = (result: unknown) => ({ then: (use: (result: unknown) => void) => use(result) });
  const data = new Uint8Array(2);
  const read = itemReader({ ...raw, decode: later }, LIMITS);
  assertEquals(await read(7, data), { flags: 7, data });
  const encode = (data: unknown) => later({ flags: 7, data }) as unknown as EncodedValue;
  assertEquals(await itemWriter({ ...raw, encode })(data), { flags: 7, data });
});
