import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, ClientException, jsonTranscoder, ValidationException } from "../../mod.ts";
import { dalliKeys, prefixedKeys } from "../../src/keys/mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import { hashedKeys } from "../../src/views/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { describeKeyCommands } from "./key_commands_suite.ts";

describeKeyCommands("hashedKeys, with keys that memcached takes", (client) => hashedKeys(client), {
  takesAnyKey: true,
});
describeKeyCommands("hashedKeys, with other keys", (client) => hashedKeys(client), {
  key: (name) => `a key that is ${"long ".repeat(60)} ${name}`,
  takesAnyKey: true,
});
describeKeyCommands(
  "hashedKeys in a namespace",
  (client) => hashedKeys(client.namespace("n:")),
  { key: (name) => name.repeat(240), takesAnyKey: true },
);

Deno.test("hashedKeys accepts every string, and distinguishes all", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = hashedKeys(client);
  const long = "x".repeat(251);
  const keys = [
    "",
    " ",
    "#",
    "#a",
    "a\r\nb",
    "\0",
    "é",
    "e\u0301",
    "\ud800",
    "\udfff",
    "\ufffd",
    long,
  ];
  await view.setMany(keys.map((key, i) => [key, i] as const));
  assertEquals(await view.getMany(keys), new Map(keys.map((key, i) => [key, i])));
  assertEquals(await Promise.all(keys.map((key) => view.get(key))), keys.map((_, i) => i));
});

Deno.test("hashedKeys changes neither key nor item if memcached takes the key", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = hashedKeys(client);
  const key = "x".repeat(250);
  await view.set(key, "value");
  assertEquals(await client.get(key), "value");
  await client.set("5", "6");
  assertEquals(await view.incr("5"), 7n);
});

Deno.test("hashedKeys hashes what looks like a hash, and no other key that memcached takes", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = hashedKeys(client);
  const own = hashedKeys(client, { hash: (key) => key.replaceAll(" ", "_") });
  for (const key of ["#", "#a", `#${"x".repeat(42)}`]) {
    await view.set(key, key);
    assertEquals([await client.get(key), await view.get(key)], [key, key]);
  }
  await view.set("a b", "value");
  const [hashed = ""] = (await Array.fromAsync(client.items(), ({ key }) => key))
    .filter((key) => key.length === 44);
  await view.set(hashed, "another");
  assertEquals([await view.get("a b"), await view.get(hashed)], ["value", "another"]);
  // Another program's hash is a key here; its value is none.
  await own.set("c d", "theirs");
  assertEquals([await view.get("#c_d"), await own.get("#c_d")], [undefined, undefined]);
  await own.set("#c_d", "hashed too");
  assertEquals([await own.get("c d"), await own.get("#c_d")], ["theirs", "hashed too"]);
});

Deno.test("hashedKeys treats a collision as a miss", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = hashedKeys(client, { hash: () => "same" });
  await view.set("a b", "first");
  assertEquals([await view.get("a b"), await view.get("c d")], ["first", undefined]);
  assertEquals(await view.gets("c d"), undefined);
  assertEquals(await view.append("c d", "x"), false);
  assertEquals(await view.getMany(["c d"]), new Map());
  assertEquals(await view.getOrSet("c d", () => "second"), "second");
  assertEquals([await view.get("a b"), await view.get("c d")], [undefined, "second"]);
  // Another program's item under that key belongs to no key of the view.
  await client.set("#same", "own");
  assertEquals(await view.get("c d"), undefined);
});

Deno.test("hashedKeys gives no key the marks of another with the same hash", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = hashedKeys(client, { hash: (key) => key.replaceAll(/[ \d]/g, "") });
  const ours = () => once(view, "key 1", () => undefined, { exptime: 60 });
  assertEquals([await ours(), await ours()], [undefined, undefined]);
  const theirs = () => once(view, "key 2", () => "theirs", { waitFor: 0 });
  await assertRejects(theirs, ClientException, "still running");
  await view.delete("key 1");
  await using _held = await lock(view, "key 1", { ttl: 30 });
  await assertRejects(() => lock(view, "key 2", { ttl: 30, waitFor: 0 }), ClientException);
});

Deno.test("hashedKeys tells keys with one hash apart where there are many", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = hashedKeys(client, { hash: (key) => key.length > 5 ? "long" : "short" });
  await view.setMany({ "a b": 1, "c d": 2, "long key": 3, plain: 4 });
  const keys = ["a b", "c d", "e f", "long key", "another long", "plain"];
  const expected = new Map([["c d", 2], ["long key", 3], ["plain", 4]]);
  assertEquals(await view.getMany(keys), expected);
  assertEquals(await view.getMany(keys.toReversed()), expected);
  await view.set("a b", 5);
  assertEquals(await view.getMany(["a b", "c d"]), new Map([["a b", 5]]));
  assertEquals([...(await view.deleteMany(keys)).keys()].toSorted(), keys.toSorted());
});

Deno.test("hashedKeys hashes what a client takes no more with its own format of keys", async () => {
  await using server = await MemcachedServer.listen();
  for (const format of [prefixedKeys("shop:"), dalliKeys({ namespace: "app" })]) {
    await using client = new Client(server.address, { keys: format });
    for (const view of [hashedKeys(client), hashedKeys(client.namespace("n:"))]) {
      for (const length of [1, 200, 220, 240, 244, 245, 246, 250, 251, 1000]) {
        const key = "x".repeat(length);
        await view.set(key, length);
        assertEquals([await view.get(key), await view.get("é")], [length, undefined]);
      }
    }
  }
  await using client = new Client(server.address, { keys: prefixedKeys("shop:") });
  await hashedKeys(client).set("x".repeat(245), "plain");
  assertEquals(await client.get("x".repeat(245)), "plain");
});

Deno.test("hashedKeys uses the longest keys that a namespace takes as they are", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const namespace = client.namespace("n:");
  const view = hashedKeys(namespace);
  const longest = 250 - 21 - "n:".length;
  for (const length of [longest - 1, longest, longest + 1]) {
    const key = "x".repeat(length);
    await view.set(key, length);
    assertEquals(await view.get(key), length);
    if (length <= longest) assertEquals(await namespace.get(key), length);
    else await assertRejects(() => namespace.get(key), ValidationException);
  }
});

Deno.test("hashedKeys refuses a hash that gives no key, and invalid options", async () => {
  await using client = new Client("127.0.0.1:1");
  for (const digest of ["", "a b", "x".repeat(101), 5]) {
    const view = hashedKeys(client, { hash: () => digest as string });
    await assertRejects(() => view.get("a b"), ValidationException, "hash must return");
  }
  assertThrows(() => hashedKeys(client, { hash: "md5" as "sha1" }), ValidationException, "sha256");
  assertThrows(() => hashedKeys(client, { has: "sha1" } as object), ValidationException, "has");
});

Deno.test("hashedKeys hashes with each hash, and keeps its options in another format", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const key = "a key";
  for (const hash of ["sha1", "sha256", "sha384", "sha512"] as const) {
    const view = hashedKeys(client, { hash });
    await view.withTranscoder(jsonTranscoder).set(key, hash);
    assertEquals(await view.withTranscoder(jsonTranscoder).get(key), hash);
  }
  const keys = await Array.fromAsync(client.items(), ({ key }) => key);
  assertEquals(keys.length, 4);
  assert(keys.every((key) => key.startsWith("#")));
});
