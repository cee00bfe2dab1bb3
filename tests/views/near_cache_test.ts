import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Client,
  type GetOrSetOptions,
  jsonTranscoder,
  type KeyCommands,
  PartialClientException,
  PartialSocketError,
  rawTranscoder,
  SocketError,
  type Transcoder,
  tuple,
  ValidationException,
} from "../../mod.ts";
import {
  hashedKeys,
  nearCache,
  type NearCacheOptions,
  replicas,
  tagged,
} from "../../src/views/mod.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { onEveryServer } from "../support/every_server.ts";
import { RESTARTING } from "../support/restarting.ts";
import { SwitchedFleet } from "../support/switched_fleet.ts";
import { describeKeyCommands } from "./key_commands_suite.ts";
import { until } from "../support/turns.ts";

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

  test("computes a stale value again, also when a get has read it", async (client, other) => {
    const clock = new Clock();
    const view = nearCache(client, { ...ALL, ttl: 1, clock });
    await view.set("a", "old");
    await other.invalidate("a");
    assertEquals([await view.get("a"), await view.get("a")], ["old", "old"]);
    // A get that reads it each time would keep it for ever.
    assertEquals(await view.getOrSet("a", () => "new"), "new");
    assertEquals(await view.getOrSet("a", () => "newer"), "new");
    assertEquals([await view.get("a"), view.near.hits], ["new", 3]);
  });

  test("refuses wrong options of getOrSet also for a value that it has", async (client) => {
    const view = nearCache(client, ALL);
    const load = () => "value";
    await view.getOrSet("a", load);
    const wrong = [{ exptime: -1 }, { lockFor: 0 }, { waitFor: -1 }, { negativeFor: 0.5 }];
    for (const options of [...wrong, { tags: ["a"] }] as GetOrSetOptions[]) {
      await assertRejects(() => view.getOrSet("a", load, options), ValidationException);
    }
    assertEquals([await view.getOrSet("a", load, { exptime: 60 }), view.near.hits], ["value", 1]);
  });

  test("asks memcached for getOrSet with staleFor or earlyRefresh", async (client, other) => {
    const view = nearCache(client, ALL);
    const stale = { exptime: 60, staleFor: 30 };
    const early = { exptime: 60, earlyRefresh: 30 };
    for (const [key, options] of [["a", stale], ["b", early]] as const) {
      await view.getOrSet(key, () => "old", options);
      await other.set(key, "new", 100);
      assertEquals(await view.getOrSet(key, () => "newer", options), "new");
    }
    assertEquals(view.near.hits, 0);
  });

  test("drops values that watch reports as written", async (client, other) => {
    await using view = nearCache(client, { ...ALL, revalidate: "watch" });
    await view.ready;
    await other.set("a", 1);
    assertEquals(await view.get("a"), 1);
    await other.set("a", 2);
    await until(async () => await view.get("a") === 2);
    assert(view.near.hits >= 0);
  });

  test("finds a value whose key is part of another read too", async (client) => {
    await client.set("a", 1);
    for (let i = 0; i < 3; i++) {
      const view = nearCache(client, { ...ALL, ttl: 0.000_001 });
      const reads = [
        async () => (await view.getMany(["a"])).get("a"),
        () => view.getOrSet("a", () => 2),
        () => view.get("a"),
        () => view.get("a", {}),
        () => view.get("a"),
      ];
      const turned = [...reads.slice(i), ...reads.slice(0, i)];
      assertEquals(await Promise.all(turned.map((read) => read())), Array(5).fill(1));
    }
  });

  test("shows in one format what was written in another", async (client) => {
    const first = nearCache(client.withTranscoder(jsonTranscoder), ALL);
    // Another one that reads the same.
    const second = first.withTranscoder({ ...jsonTranscoder });
    const third = second.withTranscoder({ ...jsonTranscoder });
    const views = [first, second, third];
    for (const [i, view] of views.entries()) {
      for (const reader of views) await reader.get("a");
      await view.set("a", i);
      for (const reader of views) assertEquals(await reader.get("a"), i);
    }
    second.forget("a");
    assertEquals(views.map(({ near }) => near.size), [0, 0, 0]);
  });
});

/** A client whose `get`s end when the test lets them, in any order. */
class SlowReads {
  readonly waiting: ((value: unknown) => void)[] = [];
  readonly client: KeyCommands;

  constructor(client: Client) {
    this.client = new Proxy(client, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name !== "get") return value.bind(target);
        return () => new Promise((resolve) => this.waiting.push(resolve));
      },
    });
  }
}

