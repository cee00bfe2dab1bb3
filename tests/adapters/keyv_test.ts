import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, SocketError, ValidationException } from "../../mod.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const UNREACHABLE = "127.0.0.1:1";

Deno.test("KeyvMoecache throws and emits what get() fails with", async () => {
  await using store = new KeyvMoecache({ servers: UNREACHABLE });
  const emitted: unknown[] = [];
  store.on("error", (error) => emitted.push(error));
  const error = await assertRejects(() => store.get("key"), SocketError);
  assertEquals(emitted, [error]);
});

Deno.test("KeyvMoecache takes no fault for a miss", async () => {
  await using store = new KeyvMoecache({ servers: UNREACHABLE });
  await assertRejects(() => store.getMany(["a", "b"]), SocketError);
  await assertRejects(() => store.has("a"), SocketError);
  await assertRejects(() => store.delete("a"), SocketError);
  await assertRejects(() => store.clear(), SocketError);
  await assertRejects(() => store.iterator().next(), SocketError);
});

Deno.test("KeyvMoecache leaves alone what is not its own", async () => {
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

Deno.test("KeyvMoecache tells namespaces with colons in them apart", async () => {
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

Deno.test("KeyvMoecache refuses options that do not go together", async () => {
  await using client = new Client(UNREACHABLE);
  assertThrows(() => new KeyvMoecache({}), ValidationException, "either a client or servers");
  const both = { client, servers: UNREACHABLE };
  assertThrows(() => new KeyvMoecache(both), ValidationException, "either a client or servers");
  for (const prefix of ["", "a b", "x".repeat(51)]) {
    assertThrows(
      () => new KeyvMoecache({ client, prefix }),
      ValidationException,
      "Cannot use prefix",
    );
  }
});
