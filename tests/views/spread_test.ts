import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  ClientException,
  type GetOrSetOptions,
  type KeyCommands,
  PartialSocketError,
  rawTranscoder,
  SocketError,
  ValidationException,
} from "../../mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import { elastiCache } from "../../src/discovery/mod.ts";
import { hashedKeys, type Schema, spread, type SpreadOptions, typed } from "../../src/views/mod.ts";
import { utf8Keys } from "../../src/keys/mod.ts";
import { HotKeys } from "../../src/views/spread/hot_keys.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { describeKeyCommands } from "./key_commands_suite.ts";

describeKeyCommands("spread, with every key hot, on one server", (client) => {
  return spread(client, { keys: () => true });
});
describeKeyCommands("spread, with keys found by use", (client) => {
  return spread(client, { hotKeys: { share: 0.1 } });
});

/** How many keys a server has been asked for. */
async function getsOf(client: Client): Promise<number> {
  const [stats] = await client.stats();
  return Number(stats?.["cmd_get"]);
}

/** A client of several embedded servers. */
class Fleet {
  readonly servers: MemcachedServer[] = [];
  client!: Client;

  static async start(count: number): Promise<Fleet> {
    const fleet = new Fleet();
    for (let i = 0; i < count; i++) fleet.servers.push(await MemcachedServer.listen());
    fleet.client = fleet.connect();
    return fleet;
  }

  connect(): Client {
    return new Client(this.servers.map(({ address }) => address));
  }

