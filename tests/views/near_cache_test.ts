import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Client, PartialClientException, SocketError, ValidationException } from "../../mod.ts";
import { nearCache, type NearCacheOptions, tagged } from "../../src/views/mod.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";
import { onEveryServer } from "../support/every_server.ts";
import { describeKeyCommands } from "./key_commands_suite.ts";

const ALL = { maxBytes: 1_000_000, ttl: 60, admit: "all" } as const;

/** A clock that is set. */
class Clock {
  time = 0;
  now = (): number => this.time;
}

for (const revalidate of ["ttl", "cas"] as const) {
  describeKeyCommands(`nearCache, revalidated by ${revalidate}`, (client) => {
    return nearCache(client, { ...ALL, revalidate });
  });
}
describeKeyCommands("nearCache over tagged", (client) => nearCache(tagged(client), ALL));

onEveryServer("nearCache", (test) => {
  test("answers from this process until a value is too old", async (client, other) => {
    const clock = new Clock();
    const view = nearCache(client, { ...ALL, ttl: 5, clock });
    await view.set("a", 1);
    assertEquals(await view.get("a"), 1);
    await other.set("a", 2);
    clock.time = 4999;
    assertEquals([await view.get("a"), view.near.hits], [1, 1]);
    assertEquals(await view.getMany(["a"]), new Map([["a", 1]]));
    clock.time = 5000;
    assertEquals([await view.get("a"), view.near.hits], [2, 2]);
  });

  test("shows its own writes at once", async (client) => {
    const view = nearCache(client, ALL);
    const writes: readonly (() => Promise<unknown>)[] = [
      () => view.set("a", "1"),
      () => view.incr("a"),
      () => view.append("a", "0"),
      () => view.update("a", (value) => `${value}!`),
      () => view.setMany({ a: "5" }),
      () => view.replace("a", "6"),
      () => view.delete("a"),
      () => view.add("a", "7"),
      () => view.deleteMany(["a"]),
    ];
    for (const write of writes) {
      await view.get("a");
      await write();
      assertEquals(await view.get("a"), await client.get("a"));
    }
  });

  test("never keeps a value that it was reading while it wrote", async (client) => {
    const view = nearCache(client, ALL);
    for (let i = 0; i < 50; i++) {
      const reading = [view.get("a"), view.getMany(["a"]), view.get("a", {})];
      const writing = view.set("a", i);
      reading.push(view.get("a"), view.getMany(["a"]));
      await writing;
      assertEquals(await view.get("a"), i);
      await Promise.all(reading);
      assertEquals(await view.get("a"), i);
    }
  });

  test("asks by cas whether a value has changed", async (client, other) => {
    const clock = new Clock();
    const view = nearCache(client, { ...ALL, ttl: 1, revalidate: "cas", clock });
    await other.set("a", { big: "x".repeat(1000) });
    const first = await view.get("a");
    clock.time = 1500;
    assertStrictEquals(await view.get("a"), first);
    await other.set("a", "new");
    clock.time = 2400;
    assertStrictEquals(await view.get("a"), first);
    clock.time = 2500;
    assertEquals(await view.get("a"), "new");
    await other.delete("a");
    clock.time = 4000;
    assertEquals(await view.get("a"), undefined);
    assertEquals(view.near.size, 0);
  });

  test("drops values that watch reports as written", async (client, other) => {
    await using view = nearCache(client, { ...ALL, revalidate: "watch" });
    await view.ready;
    await other.set("a", 1);
    assertEquals(await view.get("a"), 1);
    await other.set("a", 2);
    while (await view.get("a") !== 2) await new Promise((resolve) => setTimeout(resolve, 1));
    assert(view.near.hits >= 0);
  });
});

Deno.test("nearCache keeps what is asked for a second time, so that a scan evicts nothing", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = nearCache(client, { maxBytes: 100_000, ttl: 60 });
  await view.setMany(Array.from({ length: 2000 }, (_, i) => [`k${i}`, "x".repeat(100)] as const));
  assertEquals([await view.get("k0"), view.near.size], ["x".repeat(100), 0]);
  assertEquals([await view.get("k0"), view.near.size], ["x".repeat(100), 1]);
  for (let i = 1; i < 2000; i++) await view.get(`k${i}`);
  assertEquals(view.near.size, 1);
  await view.get("k0");
  assertEquals(view.near.hits, 1);
});

