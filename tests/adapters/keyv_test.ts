import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import {
  Client,
  ClientException,
  jsonTranscoder,
  moecacheTranscoder,
  PartialClientException,
  rawTranscoder,
  SocketError,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { enyimTranscoder } from "../../src/transcoding/enyim_transcoder.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { moecacheDriver } from "../../src/adapters/unstorage.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const UNREACHABLE = "127.0.0.1:1";
/** Formats that a client may have. The adapters do not depend on them. */
const transcoders: Transcoder[] = [
  moecacheTranscoder,
  jsonTranscoder,
  enyimTranscoder,
  rawTranscoder as Transcoder,
];

Deno.test("KeyvMoecache throws and emits what get() fails with", async () => {
  await using store = new KeyvMoecache({ servers: UNREACHABLE });
  const emitted: unknown[] = [];
  store.on("error", (error) => emitted.push(error));
  const error = await assertRejects(() => store.get("key"), SocketError);
  assertEquals(emitted, [error]);
});

Deno.test("KeyvMoecache does not treat an error as a miss", async () => {
  await using store = new KeyvMoecache({ servers: UNREACHABLE });
  await assertRejects(() => store.getMany(["a", "b"]), SocketError);
  await assertRejects(() => store.has("a"), SocketError);
  await assertRejects(() => store.delete("a"), SocketError);
  await assertRejects(() => store.clear(), SocketError);
  await assertRejects(() => store.iterator().next(), SocketError);
});

Deno.test("KeyvMoecache does not touch items of others", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await using store = new KeyvMoecache({ client, prefix: "mine:" });
  await using other = new KeyvMoecache({ client, prefix: "yours:" });
  await client.set("key", 1);
  await other.set("key", "2");
  await store.set("key", "3");
  await store.clear();
  assertEquals([await client.get("key"), await other.get("key")], [1, "2"]);
  assertEquals(await store.get("key"), undefined);
});

Deno.test("KeyvMoecache distinguishes namespaces that contain colons", async () => {
  await using server = await MemcachedServer.listen();
  await using store = new KeyvMoecache({ servers: server.address });
  const names = [undefined, "a", "a:b", "a%3Ab", "ä".repeat(100), "ä".repeat(101)];
  for (const [i, name] of names.entries()) {
    store.namespace = name;
    assertEquals(await store.get("key"), undefined);
    await store.set("key", `${i}`);
  }
  for (const [i, name] of names.entries()) {
    store.namespace = name;
    assertEquals(await store.get("key"), `${i}`);
  }
});

Deno.test("KeyvMoecache lists keys of any length and characters with their values", async () => {
  await using server = await MemcachedServer.listen();
  await using store = new KeyvMoecache({ servers: server.address });
  const pairs = ["a b", "ä".repeat(300), ...Array.from({ length: 250 }, (_, i) => `${i}`)]
    .map((key): [string, string] => [key, `value of ${key}`]);
  await store.setMany(pairs.map(([key, value]) => ({ key, value })));
  const listed = new Map(await Array.fromAsync(store.iterator<string>()));
  assertEquals(listed.size, pairs.length);
  for (const [key, value] of pairs) assertEquals(listed.get(key), value);
});

Deno.test("KeyvMoecache.disconnect() closes a client of its own, and no other", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await new KeyvMoecache({ client }).disconnect();
  await client.set("key", 1);
  const own = new KeyvMoecache({ servers: server.address });
  await own.disconnect();
  await assertRejects(() => own.set("key", "value"), SocketError);
});

Deno.test("KeyvMoecache refuses prefixes that leave no room, or that no key may have", async () => {
  await using client = new Client(UNREACHABLE);
  for (const prefix of ["", "a b", "x".repeat(51)]) {
    assertThrows(
      () => new KeyvMoecache({ client, prefix }),
      ValidationException,
      "Cannot use prefix",
    );
  }
});

Deno.test("KeyvMoecache refuses a namespace of Keyv that is not a string", async () => {
  await using store = new KeyvMoecache({ servers: UNREACHABLE });
  // Keyv sets whatever the program gave it.
  store.namespace = 5 as unknown as string;
  const why = "Cannot use namespace 5: it must be a string";
  await assertRejects(() => store.get("key"), ValidationException, why);
});

