import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  Client,
  ClientException,
  jsonTranscoder,
  PartialClientException,
  rawTranscoder,
  SocketError,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { enyimTranscoder } from "../../src/transcoding/enyim_transcoder.ts";
import moecacheDriver from "../../src/adapters/unstorage.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";

Deno.test("moecacheDriver() does not treat an error as a miss", async () => {
  const driver = moecacheDriver({ servers: "127.0.0.1:1" });
  await assertRejects(() => driver.hasItem("a"), SocketError);
  await assertRejects(() => driver.getItem("a"), SocketError);
  await assertRejects(() => driver.getItems([{ key: "a" }]), SocketError);
  await assertRejects(() => driver.setItem("a", "value"), SocketError);
  await assertRejects(() => driver.getKeys(), SocketError);
  await assertRejects(() => driver.clear("a"), SocketError);
  await driver.dispose();
});

Deno.test("moecacheDriver() lets items live for their ttl, or for the driver's", async () => {
  let now = Date.now();
  await using server = await MemcachedServer.listen({ now: () => now });
  const driver = moecacheDriver({ servers: server.address, ttl: 100 });
  await driver.setItems([{ key: "b", value: "2" }, { key: "c", value: "3", options: { ttl: 0 } }], {
    ttl: 50,
  });
  await driver.setItem("a", "1");
  const after = async (seconds: number) => {
    now += seconds * 1000;
    return (await driver.getItems(["a", "b", "c"].map((key) => ({ key })))).map(({ value }) =>
      value
    );
  };
  assertEquals(await after(49), ["1", "2", "3"]);
  assertEquals(await after(4), ["1", null, "3"]);
  assertEquals(await after(50), [null, null, "3"]);
  await driver.dispose();
});

Deno.test("moecacheDriver() clears and disposes only of its own items and client", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const driver = moecacheDriver({ client, base: "mine:" });
  const other = moecacheDriver({ client, base: "yours:" });
  await other.setItem("a", "1");
  await driver.setItem("a", "2");
  await driver.clear();
  await driver.dispose();
  assertEquals([await driver.getItem("a"), await other.getItem("a")], [null, "1"]);
});

Deno.test("moecacheDriver() keeps bytes, text and other values on any client", async () => {
  await using server = await MemcachedServer.listen();
  for (const transcoder of [jsonTranscoder, enyimTranscoder, rawTranscoder as Transcoder]) {
    await using client = new Client(server.address, { transcoder });
    const driver = moecacheDriver({ client });
    for (const key of ["key", "long".repeat(100)]) {
      for (const value of [new Uint8Array([1, 2, 255]), "text", { a: [1, null] }, null, 5]) {
        await driver.setItemRaw(key, value, { ttl: 60 });
        assertEquals(await driver.getItemRaw(key), value);
      }
      await driver.setItemRaw(key, new Uint8Array([1, 2]).buffer);
      assertEquals(await driver.getItemRaw(key), new Uint8Array([1, 2]));
      await driver.setItem(key, "text");
    }
    assertEquals((await driver.getKeys()).sort(), ["key", "long".repeat(100)]);
    await driver.clear("long");
    assertEquals(await driver.getItems([{ key: "key" }, { key: "long".repeat(100) }]), [
      { key: "key", value: "text" },
      { key: "long".repeat(100), value: null },
    ]);
  }
});

Deno.test("moecacheDriver() takes the options that Nitro passes", async () => {
  const driver = moecacheDriver({
    driver: "@moecache/moecache/unstorage",
    servers: "127.0.0.1:1",
    base: "nitro:",
  });
  await driver.dispose();
});

Deno.test("setItems waits for all, and names those that failed", async () => {
  let stored = 0;
  const fault: FaultHook = ({ command, keys: [key = ""] }) => {
    if (command !== "set") return undefined;
    stored++;
    if (key.endsWith("bad")) return { reply: "SERVER_ERROR out of luck" };
    return { delay: 20 };
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address, { connections: 3 });
  const driver = moecacheDriver({ client });
  const items = ["a", "bad", "b c", "worse bad"].map((key) => ({ key, value: key }));
  const error = await assertRejects(() => driver.setItems(items), PartialClientException);
  assertEquals([...error.failures.keys()], ["bad", "worse bad"]);
  assertEquals([...error.results.keys()], ["a", "b c"]);
  assertStringIncludes(error.message, `Cannot set 2 of 4 keys, the first "bad"`);
  assertEquals(stored, 4);
  assertEquals(await driver.getItem("b c"), "b c");
  const one = () => driver.setItems([{ key: "bad", value: "" }]);
  const alone = await assertRejects(one, ClientException, `Cannot set key "bad"`);
  assert(!(alone instanceof PartialClientException));
  // What is no item is refused before anything is sent.
  const wrong = [{ key: "c", value: "1" }, { key: 5 as unknown as string, value: "2" }];
  await assertRejects(() => driver.setItems(wrong), ValidationException);
  assertEquals(stored, 5);
});