  /** On which servers something with this key's name is stored. */
  async places(key: string): Promise<Map<string, string>> {
    const places = new Map<string, string>();
    for await (const item of this.client.items()) {
      if (item.key === key || item.key.endsWith(`~${key}`)) {
        places.set(item.server, item.key);
      }
    }
    return places;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

Deno.test("spread stores hot keys on several servers, and others on one", async () => {
  await using fleet = await Fleet.start(4);
  const view = spread(fleet.client, { copies: 3, keys: ["hot"] });
  await view.setMany({ hot: "value", cold: "value" }, 60);
  const places = await fleet.places("hot");
  assertEquals(places.size, 3);
  assertEquals((await fleet.places("cold")).size, 1);
  for (const key of places.values()) assertEquals(await fleet.client.get(key), "value");
  await view.delete("hot");
  assertEquals(await fleet.places("hot"), new Map());
});

Deno.test("spread runs an action once, and locks, with copies on several servers", async () => {
  await using fleet = await Fleet.start(3);
  const view = spread(fleet.client, { copies: 3, keys: () => true });
  for (const result of ["value", undefined]) {
    const key = `key of ${typeof result}`.replaceAll(" ", "-");
    let actions = 0;
    const act = () => {
      actions++;
      return result;
    };
    // Each of them may read another copy.
    for (let i = 0; i < 10; i++) assertEquals(await once(view, key, act, { exptime: 60 }), result);
    assertEquals([actions, await view.get(key)], [1, result]);
  }
  const unstorable = () => once(view, "unstorable", () => () => {}, { exptime: 60 });
  await assertRejects(unstorable, ValidationException);
  for (let i = 0; i < 10; i++) {
    await assertRejects(unstorable, ClientException, "its result could not be stored");
  }
  const held = await lock(view, "lock", { ttl: 30 });
  await assertRejects(() => lock(view, "lock", { ttl: 30, waitFor: 0 }), ClientException);
  assertEquals(await held.release(), true);
});

Deno.test("spread reads from all copies, and from the others while a server is down", async () => {
  await using fleet = await Fleet.start(3);
  const view = spread(fleet.client, { copies: 3, keys: ["hot"] });
  await view.set("hot", "value", 60);
  const places = await fleet.places("hot");
  const seen = new Map<string, number>();
  for (const server of fleet.servers) {
    const own = new Client(server.address);
    const before = await getsOf(own);
    seen.set(server.address, before);
    await own.close();
  }
  for (let i = 0; i < 200; i++) assertEquals(await view.get("hot"), "value");
  for (const server of fleet.servers) {
    const own = new Client(server.address);
    const now = await getsOf(own);
    assert(now - (seen.get(server.address) ?? 0) > 20, `${server.address} was left alone`);
    await own.close();
  }
  const lost = fleet.servers.find(({ address }) => {
    return places.get(address)?.startsWith("copy") === true;
  });
  await lost?.close();
  for (let i = 0; i < 50; i++) assertEquals(await view.get("hot"), "value");
  await assertRejects(() => view.set("hot", "new"), SocketError);
});

Deno.test("spread makes missing copies again, with the lifetime that is left", async () => {
  await using fleet = await Fleet.start(3);
  await fleet.client.set("hot", "value", 30);
  const view = spread(fleet.client, { copies: 3, keys: ["hot"], maxAge: 1000 });
  for (let i = 0; i < 50; i++) assertEquals(await view.get("hot"), "value");
  const places = await fleet.places("hot");
  assertEquals(places.size, 3);
  for (const key of places.values()) {
    const { ttl = 0 } = await fleet.client.inspect(key) ?? {};
    assert(ttl > 20 && ttl <= 30, `ttl is ${ttl}`);
  }
  assertEquals(await view.get("none"), undefined);
});

Deno.test("spread: after a write by any client every reader finds the new value", async () => {
  await using fleet = await Fleet.start(3);
  await using other = fleet.connect();
  const options = { copies: 3, keys: ["hot"] };
  const views = [spread(fleet.client, options), spread(other, options)];
  const writers = views.map(async (view, writer) => {
    for (let i = 0; i < 30; i++) {
      const value = `${writer}:${i}`;
      if (i % 3 === 0) await view.set("hot", value);
      else if (i % 3 === 1) await view.update("hot", () => value);
      else await view.delete("hot");
    }
  });
  await Promise.all(writers);
  const expected = await fleet.client.get("hot");
  for (const view of views) {
    for (let i = 0; i < 30; i++) assertEquals(await view.get("hot"), expected);
  }
});

Deno.test("spread sends readers to the item once it has been marked as stale", async () => {
  await using fleet = await Fleet.start(3);
  const view = spread(fleet.client, { copies: 3, keys: ["hot"] });
  await view.set("hot", "old", 60);
  await view.invalidate("hot");
  for (let i = 0; i < 20; i++) assertEquals(await view.getOrSet("hot", () => "new"), "new");
});

Deno.test("spread knows hot keys of a list by the keys that are sent", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  const keys = { encode: (key: string) => key.toLowerCase() };
  await using client = new Client([first.address, second.address], { keys });
  const view = spread(client, { copies: 2, keys: ["Ada"] });
  await view.set("Ada", "old");
  // A write of the same item under another key.
  await view.set("ADA", "new");
  for (let i = 0; i < 30; i++) assertEquals(await view.get("Ada"), "new");
});

Deno.test("spread finds hot keys by use, and writers that do not know them follow", async () => {
  await using fleet = await Fleet.start(3);
  await using other = fleet.connect();
  const options = { copies: 3, hotKeys: { share: 0.2 } };
  const [reader, writer] = [spread(fleet.client, options), spread(other, options)];
  assert(reader !== undefined && writer !== undefined);
  await writer.set("hot", 1, 60);
  for (let i = 0; i < 400; i++) {
    await reader.get("hot");
    await reader.get(`cold${i}`);
  }
  assertEquals((await fleet.places("hot")).size, 3);
  assertEquals((await fleet.places("cold1")).size, 0);
  await writer.set("hot", 2, 60);
  for (let i = 0; i < 30; i++) assertEquals(await reader.get("hot"), 2);
});

Deno.test({
  name: "spread with hotKeys reads without a wait where memcached keeps no cas uniques",
  ignore: memcachedPath() === undefined,
  async fn() {
    await using first = await MemcachedProcess.start(["-C"]);
    await using second = await MemcachedProcess.start(["-C"]);
    // On this clock no wait ends.
    const clock = new FakeClock();
    await using client = new Client([first.address, second.address], { clock });
    const signal = AbortSignal.timeout(30_000);
    const view = spread(client, { copies: 2, hotKeys: { share: 0.2 } });
    for (const value of ["old", "new"]) {
      await view.set("hot", value, 60);
      for (let i = 0; i < 200; i++) assertEquals(await view.get("hot", { signal }), value);
    }
  },
});

Deno.test("spread's writers follow keys that were found by use long ago, as long as there are copies", async () => {
  let now = Date.now();
  await using first = await MemcachedServer.listen({ now: () => now });
  await using second = await MemcachedServer.listen({ now: () => now });
  const servers = [first.address, second.address];
  await using client = new Client(servers);
  await using other = new Client(servers);
  const options = { copies: 2, hotKeys: { share: 0.2 } };
  const [reader, writer] = [spread(client, options), spread(other, options)];
  await writer.set("hot", 0);
  for (let i = 0; i < 400; i++) await reader.get("hot");
  // Writes keep the copy fresh, so no reader misses it and notes the key again.
  for (let written = 1; written <= 20; written++) {
    now += 10_000;
    await writer.set("hot", written);
    for (let i = 0; i < 20; i++) assertEquals(await reader.get("hot"), written);
  }
});

Deno.test("spread makes a missing copy for all that wait for it, also when the first one gives up", async () => {
  const ending = new AbortController();
  // The copy is being made when its place is claimed.
  const fault: FaultHook = ({ line }) => {
    if (/^m[gs] copy\d+~hot .*(N|ME|MA)/.test(line)) ending.abort(new Error("enough"));
    return undefined;
  };
  await using first = await MemcachedServer.listen({ fault });
  await using second = await MemcachedServer.listen({ fault });
  await using client = new Client([first.address, second.address]);
  await client.set("hot", "value");
  const view = spread(client, { copies: 2, keys: ["hot"] });
  // Each of them reads the copy, or the item.
  const impatient = Array.from({ length: 10 }, () => view.get("hot", { signal: ending.signal }));
  const patient = Array.from({ length: 10 }, () => view.get("hot"));
  await Promise.allSettled(impatient);
  assertEquals(await Promise.all(patient), Array(10).fill("value"));
  assertEquals(ending.signal.aborted, true);
});

Deno.test("HotKeys finds the hot ones among many, and forgets them", () => {
  const hot = new HotKeys(0.05);
  for (let i = 0; i < 100_000; i++) hot.use(i % 10 === 0 ? "a" : `cold${i}`);
  assertEquals([hot.has("a"), hot.has("cold99999")], [true, false]);
  for (let i = 0; i < 100_000; i++) hot.use(`other${i}`);
  assertEquals(hot.has("a"), false);
});

Deno.test("spread does not spread keys that are too long for a number", async () => {
  await using fleet = await Fleet.start(2);
  const view = spread(fleet.client, { keys: () => true });
  const key = "x".repeat(250);
  await view.set(key, 1);
  assertEquals([await view.get(key), await view.delete(key)], [1, true]);
});

Deno.test("spread takes the longest keys of a namespace", async () => {
  await using fleet = await Fleet.start(2);
  const namespace = fleet.client.namespace("n:");
  for (const options of [{ keys: () => true }, { hotKeys: { share: 0.1 } }]) {
    const view = spread(namespace, { copies: 2, ...options });
    for (let length = 218; length <= 227; length++) {
      const key = "x".repeat(length);
      await view.set(key, length);
      assertEquals(await view.get(key), length);
      assertEquals(await view.getMany([key]), new Map([[key, length]]));
    }
  }
});

Deno.test("spread takes the longest keys of a format that sends several bytes for a character", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { keys: utf8Keys });
  const places = [[client, 250], [client.namespace("n:"), 227]] as const;
  for (const [commands, longest] of places) {
    for (const options of [{ keys: () => true }, { hotKeys: { share: 0.1 } }]) {
      const view = spread(commands, { copies: 2, ...options });
      for (let length = longest - 14; length <= longest; length++) {
        const key = "é".repeat(length / 2) + "e".repeat(length % 2);
        await view.set(key, length);
        assertEquals([await view.get(key), await view.get(key)], [length, length]);
        assertEquals(await view.getMany([key]), new Map([[key, length]]));
        assertEquals(await view.delete(key), true);
      }
    }
  }
});