Deno.test("nearCache uses at most maxBytes, and evicts the least recently used values", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = nearCache(client, { ...ALL, maxBytes: 10_000 });
  await view.setMany(Array.from({ length: 100 }, (_, i) => [`k${i}`, "x".repeat(100)] as const));
  await view.set("large", "x".repeat(10_000));
  for (let i = 0; i < 100; i++) {
    await view.get(`k${i}`);
    await view.get("k0");
    assert(view.near.byteLength <= 10_000);
  }
  assert(view.near.size > 10);
  const { hits, size } = view.near;
  await view.get("k0");
  assertEquals(view.near.hits, hits + 1);
  await view.get("large");
  assertEquals([await view.get("large"), view.near.size], ["x".repeat(10_000), size]);
});

Deno.test("nearCache serves old values while the server cannot be reached, for staleOnError", async () => {
  const clock = new Clock();
  const server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 1000 });
  const view = nearCache(client, { ...ALL, ttl: 1, staleOnError: 10, clock });
  await view.setMany({ a: 1, b: 2 });
  await view.getMany(["a", "b"]);
  await server.close();
  clock.time = 10_999;
  assertEquals(await view.get("a"), 1);
  assertEquals(await view.getOrSet("a", () => 5), 1);
  assertEquals(await view.getMany(["a", "b"]), new Map([["a", 1], ["b", 2]]));
  await assertRejects(() => view.getMany(["a", "c"]), SocketError);
  clock.time = 11_000;
  await assertRejects(() => view.get("a"), SocketError);
  const strict = nearCache(client, { ...ALL, ttl: 1, clock });
  await assertRejects(() => strict.get("a"), SocketError);
});

Deno.test("nearCache returns values that no caller can change for others", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = nearCache(client, ALL);
  await view.set("record", { list: [1, { deep: true }] });
  for (let i = 0; i < 2; i++) {
    const record = await view.get<{ list: unknown[] }>("record");
    assertThrows(() => record?.list.push(2), TypeError);
  }
  assertStrictEquals(await view.get("record"), await view.get("record"));
  const values: readonly [unknown, (value: unknown) => void][] = [
    [new Uint8Array([1, 2]), (value) => (value as Uint8Array).fill(9)],
    [new Date(0), (value) => (value as Date).setFullYear(1999)],
    [new Set([1]), (value) => (value as Set<number>).add(2)],
    [{ bytes: new Uint8Array([1]) }, (value) => (value as { bytes: Uint8Array }).bytes.fill(9)],
  ];
  for (const [value, change] of values) {
    await view.set("a", value);
    for (let i = 0; i < 3; i++) {
      const found = await view.get("a");
      assertEquals(found, value);
      change(found);
    }
  }
  assert(view.near.hits > 8);
});

Deno.test("nearCache asks once for all concurrent callers, and forgets", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = nearCache(client, ALL);
  await view.set("a", 1);
  const all = await Promise.all(Array.from({ length: 100 }, () => view.get("a")));
  assertEquals(all, Array(100).fill(1));
  const [stats] = await client.stats();
  assertEquals(Number(stats?.["cmd_get"]), 1);
  await client.set("a", 2);
  view.forget("a");
  assertEquals(await view.get("a"), 2);
  view.forget();
  assertEquals(view.near.size, 0);
});

Deno.test("nearCache refuses invalid options", async () => {
  await using client = new Client("127.0.0.1:1");
  const wrong: unknown[] = [
    {},
    { maxBytes: 10_000 },
    { ...ALL, ttl: 0 },
    { ...ALL, maxBytes: 10 },
    { ...ALL, admit: "some" },
    { ...ALL, staleOnError: -1 },
    { ...ALL, revalidate: "push" },
    { ...ALL, maxByte: 1 },
  ];
  for (const options of wrong) {
    assertThrows(() => nearCache(client, options as NearCacheOptions), ValidationException);
  }
  const namespace = client.namespace("n:");
  const watching = { ...ALL, revalidate: "watch" } as const;
  assertThrows(() => nearCache(namespace, watching), ValidationException, "Client");
});

Deno.test("nearCache names in an error the keys that failed, and carries what it had", async () => {
  const fault: FaultHook = ({ keys }) => {
    return keys.includes("bad") ? { reply: "SERVER_ERROR out of luck" } : undefined;
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address);
  const view = nearCache(client, ALL);
  await client.setMany({ near: 1, far: 2 });
  assertEquals(await view.get("near"), 1);
  const error = await assertRejects(
    () => view.getMany(["near", "far", "bad", "absent"]),
    PartialClientException,
    `1 of 4 keys, the first "bad"`,
  );
  assertEquals([...error.failures.keys()], ["bad"]);
  assertEquals(new Map(error.results), new Map([["near", 1], ["far", 2]]));
});