Deno.test("KeyvMoecache takes an address, a list of them, and options besides", async () => {
  await using server = await MemcachedServer.listen();
  const { address } = server;
  const options = { prefix: "mine:", namespace: "users", clientOptions: { timeout: 10_000 } };
  await using store = new KeyvMoecache(address, options);
  await using same = new KeyvMoecache({ servers: [address], prefix: "mine:", namespace: "users" });
  await using other = new KeyvMoecache(`memcached://${address}`);
  await store.set("key", "value");
  assertEquals(await same.get("key"), "value");
  assertEquals(await other.get("key"), undefined);
});

Deno.test("KeyvMoecache takes lifetimes and times, and keeps the milliseconds", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await using store = new KeyvMoecache({ client });
  using time = new FakeTime();
  await store.set("ttl", "value", 300);
  await store.set("time", "value", Date.now() + 300);
  await store.set("zero", "value", 0);
  await store.set("gone", "value", Date.now() - 1);
  await store.set("gone, too", "value", -1);
  await store.setMany([
    { key: "many ttl", value: "value", ttl: 300 },
    { key: "many time", value: "value", expires: Date.now() + 300 },
    { key: "many neither", value: "value", expires: undefined },
  ]);
  const keys = [
    "ttl",
    "time",
    "many ttl",
    "many time",
    "zero",
    "many neither",
    "gone",
    "gone, too",
  ];
  const living = async () => {
    const has = await store.hasMany(keys);
    return keys.filter((_, i) => has[i]).length;
  };
  assertEquals(await living(), 6);
  time.tick(299);
  assertEquals(await living(), 6);
  time.tick(1);
  assertEquals(await living(), 2);
  assertEquals([await store.get("ttl"), await store.has("time")], [undefined, false]);
  assertEquals((await Array.fromAsync(store.iterator())).length, 2);
});

Deno.test("KeyvMoecache takes each number as the version of Keyv means it that has looked", async () => {
  await using server = await MemcachedServer.listen();
  await using five = new KeyvMoecache(server.address);
  await using six = new KeyvMoecache(server.address);
  assertEquals(Object.keys(five.opts), ["dialect", "url"]);
  assertEquals(six.capabilities.expires, true);
  // 50 years, which as a time would be 2019.
  const years = 50 * 365 * 24 * 60 * 60 * 1000;
  await five.set("a", "value", years);
  assertEquals(await five.has("a"), true);
  await six.set("a", "value", years);
  assertEquals(await six.has("a"), false);
  await six.set("a", "value", 60_000);
  assertEquals(await six.has("a"), false);
});

Deno.test("KeyvMoecache.deleteMany() answers Keyv 5 with one boolean, and others with one each", async () => {
  await using server = await MemcachedServer.listen();
  await using five = new KeyvMoecache(server.address);
  await using six = new KeyvMoecache(server.address);
  assertEquals([five.opts.dialect, six.capabilities.compatible], ["memcached", true]);
  await using neither = new KeyvMoecache(server.address);
  const setBoth = () => neither.setMany([{ key: "a", value: "1" }, { key: "b", value: "2" }]);
  assertEquals(await setBoth(), [true, true]);
  assertEquals(await five.deleteMany(["a", "b"]), true);
  assertEquals(await five.deleteMany(["a"]), false);
  await setBoth();
  assertEquals(await six.deleteMany(["a", "c", "b"]), [true, false, true]);
  assertEquals(await neither.deleteMany(["a"]), [false]);
  assertEquals(await neither.deleteMany([]), []);
});

Deno.test("KeyvMoecache.setMany() returns to Keyv 6 which keys failed and emits why, and throws to others", async () => {
  await using server = await MemcachedServer.listen();
  const entries = [{ key: "a", value: "1" }, { key: "b", value: "x".repeat(2_000_000) }];
  await using five = new KeyvMoecache(server.address);
  assertEquals(five.opts.dialect, "memcached");
  await assertRejects(() => five.setMany(entries), ClientException, "too large");
  await using six = new KeyvMoecache(server.address);
  assertEquals(six.capabilities.store, "keyvStorage");
  const errors: unknown[] = [];
  six.on("error", (error) => errors.push(error));
  assertEquals(await six.setMany(entries), [true, false]);
  assert(errors.length === 1 && errors[0] instanceof ClientException);
  await assertRejects(() => six.setMany(entries.slice(1)), ClientException, "too large");
});