Deno.test("nearCache keeps nothing of a read that a write has overtaken, however many there are", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const slow = new SlowReads(client);
  const view = nearCache(slow.client, ALL);
  const reads = [view.get("a"), view.get("a", {}), view.get("a")];
  await view.set("a", "new");
  // The last of them ends first, and the first one after all others.
  for (const end of slow.waiting.splice(0).reverse()) end("old");
  assertEquals(await Promise.all(reads), ["old", "old", "old"]);
  assertEquals(view.near.size, 0);
});

Deno.test("nearCache: getMany with an aborted signal rejects, also when it has all values", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = nearCache(client, ALL);
  await view.set("a", "value");
  const aborted = { signal: AbortSignal.abort(new Error("given up")) };
  for (const values of [client, view]) {
    assertEquals(await values.getMany(["a"]), new Map([["a", "value"]]));
    await assertRejects(() => values.getMany(["a"], aborted), Error, "given up");
  }
});

Deno.test("nearCache joins no read that began longer ago than its ttl", async () => {
  await using client = new Client("127.0.0.1:1");
  const clock = new Clock();
  const slow = new SlowReads(client);
  const view = nearCache(slow.client, { ...ALL, ttl: 1, clock });
  const first = view.get("a");
  clock.time = 999;
  const second = view.get("a");
  clock.time = 1000;
  const third = view.get("a");
  assertEquals(slow.waiting.length, 2);
  for (const [i, end] of slow.waiting.entries()) end(i);
  assertEquals(await Promise.all([first, second, third]), [0, 0, 1]);
});

Deno.test("nearCache: the age of a value that another caller loads counts from when that one began", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const clock = new Clock();
  const view = nearCache(client, { ...ALL, ttl: 1, clock });
  const loaded = Promise.withResolvers<number>();
  const begun = Promise.withResolvers<void>();
  const load = () => (begun.resolve(), loaded.promise);
  const first = view.getOrSet("a", load);
  await begun.promise;
  clock.time = 900;
  const second = view.getOrSet("a", load);
  loaded.resolve(1);
  assertEquals(await Promise.all([first, second]), [1, 1]);
  await client.set("a", 2);
  clock.time = 999;
  assertEquals(await view.get("a"), 1);
  clock.time = 1000;
  assertEquals(await view.get("a"), 2);
});

Deno.test("nearCache takes no item of another server for the one that it keeps, nor one after a restart", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  // Each of them gives its first item the same cas unique, as one server does before and after a restart.
  for (const [server, value] of [[first, "old"], [second, "new"]] as const) {
    await using writer = new Client(server.address);
    await writer.set("a", value);
  }
  for (const makeInner of [(client: Client) => client, (client: Client) => tagged(client)]) {
    await using client = new Client(first.address);
    const clock = new Clock();
    const view = nearCache(makeInner(client), { ...ALL, ttl: 1, revalidate: "cas", clock });
    assertEquals(await view.get("a"), "old");
    clock.time = 1000;
    assertEquals(await view.get("a"), "old");
    await client.setServers(second.address);
    clock.time = 2000;
    assertEquals(await view.get("a"), "new");
  }
});

Deno.test("nearCache serves old values with staleOnError where the client has failover: miss", async () => {
  const clock = new Clock();
  const server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 1000, failover: "miss" });
  const view = nearCache(client, { ...ALL, ttl: 1, staleOnError: 10, clock });
  await view.setMany({ a: 1, b: 2 });
  await view.getMany(["a", "b"]);
  await server.close();
  clock.time = 10_999;
  assertEquals([await view.get("a"), await view.get("a", {})], [1, 1]);
  assertEquals(await view.getOrSet("a", () => 5), 1);
  assertEquals(await view.getMany(["a", "b", "c"]), new Map([["a", 1], ["b", 2]]));
  assertEquals([await view.get("c"), await view.getOrSet("c", () => 5)], [undefined, 5]);
  const options = { tiemout: 5 } as object;
  await assertRejects(() => view.get("a", options), ValidationException, "tiemout");
  await assertRejects(() => view.getOrSet("a", () => 5, options), ValidationException, "tiemout");
  clock.time = 11_000;
  assertEquals((await view.getMany(["a", "b"])).size, 0);
  assertEquals([await view.get("a"), await view.getOrSet("a", () => 5)], [undefined, 5]);
});

Deno.test("nearCache with staleOnError tells what load fails with", async () => {
  const clock = new Clock();
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = nearCache(client, { ...ALL, ttl: 1, staleOnError: 10, clock });
  await view.set("a", 1);
  await view.get("a");
  await client.delete("a");
  clock.time = 2000;
  const fault = new SocketError("another server's");
  assertEquals(await assertRejects(() => view.getOrSet("a", () => Promise.reject(fault))), fault);
});

