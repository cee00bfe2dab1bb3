/** unstorage on the driver: what its repository asks of every driver, since npm does not ship its tests. */

import { assertEquals, assertRejects } from "@std/assert";
import * as one from "unstorage";
import type { Driver, Storage } from "unstorage";
import * as two from "unstorage-2";
import moecacheDriver from "@moecache/moecache/unstorage";
import { MemcachedProcess } from "../../support/memcached.ts";
import { type Server, SERVERS } from "./servers.ts";

/** What is used of unstorage. The second version says more of its types, and means the same here. */
type Unstorage = Pick<typeof one, "createStorage" | "restoreSnapshot">;

const VERSIONS: Readonly<Record<string, Unstorage>> = {
  "unstorage 1": one,
  "unstorage 2": two as unknown as Unstorage,
};

type Body = (storage: Storage, driver: Driver, unstorage: Unstorage) => Promise<void>;

/** Defines a test for each version and each kind of server. */
function test(name: string, body: Body): void {
  for (const [kind, start] of Object.entries(SERVERS)) {
    for (const [version, unstorage] of Object.entries(VERSIONS)) {
      testOn(`${version} on ${kind}: ${name}`, start, unstorage, body);
    }
  }
}

function testOn(
  name: string,
  start: () => Promise<Server>,
  unstorage: Unstorage,
  body: Body,
): void {
  Deno.test(name, async () => {
    await using memcached = await start();
    const driver: Driver & two.Driver = moecacheDriver({ servers: memcached.address });
    const storage = unstorage.createStorage({ driver });
    try {
      await body(storage, driver, unstorage);
      await storage.clear();
      assertEquals(await storage.getKeys(), []);
    } finally {
      await driver.dispose?.();
      await storage.dispose();
    }
  });
}

test("a snapshot is restored", async (storage, _driver, { restoreSnapshot }) => {
  await restoreSnapshot(storage, { initial: "works" });
  assertEquals(await storage.getItem("initial"), "works");
});

test("there is no cache at first", async (storage) => {
  assertEquals(await storage.hasItem("s1:a"), false);
  assertEquals(await storage.getItem("s2:a"), null);
  assertEquals(await storage.getKeys(), []);
});

test("a query is not part of a key", async (storage) => {
  await storage.setItem("s1:a", "test_data");
  await storage.setItem("s3:a?q=1", "test_data");
  assertEquals(await storage.hasItem("s1:a"), true);
  assertEquals(await storage.getItem("s1:a"), "test_data");
  assertEquals(await storage.getItem("s3:a?q=2"), "test_data");
});

test("keys are listed by their base", async (storage) => {
  for (const key of ["s1:a", "s2:a", "s3:a?q=1"]) await storage.setItem(key, "test_data");
  assertEquals((await storage.getKeys()).sort(), ["s1:a", "s2:a", "s3:a"]);
  assertEquals(await storage.getKeys("s1"), ["s1:a"]);
});

test("keys are listed down to a depth", async (storage) => {
  const keys = ["a", "b:c:d", "b:c:e", "b:f", "b:g"];
  for (const key of keys) await storage.setItem(key, "test_data");
  const listed = async (maxDepth: number) =>
    (await storage.getKeys(undefined, { maxDepth })).sort();
  assertEquals(await listed(0), ["a"]);
  assertEquals(await listed(1), ["a", "b:f", "b:g"]);
  assertEquals(await listed(2), keys);
});

test("values are objects and primitives", async (storage) => {
  for (const value of [{ json: "works" }, true, 0, false, ["a", 1], "text"]) {
    await storage.setItem("/data/value.json", value);
    assertEquals(await storage.getItem("data:value.json"), value);
  }
});

test("an object is what its toJSON() makes of it", async (storage) => {
  await storage.setItem("a", { toJSON: () => "SERIALIZED" });
  assertEquals(await storage.getItem("a"), "SERIALIZED");
  await storage.setItem("b", { toJSON: () => ({ serializedObj: "works" }) });
  assertEquals(await storage.getItem("b"), { serializedObj: "works" });
});