Deno.test("spread tells of each of many keys what has failed, and what was found on other servers", async () => {
  await using fleet = await Fleet.start(2);
  const placed = (server: number) => {
    return Array.from({ length: 100 }, (_, i) => `${i}key`).find((key) => {
      return fleet.client.locate(key).server === fleet.servers[server]?.address;
    }) ?? "";
  };
  const [here, there] = [placed(0), placed(1)];
  const view = spread(fleet.client, { copies: 2, keys: [here] });
  await view.setMany({ [here]: 1, [there]: 2 });
  await fleet.servers[1]?.close();
  for (let i = 0; i < 20; i++) {
    const error = await assertRejects(() => view.getMany([here, there]), PartialSocketError);
    assertEquals([...error.failures.keys()], [there]);
    assertEquals(error.results, new Map([[here, 1]]));
  }
  // The item of the one has changed, and its copy has not.
  const error = await assertRejects(() => view.setMany({ [here]: 3 }), PartialSocketError);
  assertEquals([...error.failures.keys()], [here]);
  assertEquals(await fleet.client.get(here), 3);
  const both = await assertRejects(() => view.deleteMany([there, here]), PartialSocketError);
  assertEquals([...both.failures.keys()].toSorted(), [here, there].toSorted());
});

Deno.test("spread reads as its first operation while the servers are being discovered", async () => {
  await using fleet = await Fleet.start(2);
  const addresses = fleet.servers.map(({ address }) => address);
  await using endpoint = await MemcachedServer.listen({ cluster: addresses });
  const reads = [
    (view: KeyCommands) => view.get("hot"),
    async (view: KeyCommands) => (await view.getMany(["hot", "b"])).get("hot"),
    (view: KeyCommands) => view.getOrSet("hot", () => 2),
  ];
  for (const read of reads) {
    await using client = new Client([], { discovery: elastiCache(endpoint.address) });
    const view = spread(client, { copies: 2, keys: ["hot"] });
    await fleet.client.set("hot", 1);
    assertEquals(await read(view), 1);
  }
});

