/**
 * Keyv 6 on memcached and the embedded server: what its repository's `@keyv/test-suite` asks of every adapter, since npm has that suite
 * for Keyv 5 only.
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Keyv, keyvStorageCapability } from "keyv-6";
import { Client } from "@moecache/moecache";
import { KeyvMoecache } from "@moecache/moecache/keyv";
import { type Server, SERVERS } from "./servers.ts";

interface Context {
  /** Makes a Keyv with a store of its own, whose errors are collected. */
  makeKeyv(options?: Record<string, unknown>): Keyv;
  makeStore(): KeyvMoecache;
  readonly errors: unknown[];
}

function test(name: string, body: (context: Context) => Promise<void>): void {
  for (const [kind, start] of Object.entries(SERVERS)) {
    testOn(`keyv 6 on ${kind}: ${name}`, body, start);
  }
}

function testOn(
  name: string,
  body: (context: Context) => Promise<void>,
  start: () => Promise<Server>,
): void {
  Deno.test(name, async () => {
    await using memcached = await start();
    await using client = new Client(memcached.address, { timeout: 10_000 });
    const errors: unknown[] = [];
    const makeStore = () => new KeyvMoecache({ client });
    const makeKeyv = (options: Record<string, unknown> = {}) => {
      const keyv = new Keyv({ store: makeStore(), ...options });
      keyv.on("error", (error: unknown) => errors.push(error));
      return keyv;
    };
    await body({ makeKeyv, makeStore, errors });
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

test("the adapter is used without a wrapper, and describes itself as Keyv would", async ({ makeStore }) => {
  const store = makeStore();
  assert(new Keyv({ store }).store as unknown === store);
  assertEquals({ ...store.capabilities }, { ...keyvStorageCapability(store) });
  await store.disconnect();
});

test("values are kept", async ({ makeKeyv, errors }) => {
  const keyv = makeKeyv();
  const bytes = new Uint8Array([1, 2, 255]);
  for (const value of ["text", '"', "'", "", 0, false, null, { fizz: "buzz" }, [1, 2], 2n ** 70n]) {
    assertEquals(await keyv.set("key", value), true);
    assertEquals(await keyv.get("key"), value);
  }
  await keyv.set("key", { bytes });
  assertEquals([...(await keyv.get("key")).bytes], [...bytes]);
  assertEquals(await keyv.set("key", undefined), true);
  assertEquals(await keyv.get("key"), undefined);
  assertEquals(errors, []);
  assertEquals(await keyv.set("key", Symbol("value")), false);
  assertEquals(errors.length, 1);
});

test("values are kept without serialization", async ({ makeKeyv, errors }) => {
  const keyv = makeKeyv({ serialization: false });
  const value = { date: new Date(0), bytes: new Uint8Array([1]), none: undefined, n: 2n ** 70n };
  const { none: _, ...kept } = value;
  assertEquals(await keyv.set("key", value), true);
  assertEquals(await keyv.get("key"), kept);
  assertEquals(await keyv.set("key", "text", 60_000), true);
  assertEquals(await keyv.get("key"), "text");
  assertEquals(errors, []);
});

test("a value expires by the millisecond", async ({ makeKeyv, makeStore }) => {
  const keyv = makeKeyv({ namespace: "ttl" });
  const store = makeStore();
  await store.get("nothing");
  await keyv.setMany([{ key: "short", value: 1, ttl: 10_000 }, { key: "long", value: 2 }]);
  await store.set("short", "1", Date.now() + 10_000);
  assertEquals(await keyv.getMany(["short", "long"]), [1, 2]);
  assertEquals(await store.has("short"), true);
  const { now } = Date;
  try {
    // memcached keeps it for another second.
    Date.now = () => now() + 10_001;
    assertEquals(await keyv.getMany(["short", "long"]), [undefined, 2]);
    assertEquals(await keyv.hasMany(["short", "long"]), [false, true]);
    assertEquals([await store.has("short"), await store.get("short")], [false, undefined]);
  } finally {
    Date.now = now;
  }
});

test("a time that has passed is accepted, and nothing is kept", async ({ makeKeyv }) => {
  const keyv = makeKeyv({ checkExpired: false });
  await keyv.set("key", "old");
  for (const expires of [Date.now() - 300, 1]) {
    assertEquals(await keyv.setRaw("key", { value: "value", expires }), true);
    assertEquals(await keyv.get("key"), undefined);
  }
});

test("operations on many keys have a result for each key", async ({ makeKeyv, errors }) => {
  const keyv = makeKeyv();
  const entries = [{ key: "a", value: "1" }, { key: "b", value: "x".repeat(2_000_000) }];
  assertEquals(await keyv.setMany(entries), [true, false]);
  assertEquals(errors.length, 1);
  assertEquals(await keyv.getMany(["a", "b"]), ["1", undefined]);
  assertEquals(await keyv.hasMany(["a", "b"]), [true, false]);
  assertEquals(await keyv.deleteMany(["a", "b"]), [true, false]);
  assertEquals(await keyv.delete(["a", "b"]), [false, false]);
  assertEquals([await keyv.setMany([]), await keyv.getMany([])], [[], []]);
  assertEquals([await keyv.hasMany([]), await keyv.deleteMany([])], [[], []]);
});

test("namespaces are apart from one another", async ({ makeKeyv }) => {
  const [one, other] = [makeKeyv({ namespace: "one" }), makeKeyv({ namespace: "other" })];
  for (const keyv of [one, other]) await keyv.set("key", keyv.namespace);
  assertEquals([await one.get("key"), await other.get("key")], ["one", "other"]);
  assertEquals(await one.delete("key"), true);
  assertEquals([await one.get("key"), await other.get("key")], [undefined, "other"]);
  await one.set("key", "again");
  await one.clear();
  assertEquals([await one.get("key"), await other.get("key")], [undefined, "other"]);
});

test("a namespace of the store's own stays where Keyv has none", async ({ makeStore }) => {
  const store = makeStore();
  assertEquals(store.namespace, undefined);
  store.namespace = "mine";
  const keyv = new Keyv({ store });
  await keyv.set("key", 1);
  assertEquals([keyv.namespace, store.namespace], ["mine", "mine"]);
  assertNotEquals(await store.get("key"), undefined);
});

test("the iterator lists all of a namespace except expired values", async (context) => {
  const { makeKeyv } = context;
  const keyv = makeKeyv({ namespace: "mine" });
  await makeKeyv({ namespace: "yours" }).set("other", 1);
  const values = Array.from({ length: 5 }, (_, i): [string, number] => [`${i}`, i + 10]);
  await Promise.all(values.map(([key, value]) => keyv.set(key, value)));
  await keyv.set("short", 1, 50);
  await pause(51);
  const listed = await Array.fromAsync(keyv.iterator());
  assertEquals(listed.sort(), values);
  assertEquals(await Array.fromAsync(makeKeyv({ namespace: "none" }).iterator()), []);
});

test("a fault is reported once, and is a miss", async ({ errors }) => {
  const keyv = new Keyv({ store: new KeyvMoecache("127.0.0.1:1") });
  keyv.on("error", (error: unknown) => errors.push(error));
  assertEquals(await keyv.get("key"), undefined);
  assertEquals(errors.length, 1);
  assertEquals(await keyv.set("key", 1), false);
  assertEquals(await keyv.deleteMany(["key"]), [false]);
  assertEquals(errors.length, 3);
  assert(errors.every((error) => error instanceof Error));
  await keyv.disconnect();
});