Deno.test("nearCache serves what is old for each of many keys whose server is away", async () => {
  await using fleet = await SwitchedFleet.start(["a:1", "b:1"]);
  await using client = new Client(fleet.names, {
    ...{ dial: fleet.dial, timeout: 10_000 },
    locator: () => ({ locate: (key) => Number(key.startsWith("b")) }),
  });
  const clock = new Clock();
  const view = nearCache(tagged(client), { ...ALL, ttl: 1, staleOnError: 10, clock });
  await view.setMany({ a1: 1, b1: 2, b2: 3 }, 60);
  await view.getMany(["a1", "b1"]);
  await fleet.servers[1]!.become("refusing");
  clock.time = 2000;
  assertEquals(await view.getMany(["a1", "b1"]), new Map([["a1", 1], ["b1", 2]]));
  for (let i = 0; i < 2; i++) {
    // The first one is answered from memory the second time.
    const error = await assertRejects(() => view.getMany(["a1", "b1", "b2"]), PartialSocketError);
    assertEquals([...error.failures.keys()], ["b2"]);
    assertEquals(error.results, new Map([["a1", 1], ["b1", 2]]));
    await view.get("a1");
  }
});

Deno.test("nearCache watches again after it has lost a connection", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { transcoder: jsonTranscoder });
  await using view = nearCache(client, { ...ALL, revalidate: "watch" });
  const json = view.withTranscoder({ ...jsonTranscoder });
  await view.ready;
  await client.set("a", "1");
  // Its event would have the values forgotten that are read now.
  while (await view.get("a") !== "1" || view.near.size === 0) await json.get("a");
  server.closeConnections();
  // What was written meanwhile is not known: it forgets all.
  await until(() => view.near.size === 0);
  await using other = new Client(server.address, { transcoder: jsonTranscoder });
  for (let i = 2; i < 5; i++) {
    await other.set("a", `${i}`);
    for (const each of [view, json]) {
      await until(async () => await each.get("a") === `${i}`);
    }
  }
});

Deno.test("nearCache ends its watching with the client", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Client(server.address);
  const view = nearCache(client, { ...ALL, revalidate: "watch" });
  await view.ready;
  await client.close();
  await view[Symbol.asyncDispose]();
});

Deno.test("nearCache looks once at what is in many places of a value", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  let nested: unknown = Object.freeze([[1]]);
  for (let i = 0; i < 100; i++) nested = [nested, nested];
  const transcoder: Transcoder = {
    encode: () => ({ flags: 0, data: new Uint8Array() }),
    decode: () => nested,
  };
  const view = nearCache(client.withTranscoder(transcoder), ALL);
  await view.set("a", 1);
  let found: unknown = await view.get("a");
  assertEquals(view.near.size, 1);
  while (Array.isArray(found)) {
    assert(Object.isFrozen(found));
    found = found[0];
  }
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

Deno.test("nearCache counts what bytes, Dates, Maps and Sets take besides their content", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const parts: (() => unknown)[] = [
    () => Uint8Array.of(1),
    () => new Date(0),
    () => new Map([[1, 2]]),
    () => new Set(),
  ];
  for (const make of parts) {
    const view = nearCache(client, ALL);
    await view.set("key", Array.from({ length: 1000 }, make));
    await view.get("key");
    // They were counted as 32 bytes each, and a cache of them took twelve times maxBytes.
    assert(view.near.byteLength > 300_000, `${make} ${view.near.byteLength}`);
  }
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

Deno.test("nearCache keeps what a value is in Python, also where it is copied for every caller", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = nearCache(client, ALL);
  // Without the mark, the tuple would be written back as a list.
  await client.set("a", [tuple(1, 2), new Uint8Array(3)]);
  const stored = await client.withTranscoder(rawTranscoder).get("a");
  for (let i = 0; i < 3; i++) await client.set(`copy${i}`, await view.get("a"));
  for (let i = 0; i < 3; i++) {
    assertEquals(await client.withTranscoder(rawTranscoder).get(`copy${i}`), stored);
  }
  assertEquals(view.near.hits, 2);
});

for (const [kind, start] of Object.entries(RESTARTING)) {
  Deno.test(`nearCache reads a value again after a restart of ${kind}, whose cas uniques are equal`, async () => {
    await using server = await start();
    await using client = new Client(server.address);
    const clock = new Clock();
    const view = nearCache(client, { ...ALL, ttl: 1, revalidate: "cas", clock });
    await client.set("a", "old");
    assertEquals(await view.get("a"), "old");
    const before = await client.gets("a");
    await server.restart(client);
    await client.set("a", "new");
    assertEquals((await client.gets("a"))?.cas, before?.cas);
    clock.time = 1500;
    assertEquals(await view.get("a"), "new");
  });
}

Deno.test({
  name: "nearCache sees writes of others where memcached keeps no cas uniques",
  ignore: memcachedPath() === undefined,
  async fn() {
    await using memcached = await MemcachedProcess.start(["-C"]);
    await using client = new Client(memcached.address);
    const clock = new Clock();
    const view = nearCache(client, { ...ALL, ttl: 1, revalidate: "cas", clock });
    await client.set("a", "old");
    assertEquals(await view.get("a"), "old");
    await client.set("a", "new");
    clock.time = 1000;
    // The cas unique of both is 0.
    assertEquals(await view.get("a"), "new");
  },
});

Deno.test("nearCache gives concurrent callers nothing that one of them can change for others", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const date = new Date(1_000_000);
  for (const admit of ["all", "use"] as const) {
    const view = nearCache(client, { ...ALL, admit });
    for (const value of [new Uint8Array(3), { list: [1] }, new Map([[1, [2]]]), date]) {
      const key = `${admit}-${typeof value}-${value.constructor.name}`;
      await client.set(key, value);
      const values = await Promise.all([1, 2, 3].map(() => view.get<object>(key)));
      assertEquals<unknown>(values, [value, value, value]);
      // With "use", what is read for the first time is not kept, and not frozen.
      const isShared = admit === "all" && Object.isFrozen(values[0]);
      assertEquals(new Set(values).size, isShared ? 1 : 3, key);
    }
  }
});