Deno.test("spread refuses an invalid key among others, and leaves nothing unhandled", async () => {
  await using client = new Client("127.0.0.1:1");
  const view = spread(client, { keys: () => true });
  await assertRejects(() => view.getMany(["a", "b", "c d"]), ValidationException);
  await assertRejects(() => view.getMany(["a", "b"]), PartialSocketError);
});

Deno.test("spread refuses invalid options", async () => {
  await using client = new Client("127.0.0.1:1");
  const wrong: unknown[] = [
    {},
    { keys: ["a"], hotKeys: { share: 0.1 } },
    { keys: "a" },
    { keys: [5] },
    { keys: new Map([["a", true]]) },
    { keys: ["a"], copies: 1 },
    { keys: ["a"], maxAge: 0 },
    { hotKeys: { share: 0 } },
    { hotKeys: { shares: 1 } },
    { key: ["a"] },
  ];
  for (const options of wrong) {
    assertThrows(() => spread(client, options as SpreadOptions), ValidationException);
  }
});

Deno.test("spread finds an item whose copy another client stores meanwhile", async () => {
  await using fleet = await Fleet.start(2);
  await using other = fleet.connect();
  const options = { copies: 2, keys: ["hot"] };
  const writer = spread(other, options);
  let isWritten = false;
  const late = new Proxy(fleet.client, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "getOrSet") return value.bind(target);
      return (key: string, load: () => unknown, options?: GetOrSetOptions) => {
        const loadLate = async () => {
          await writer.set("hot", "new");
          isWritten = true;
          return await load();
        };
        return target.getOrSet(key, loadLate, options);
      };
    },
  }) as KeyCommands;
  await fleet.client.set("hot", "old");
  const reader = spread(late, options);
  while (!isWritten) assert(await reader.get("hot") !== undefined);
  assertEquals(await reader.get("hot"), "new");
});

/** Commands that leave a stale value as it is. */
const LEAVING: Readonly<
  Record<string, (view: KeyCommands, client: Client) => Promise<unknown>>
> = {
  "the loss of all marks": async (view, client) => {
    await client.deleteMany(Array.from({ length: 64 }, (_, i) => `copy${i + 1}~hot`));
    for (let i = 0; i < 10; i++) await view.get("hot");
  },
  touch: (view) => view.touch("hot", 100),
  getAndTouch: (view) => view.getAndTouch("hot", 100),
  add: (view) => view.add("hot", "new"),
  cas: (view) => view.cas("hot", "new", 1_000_000n),
  update: (view) => view.update("hot", () => undefined),
};

for (const [command, change] of Object.entries(LEAVING)) {
  Deno.test(`spread copies no stale value after ${command}`, async () => {
    await using fleet = await Fleet.start(2);
    const view = spread(fleet.client, { copies: 2, keys: ["hot"] });
    for (let i = 0; i < 10; i++) {
      await view.set("hot", "old");
      await view.invalidate("hot");
      await change(view, fleet.client);
      assertEquals([await view.get("hot"), await view.getOrSet("hot", () => "new")], [
        "old",
        "new",
      ]);
    }
  });
}

Deno.test("spread finds hot keys in every format", async () => {
  await using fleet = await Fleet.start(2);
  const options = { copies: 2, hotKeys: { share: 0.2 } };
  const view = spread(fleet.client, options).withTranscoder(rawTranscoder);
  await view.set("hot", Uint8Array.of(1));
  // It is hot after 200 uses; then each read has an even chance of being the one that makes the copy.
  for (let i = 0; i < 300; i++) assertEquals(await view.get("hot"), Uint8Array.of(1));
  assertEquals((await fleet.places("hot")).size, 2);
  await view.set("hot", Uint8Array.of(2));
  for (let i = 0; i < 30; i++) assertEquals(await view.get("hot"), Uint8Array.of(2));
});

