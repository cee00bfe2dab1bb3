import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import {
  Client,
  ClientException,
  type Dial,
  jsonTranscoder,
  SocketError,
  ValidationException,
} from "../../mod.ts";
import {
  type MoecacheBentoDriver,
  type MoecacheBentoDriverOptions,
  moecacheDriver,
} from "../../src/adapters/bentocache.ts";
import { dialNode } from "../../src/transport/node.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { SERVERS } from "../support/every_server.ts";

function makeDriver(options: MoecacheBentoDriverOptions): MoecacheBentoDriver {
  const made = moecacheDriver(options);
  return made.factory({ prefix: "bento", ...made.options });
}

/** Enough colons for more namespaces than a key of memcached has room for. */
const DEEP = Array.from({ length: 40 }, (_, i) => `level${i}`).join(":");
const KEYS = [
  "plain",
  "users:1",
  "",
  ":",
  "a:",
  ":a",
  "a::b",
  "%",
  "a b",
  "line\r\n",
  "é€😀",
  "\ud800",
  "long".repeat(100),
  `${"long".repeat(100)}:1`,
  DEEP,
  '{"id":1,"page":{"size":10,"from":"a:b"}}',
  "~moecache-generation",
  "users:~moecache-generation",
];

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`bentocache: any string is a key in every operation, on ${kind}`, async () => {
    await using server = await start();
    await using driver = makeDriver({ servers: server.address });
    await using other = makeDriver({ servers: server.address });
    for (const [i, key] of KEYS.entries()) {
      assertEquals(await driver.get(key), undefined, key);
      assertEquals(await driver.set(key, `${i}`), true);
    }
    for (const [i, key] of KEYS.entries()) {
      assertEquals(await other.get(key), `${i}`, key);
      const [first = "", ...rest] = key.split(":");
      const inside = rest.length === 0 || first === "" ? other : other.namespace(first);
      const keyInside = inside === other ? key : rest.join(":");
      assertEquals(await inside.get(keyInside), `${i}`, key);
    }
    for (const key of KEYS) {
      assertEquals([await driver.delete(key), await driver.delete(key)], [true, false], key);
    }
  });

  Deno.test(`bentocache: clear() reaches what begins with the namespace's name, on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address, { transcoder: jsonTranscoder });
    await using driver = makeDriver({ client });
    await using other = makeDriver({ servers: server.address });
    const keys = ["users", "usersA", "users:1", "users:posts:1", "users:posts:2:x", "posts:1"];
    const living = async () => {
      const values = await Promise.all(keys.map((key) => other.get(key)));
      return keys.filter((_, i) => values[i] !== undefined);
    };
    const fill = () => Promise.all(keys.map((key) => driver.set(key, key)));
    await client.set("key", 1);
    await fill();
    assertEquals(await living(), keys);
    await driver.namespace("users").namespace("posts").clear();
    assertEquals(await living(), ["users", "usersA", "users:1", "posts:1"]);
    await fill();
    await driver.namespace("users:posts").clear();
    assertEquals(await living(), ["users", "usersA", "users:1", "posts:1"]);
    await driver.namespace("users").clear();
    assertEquals(await living(), ["users", "usersA", "posts:1"]);
    assertEquals(await driver.delete("users:1"), false);
    await fill();
    await driver.clear();
    assertEquals(await living(), []);
    assertEquals(await client.get("key"), 1);
  });

  Deno.test(`bentocache: prefixes are namespaces too, on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address);
    const [one, within, beside, same] = ["app", "app:users", "apps", "app::"].map((prefix) =>
      makeDriver({ client, prefix })
    );
    assert(one && within && beside && same);
    await within.set("1", "Ada");
    await beside.set("1", "Bob");
    assertEquals(await one.get("users:1"), "Ada");
    assertEquals(await same.namespace("users").get("1"), "Ada");
    assertEquals(await one.namespace("").get("users:1"), "Ada");
    await one.clear();
    assertEquals([await within.get("1"), await beside.get("1")], [undefined, "Bob"]);
    const view = makeDriver({ client: client.namespace("outer:"), prefix: "app" });
    await view.set("users:1", "Eve");
    assertEquals([await within.get("1"), await view.get("users:1")], [undefined, "Eve"]);
  });

  Deno.test(`bentocache: one of many pulls gets the value, on ${kind}`, async () => {
    await using server = await start();
    const drivers = Array.from({ length: 10 }, () => makeDriver({ servers: server.address }));
    const [first] = drivers;
    assert(first !== undefined);
    for (let round = 0; round < 5; round++) {
      await first.set("key", `${round}`);
      const pulled = await Promise.all(drivers.map((driver) => driver.pull("key")));
      assertEquals(pulled.filter((value) => value !== undefined), [`${round}`]);
      assertEquals(await first.get("key"), undefined);
      assertEquals(await first.pull("key"), undefined);
    }
    await first.set("short", "1", -1);
    assertEquals(await first.pull("short"), undefined);
    await Promise.all(drivers.map((driver) => driver.disconnect()));
  });

  Deno.test(`bentocache: values are strings of any content, on ${kind}`, async () => {
    await using server = await start();
    await using driver = makeDriver({ servers: server.address });
    for (const value of ["", "0", "é€😀\r\n\0", "END\r\n", "x".repeat(500_000)]) {
      assertEquals(await driver.set("key", value), true);
      assertEquals(await driver.get("key"), value);
    }
    const tooLarge = driver.set("key", "x".repeat(2_000_000));
    await assertRejects(() => tooLarge, ClientException);
    assertEquals(await driver.deleteMany([]), true);
    await driver.set("a", "1");
    await driver.set("b:c", "2");
    assertEquals(await driver.deleteMany(["a", "b:c", "none"]), true);
    assertEquals([await driver.get("a"), await driver.get("b:c")], [undefined, undefined]);
  });
}