test("an object of a class is refused", async (storage) => {
  class Test {}
  await assertRejects(() => storage.setItem("a", new Test()), Error, "Cannot stringify value!");
});

test("raw values are bytes", async (storage) => {
  const value = new Uint8Array([1, 2, 3, 255]);
  await storage.setItemRaw("/data/raw.bin", value);
  assertEquals(await storage.getItemRaw("/data/raw.bin"), value);
  await storage.setItemRaw("buffer", value.buffer);
  assertEquals(await storage.getItemRaw("buffer"), value);
});

test("many items are set and got", async (storage) => {
  await storage.setItems<string | number>([{ key: "t:1", value: "one" }, { key: "t:2", value: 2 }]);
  assertEquals(await storage.getItems(["t:1", { key: "t:2" }, "t:3"]), [
    { key: "t:1", value: "one" },
    { key: "t:2", value: 2 },
    { key: "t:3", value: null },
  ]);
  await storage.setItem("q:a?q=1", "with a query");
  assertEquals(await storage.getItems([{ key: "q:a?q=2" }]), [{
    key: "q:a",
    value: "with a query",
  }]);
});

test("an empty storage can be cleared", async (storage) => {
  await storage.clear();
  await storage.clear();
  assertEquals(await storage.getKeys(), []);
});

test("an item is removed", async (storage) => {
  await storage.setItem("s1:a", "test_data");
  await storage.removeItem("s1:a");
  assertEquals(await storage.hasItem("s1:a"), false);
  assertEquals(await storage.getItem("s1:a"), null);
});

// unstorage clears mounts only, and so never gives its drivers a base.
test("a base is cleared without the others", async (storage, driver) => {
  await storage.setItem("s1:a", "a");
  await storage.setItem("s2:a", "b");
  await driver.clear?.("s1:", {});
  assertEquals(await storage.getKeys(), ["s2:a"]);
});

test("keys of any length and characters are listed and cleared", async (storage, driver) => {
  const keys = [`long:${"x".repeat(300)}`, "odd:ä % 😀"];
  for (const key of keys) await storage.setItem(key, key);
  assertEquals((await storage.getKeys()).sort(), keys);
  for (const key of keys) assertEquals(await storage.getItem(key), key);
  await driver.clear?.("long:", {});
  assertEquals(await storage.getKeys(), ["odd:ä % 😀"]);
});

test("metadata is kept beside an item", async (storage) => {
  await storage.setItem("a", "value");
  await storage.setMeta("a", { mtime: new Date(0), origin: "here" });
  assertEquals({ ...await storage.getMeta("a") }, { mtime: new Date(0), origin: "here" });
});

Deno.test("unstorage 2: a value is given as the type that is asked for", async () => {
  await using memcached = await MemcachedProcess.start();
  const driver = moecacheDriver({ servers: memcached.address });
  const storage = two.createStorage({ driver });
  await storage.setItem("text", "€");
  await storage.setItem("data", { a: 1 });
  await storage.setItemRaw("bytes", new Uint8Array([1, 255]));
  assertEquals(await storage.getItem("text", { type: "text" }), "€");
  assertEquals(await storage.getItem("data", { type: "text" }), '{"a":1}');
  assertEquals(await storage.getItem("data", { type: "json" }), { a: 1 });
  assertEquals(await storage.getItem("bytes", { type: "bytes" }), new Uint8Array([1, 255]));
  assertEquals(await storage.getItem("bytes", { type: "blob" }).then((blob) => blob?.size), 2);
  assertEquals(await storage.getItem("none", { type: "bytes" }), null);
  const mixed = await storage.getItems(["text", { key: "bytes", options: { type: "bytes" } }]);
  assertEquals(mixed, [
    { key: "text", value: "€" },
    { key: "bytes", value: new Uint8Array([1, 255]) },
  ]);
  await storage.setItems([{ key: "short", value: 1, options: { ttl: 60 } }], { ttl: 3600 });
  assertEquals(await storage.getItem("short"), 1);
  await storage.dispose();
});