/** Bytes, and nothing else. */
const BYTES: Schema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      return value instanceof Uint8Array ? { value } : { issues: [{ message: "no bytes" }] };
    },
  },
};

/** Commands that do not take every value. */
const PARTICULAR: Readonly<Record<string, (client: Client) => KeyCommands>> = {
  rawTranscoder: (client) => client.withTranscoder(rawTranscoder),
  typed: (client) => typed(client, BYTES),
  hashedKeys: (client) => hashedKeys(client),
};

for (const [name, makeInner] of Object.entries(PARTICULAR)) {
  Deno.test(`spread on ${name} stores its notes and marks in no format of the values`, async () => {
    const [old, latest] = [Uint8Array.of(1), Uint8Array.of(2)];
    const key = name === "hashedKeys" ? "a hot key" : "hot";
    for (const heat of [{ keys: () => true }, { hotKeys: { share: 0.2 } }]) {
      await using fleet = await Fleet.start(2);
      const view = spread(makeInner(fleet.client), { copies: 2, ...heat });
      await view.set(key, old);
      for (let i = 0; i < 300; i++) assertEquals(await view.get(key), old);
      assertEquals(await view.invalidate(key), true);
      for (let i = 0; i < 20; i++) assertEquals(await view.get(key), old);
      for (let i = 0; i < 20; i++) assertEquals(await view.getOrSet(key, () => latest), latest);
      assertEquals(await view.getMany([key]), new Map([[key, latest]]));
    }
  });
}

Deno.test("spread makes no copies of a key that leaves no room for their names in its namespace", async () => {
  await using fleet = await Fleet.start(3);
  const namespace = fleet.client.namespace("some:");
  const key = "k".repeat(namespace.longestKey);
  for (const options of [{ keys: () => true }, { hotKeys: { share: 0.01 } }]) {
    const view = spread(namespace, options);
    await view.set(key, "value");
    for (let i = 0; i < 300; i++) assertEquals(await view.get(key), "value");
    assertEquals(await view.delete(key), true);
  }
});

Deno.test("spread refuses a function that tells too late which keys are hot, before a byte is sent", async () => {
  await using client = new Client("127.0.0.1:1");
  for (const isHot of [Promise.resolve(false), undefined, 1]) {
    const view = spread(client, { keys: () => isHot as never });
    for (
      const operate of [
        () => view.get("a"),
        () => view.set("a", 1),
        () => view.incr("a"),
        () => view.delete("a"),
        () => view.setMany({ a: 1 }),
        () => view.invalidate("a"),
      ]
    ) {
      await assertRejects(operate, ValidationException, 'Cannot spread key "a": ');
    }
  }
});

Deno.test("spread refuses keys that are no strings as the client does, whatever keys does with them", async () => {
  await using client = new Client("127.0.0.1:1");
  const view = spread(client, { keys: (key) => key.startsWith("a") });
  const wrong = 5 as unknown as string;
  for (
    const operate of [
      () => view.set(wrong, 1),
      () => view.add(wrong, 1),
      () => view.replace(wrong, 1),
      () => view.append(wrong, "1"),
      () => view.cas(wrong, 1, 1n),
      () => view.incr(wrong),
      () => view.touch(wrong, 1),
      () => view.delete(wrong),
      () => view.update(wrong, () => 1),
      () => view.invalidate(wrong),
    ]
  ) {
    await assertRejects(operate, ValidationException);
  }
});

Deno.test("spread asks only the item whether there is something to copy", async () => {
  let requests = 0;
  const fault = () => void requests++;
  await using first = await MemcachedServer.listen({ fault });
  await using second = await MemcachedServer.listen({ fault });
  await using client = new Client([first.address, second.address]);
  const view = spread(client, { copies: 2, keys: () => true });
  await view.set("stale", "old");
  await view.invalidate("stale");
  for (const key of ["absent", "stale"]) {
    for (let i = 0; i < 30; i++) {
      requests = 0;
      await view.get(key);
      // The copy, whether the item is there and not stale, and the item.
      assert(requests === 1 || requests === 3, `${requests} requests for ${key}`);
    }
  }
});