Deno.test("bentocache: a value expires to the millisecond", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  using time = new FakeTime();
  const driver = makeDriver({ client });
  const lifetimes = { short: 1, long: 1500, years: 1e12, never: 0, always: Infinity, past: -1 };
  const names = Object.keys(lifetimes);
  for (const [name, ttl] of Object.entries(lifetimes)) await driver.set(name, "value", ttl);
  await driver.set("forever", "value");
  const living = async () => {
    const values = await Promise.all([...names, "forever"].map((name) => driver.get(name)));
    return [...names, "forever"].filter((_, i) => values[i] !== undefined);
  };
  assertEquals(await living(), ["short", "long", "years", "never", "always", "forever"]);
  time.tick(1);
  assertEquals(await living(), ["long", "years", "never", "always", "forever"]);
  time.tick(1498);
  assertEquals(await driver.get("long"), "value");
  time.tick(1);
  assertEquals(await living(), ["years", "never", "always", "forever"]);
});

Deno.test("bentocache: an operation is one write once the generations are known", async () => {
  await using server = await MemcachedServer.listen();
  let writes = 0;
  const dial: Dial = async (address, options) => {
    const socket = await dialNode(address, options);
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        writes++;
        controller.enqueue(chunk);
      },
    });
    void counting.readable.pipeTo(socket.writable).catch(() => {});
    return { readable: socket.readable, writable: counting.writable, close: () => socket.close() };
  };
  await using client = new Client(server.address, { dial, io: "streams" });
  const driver = makeDriver({ client });
  const counted = async (operate: () => Promise<unknown>) => {
    writes = 0;
    await operate();
    return writes;
  };
  await driver.set("a:b:c", "value");
  assertEquals(await counted(() => driver.set("a:b:c", "value")), 1);
  assertEquals(await counted(() => driver.get("a:b:c")), 1);
  assertEquals(await counted(() => driver.namespace("a").get("b:c")), 1);
  assertEquals(await counted(() => driver.namespace("a").clear()), 1);
  // The generation of a namespace within begins again under the new one.
  await driver.get("a:b:other");
  assertEquals(await counted(() => driver.get("a:b:other")), 1);
  assertEquals(await counted(() => driver.deleteMany(["a:b:1", "a:b:2", "a:1"])), 1);
});

Deno.test("bentocache: without memcached every method rejects, and with failover reads miss", async () => {
  await using driver = makeDriver({ servers: "127.0.0.1:1" });
  for (const one of [driver, driver.namespace("users")]) {
    await assertRejects(() => one.get("a"), SocketError);
    await assertRejects(() => one.set("a", "1"), SocketError);
    await assertRejects(() => one.delete("a:b"), SocketError);
    await assertRejects(() => one.deleteMany(["a", "b"]), SocketError);
    await assertRejects(() => one.pull("a"), SocketError);
    await assertRejects(() => one.clear(), SocketError);
  }
  await using client = new Client("127.0.0.1:1", { failover: "miss" });
  const missing = makeDriver({ client });
  for (const one of [missing, missing.namespace("users")]) {
    assertEquals(await one.get("a"), undefined);
    assertEquals(await one.set("a", "1"), true);
    assertEquals(await one.delete("a:b"), false);
    assertEquals(await one.deleteMany(["a", "b"]), true);
    assertEquals(await one.pull("a"), undefined);
    await assertRejects(() => one.clear(), SocketError);
  }
});

Deno.test("bentocache: the client of a driver is closed with it, and no other", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await makeDriver({ client }).disconnect();
  await client.set("key", 1);
  const own = makeDriver({ servers: server.address });
  const users = own.namespace("users");
  await users.set("1", "Ada");
  await users.disconnect();
  await assertRejects(() => own.get("users:1"), SocketError);
  await own.disconnect();
});

Deno.test("bentocache: what cannot be used is refused", async () => {
  const servers = "127.0.0.1:1";
  const wrong: Record<string, unknown>[] = [
    { servers, prefix: "" },
    { servers, prefix: "a b" },
    { servers, prefix: "x".repeat(51) },
    { servers, prefx: "a" },
    { servers, ttl: "1h" },
  ];
  for (const options of wrong) {
    const given = options as MoecacheBentoDriverOptions;
    assertThrows(() => moecacheDriver(given), ValidationException);
  }
  assertThrows(() => moecacheDriver({}).factory({}), ValidationException, "client or servers");
  await using driver = makeDriver({ servers });
  const not = (value: unknown) => value as string;
  await assertRejects(() => driver.get(not(1)), ValidationException, "key 1: it must be a string");
  await assertRejects(() => driver.set("a", not(1)), ValidationException, "must be a string");
  await assertRejects(() => driver.set("a", "1", NaN), ValidationException, "ttl");
  assertThrows(() => driver.namespace(not(1)), ValidationException, "namespace");
  assertThrows(() => driver.namespace(DEEP), ValidationException, "too many or too long");
  let deepest = driver;
  const nest = () => {
    for (let level = 0; level < 20; level++) deepest = deepest.namespace("level");
  };
  assertThrows(nest, ValidationException, "too many or too long");
});
