import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { BareClient, type Transcoder, ValidationException } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const LENGTH = 300_000;
const VALUE = Uint8Array.from({ length: LENGTH }, (_, i) => i * 7);

/** Where {@linkcode placing} reads items to, and what it was asked. */
interface Room {
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly asked: number[];
}

function placing(place: (byteLength: number) => Uint8Array<ArrayBuffer> | undefined): Transcoder<
  Uint8Array
> {
  return {
    encode: (data) => ({ flags: 0, data }),
    // What is short is in the client's read buffer, which the next bytes overwrite.
    decode: ({ data }) => data.byteLength < 100 ? data.slice() : data,
    borrowsData: true,
    place,
  };
}

for (const io of ["direct", "streams"] as const) {
  Deno.test(`a transcoder places the bytes of long items, io: "${io}"`, async () => {
    await using server = await MemcachedServer.listen();
    const room: Room = { memory: new Uint8Array(LENGTH * 3), asked: [] };
    const transcoder = placing(function (this: unknown, byteLength) {
      assertStrictEquals(typeof (this as Transcoder).decode, "function");
      room.asked.push(byteLength);
      return room.memory.subarray(LENGTH, LENGTH + byteLength);
    });
    await using client = new BareClient(server.address, { transcoder, io });
    await client.set("long", VALUE);
    await client.set("short", new Uint8Array(5));
    const value = await client.get<Uint8Array>("long");
    assertEquals(value, VALUE);
    assertStrictEquals(value?.buffer, room.memory.buffer);
    assertEquals(value?.byteOffset, LENGTH);
    assertEquals(room.memory.subarray(0, LENGTH), new Uint8Array(LENGTH));
    assertEquals(room.memory.subarray(LENGTH * 2), new Uint8Array(LENGTH));
    const short = await client.get<Uint8Array>("short");
    assertEquals(short, new Uint8Array(5));
    assertEquals(room.asked, [LENGTH]);
  });
}

Deno.test("a transcoder that places nothing, or too little, gets a new buffer", async () => {
  await using server = await MemcachedServer.listen();
  for (const memory of [undefined, new Uint8Array(LENGTH - 1), new Uint8Array(LENGTH + 1)]) {
    const transcoder = placing(() => memory);
    await using client = new BareClient(server.address, { transcoder });
    await client.set("long", VALUE);
    const value = await client.get<Uint8Array>("long");
    assertEquals(value, VALUE);
    assert(value?.buffer !== memory?.buffer);
  }
});

Deno.test("a transcoder that fails to place an item fails the operation, not the connection", async () => {
  await using server = await MemcachedServer.listen();
  const transcoder = placing(() => {
    throw new RangeError("no room");
  });
  await using client = new BareClient(server.address, { transcoder });
  await client.set("long", VALUE);
  await client.set("short", new Uint8Array(5));
  const [long, short] = await Promise.allSettled([client.get("long"), client.get("short")]);
  assertEquals(long.status, "rejected");
  assertEquals(short, { status: "fulfilled", value: new Uint8Array(5) });
  await assertRejects(() => client.get("long"), RangeError, "no room");
  assertEquals(client.metrics().reconnects, 0);
});

Deno.test("a client refuses a transcoder whose place is not a function", () => {
  const transcoder = { ...placing(() => undefined), place: new Uint8Array(5) as never };
  const make = () => new BareClient("localhost", { transcoder });
  assertThrows(make, ValidationException, "one whose place is a function");
});