Deno.test("nearCache shares no value that it does not keep between callers of getOrSet", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = nearCache(client, ALL);
  const past = { exptime: new Date(1000) };
  for (const value of [{ list: [1] }, new Uint8Array(3)]) {
    for (const options of [{}, past]) {
      const asking = [1, 2].map(() => view.getOrSet<object>("a", () => value, options));
      // What is read now may be old, and is not kept.
      view.forget("a");
      const [first, second] = await Promise.all(asking);
      assert(first !== second || Object.isFrozen(first));
      assertEquals(view.near.size, 0);
      await client.delete("a");
    }
  }
});

Deno.test("nearCache keeps nothing of a load that began before forget, also when a later caller joins it", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await using other = new Client(server.address);
  const view = nearCache(client, ALL);
  const begun = deferred<void>();
  const computed = deferred<number>();
  const load = () => {
    begun.resolve();
    return computed.promise;
  };
  const first = view.getOrSet("a", load);
  await begun.promise;
  view.forget("a");
  const second = view.getOrSet("a", load);
  computed.resolve(1);
  assertEquals(await Promise.all([first, second]), [1, 1]);
  await other.set("a", 2);
  assertEquals(await view.get("a"), 2);
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
  assertThrows(() => view.forget(5 as never), ValidationException);
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

Deno.test("nearCache knows items by the keys that are sent", async () => {
  await using server = await MemcachedServer.listen();
  const encode = (key: string) => `shop:${key.toLowerCase()}`;
  await using client = new Client(server.address, { keys: { encode } });
  await using view = nearCache(client, { ...ALL, revalidate: "watch" });
  await view.ready;
  await client.set("Ada", 1);
  assertEquals(await view.get("Ada"), 1);
  // A write of the same item under another key.
  await view.set("ADA", 2);
  assertEquals([await view.get("Ada"), await view.get("ada")], [2, 2]);
  // Of another client's write, memcached reports the key that was sent.
  await client.set("ada", 3);
  await until(async () => await view.get("Ada") === 3);
});

Deno.test("nearCache of a namespace or another view knows items by the keys that are sent", async () => {
  await using server = await MemcachedServer.listen();
  const keys = { encode: (key: string) => key.toLowerCase() };
  await using client = new Client(server.address, { keys });
  const inner = {
    ...{ namespace: client.namespace("n:"), tagged: tagged(client) },
    replicas: replicas([client, client]),
  };
  for (const [name, commands] of Object.entries(inner)) {
    const view = nearCache(commands, ALL);
    await view.set("Ada", 1);
    assertEquals(await view.get("Ada"), 1);
    await view.set("ADA", 2);
    assertEquals(await view.get("Ada"), 2, name);
  }
  // Of long keys, this view sends hashes, which differ.
  const hashed = nearCache(hashedKeys(client), ALL);
  const [long, other] = ["a".repeat(300), "A".repeat(300)];
  await hashed.set(long, 1);
  await hashed.set(other, 2);
  assertEquals([await hashed.get(long), await hashed.get(other)], [1, 2]);
});