Deno.test("KeyvMoecache emits to Keyv 6 nothing that it throws: Keyv emits that itself", async () => {
  await using store = new KeyvMoecache(UNREACHABLE);
  assertEquals(store.capabilities.expires, true);
  const errors: unknown[] = [];
  store.on("error", (error) => errors.push(error));
  await assertRejects(() => store.get("key"), SocketError);
  assertEquals(errors, []);
});

Deno.test("KeyvMoecache stores what Keyv has without serialization, on any client", async () => {
  await using server = await MemcachedServer.listen();
  const value = {
    text: "ä",
    bytes: new Uint8Array([1, 2, 255]),
    date: new Date(0),
    none: undefined,
  };
  for (const transcoder of transcoders) {
    await using client = new Client(server.address, { transcoder });
    await using store = new KeyvMoecache({ client });
    for (const key of ["key", "long".repeat(100)]) {
      await store.set(key, { value, expires: undefined });
      const { text, bytes, date } = value;
      assertEquals(await store.get(key), { value: { text, bytes, date } });
      await store.set(key, value.bytes, 60_000);
      assertEquals(await store.get(key), value.bytes);
      await store.set(key, "text", 60_000);
      assertEquals(await store.get(key), "text");
    }
    const listed = await Array.fromAsync(store.iterator());
    assertEquals(new Map(listed), new Map([["key", "text"], ["long".repeat(100), "text"]]));
    await store.clear();
  }
});

Deno.test("KeyvMoecache stores in a namespace of a client, and says that it cannot list", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const namespace = client.namespace("outer:");
  await using store = new KeyvMoecache({ client: namespace });
  for (const key of ["key", "long".repeat(100), "x".repeat(150)]) {
    await store.set(key, key);
    assertEquals(await store.get(key), key);
  }
  await assertRejects(() => store.iterator().next(), ClientException, "Cannot list keys");
  await namespace.invalidateAll();
  assertEquals(await store.get("key"), undefined);
});

Deno.test("KeyvMoecache treats 0 as no lifetime, and from Keyv 6 as a time in the past, as its own storages do", async () => {
  await using server = await MemcachedServer.listen();
  await using store = new KeyvMoecache(server.address);
  await store.set("a", "value", 0);
  await store.setMany([{ key: "b", value: "value", ttl: 0 }]);
  assertEquals(await store.getMany(["a", "b"]), ["value", "value"]);
  assertEquals(store.capabilities.expires, true);
  await store.set("a", "value", 0);
  await store.setMany([{ key: "b", value: "value", expires: 0 }]);
  assertEquals(await store.getMany(["a", "b"]), [undefined, undefined]);
});

Deno.test("Keyv and unstorage take the empty key, and refuse what is not a list with a message of their own", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const store = new KeyvMoecache({ client });
  const driver = moecacheDriver({ client });
  await store.setMany([{ key: "", value: "empty" }, { key: "%", value: "percent" }]);
  assertEquals(await store.getMany(["", "%"]), ["empty", "percent"]);
  const listed = new Map(await Array.fromAsync(store.iterator()));
  assertEquals(listed, new Map<string, unknown>([["", "empty"], ["%", "percent"]]));
  assertEquals([await store.delete(""), await store.has("")], [true, false]);
  await driver.setItem("", "empty");
  assertEquals([await driver.getItem(""), await driver.getKeys()], ["empty", [""]]);
  const wrong = undefined as unknown as [];
  const calls = [
    () => store.getMany(wrong),
    () => store.getMany("key" as unknown as string[]),
    () => store.hasMany(wrong),
    () => store.deleteMany(wrong),
    () => store.setMany(wrong),
    () => store.setMany([null as unknown as { key: string; value: unknown }]),
    () => driver.getItems(wrong),
    () => driver.getItems([wrong as unknown as { key: string }]),
    () => driver.setItems(wrong),
    () => driver.setItems([wrong as unknown as { key: string; value: string }]),
  ];
  for (const call of calls) await assertRejects(call, ValidationException);
});

Deno.test("setMany waits for all, and names those that failed", async () => {
  await using server = await MemcachedServer.listen();
  await using store = new KeyvMoecache({ servers: server.address });
  const large = "x".repeat(1_100_000);
  const entries = [{ key: "a", value: large }, { key: "b c", value: "1" }, {
    key: "d",
    value: large,
  }];
  const error = await assertRejects(() => store.setMany(entries), PartialClientException);
  assertEquals([...error.failures.keys()], ["a", "d"]);
  assertEquals([...error.results.keys()], ["b c"]);
  assertEquals(await store.get("b c"), "1");
});
