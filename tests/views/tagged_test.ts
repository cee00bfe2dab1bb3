import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  ClientException,
  PartialSocketError,
  SocketError,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { hashedKeys, tagged, type TagOptions } from "../../src/views/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { onEveryServer } from "../support/every_server.ts";
import { SwitchedFleet, untilUp } from "../support/switched_fleet.ts";
import { ValueView } from "../../src/views/value_view.ts";
import { describeKeyCommands } from "./key_commands_suite.ts";
import { turn } from "../support/turns.ts";

describeKeyCommands("tagged", (client) => tagged(client));
describeKeyCommands("tagged, over hashedKeys", (client) => tagged(hashedKeys(client)), {
  takesAnyKey: true,
});

onEveryServer("tagged", (test) => {
  test("makes all values with a tag miss, for every client", async (client, other) => {
    const [pages, others] = [tagged(client), tagged(other)];
    await pages.set("home", 1, 60, { tags: ["menu"] });
    await pages.setMany({ ada: 2, bob: 3 }, 60, { tags: ["menu", "user"] });
    await pages.set("plain", 4);
    const keys = ["home", "ada", "bob", "plain"];
    assertEquals((await others.getMany(keys)).size, 4);
    await others.invalidateTag("user");
    assertEquals(await pages.getMany(keys), new Map([["home", 1], ["plain", 4]]));
    assertEquals(await others.getMany(keys), new Map([["home", 1], ["plain", 4]]));
    await pages.invalidateTag("menu");
    for (const key of keys.slice(0, 3)) {
      assertEquals(await pages.get(key), undefined);
      assertEquals(await others.gets(key), undefined);
      assertEquals(await others.getAndTouch(key, 60), undefined);
    }
    assertEquals(await others.get("plain"), 4);
  });

  test("stores again what was invalidated, under the tag's new generation", async (client) => {
    const pages = tagged(client);
    const options = { tags: ["t"], exptime: 60 };
    let loads = 0;
    const load = () => ++loads;
    assertEquals([await pages.getOrSet("a", load, options), await pages.getOrSet("a", load)], [
      1,
      1,
    ]);
    await pages.invalidateTag("t");
    const all = await Promise.all(Array.from({ length: 5 }, () => {
      return pages.getOrSet("a", load, options);
    }));
    assertEquals(all, Array(5).fill(2));
    await pages.invalidateTag("t");
    assertEquals(await pages.get("a"), undefined);
  });

  test("does not serve what was invalidated while it was computed", async (client, other) => {
    const pages = tagged(client);
    let loads = 0;
    const value = await pages.getOrSet("a", async () => {
      if (++loads === 1) await tagged(other).invalidateTag("t");
      return loads;
    }, { tags: ["t"] });
    assertEquals([value, await pages.get("a")], [2, 2]);
  });

  test("keeps the tags of a value that is changed", async (client) => {
    const pages = tagged(client);
    const change: Record<string, (key: string) => Promise<unknown>> = {
      update: (key) => pages.update(key, (value) => `${value}2`),
      append: (key) => pages.append(key, "2"),
      prepend: (key) => pages.prepend(key, "2"),
      incr: (key) => pages.incr(key),
      decr: (key) => pages.decr(key),
    };
    for (const key of Object.keys(change)) {
      await pages.set(key, "1", 60, { tags: ["t"] });
      await change[key]?.(key);
      assert(await pages.get(key) !== "1", key);
    }
    await pages.invalidateTag("t");
    assertEquals(await pages.getMany(Object.keys(change)), new Map());
  });

  test("gives a value other tags where it is stored with others", async (client) => {
    const pages = tagged(client);
    await pages.set("a", 1, 60, { tags: ["old"] });
    await pages.update("a", () => 2, { tags: ["new"] });
    await pages.set("b", 1, 60, { tags: ["old"] });
    await pages.set("b", 2, 60);
    await pages.invalidateTag("old");
    assertEquals(await pages.getMany(["a", "b"]), new Map([["a", 2], ["b", 2]]));
    await pages.invalidateTag("new");
    assertEquals(await pages.getMany(["a", "b"]), new Map([["b", 2]]));
  });

  test("stays invalidated when the counter of a tag is lost", async (client) => {
    const pages = tagged(client);
    await pages.set("a", 1, 60, { tags: ["t"] });
    await pages.invalidateTag("t");
    await client.delete("tag:t");
    assertEquals(await pages.get("a"), undefined);
    await pages.set("a", 2, 60, { tags: ["t"] });
    await client.delete("tag:t");
    assertEquals(await pages.get("a"), undefined);
  });

  test("never accepts a counter that is less than one it has seen", async (client) => {
    const pages = tagged(client);
    await pages.set("a", 1, 60, { tags: ["t"] });
    const old = await client.get<string>("tag:t");
    await pages.invalidateTag("t");
    await client.set("tag:t", old);
    assertEquals(await pages.get("a"), undefined);
  });

  test("does not change values without tags", async (client) => {
    const pages = tagged(client);
    await pages.set("a", "value");
    assertEquals(await client.get("a"), "value");
    await client.set("b", [1, 2]);
    assertEquals(await pages.get("b"), [1, 2]);
  });

  test("accepts any string as a tag", async (client) => {
    const pages = tagged(client, { prefix: "p:" });
    for (const tag of ["a b", "#", "ü", "x".repeat(300), "😀"]) {
      await pages.set("a", 1, 60, { tags: new Set([tag]) });
      assertEquals(await pages.get("a"), 1);
      await pages.invalidateTag(tag);
      assertEquals(await pages.get("a"), undefined);
    }
  });
});

Deno.test("tagged asks for value and generations in one turn once it knows a key's tags", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const asked: string[] = [];
  const rules = {
    isPlain: () => true,
    keyOf: (key: string) => (asked.push(key), key),
    toStored: (value: unknown) => value,
    fromStored: (stored: unknown) => stored,
  };
  const pages = tagged(new ValueView(client, rules, () => client));
  await pages.set("a", 1, 60, { tags: ["t"] });
  asked.length = 0;
  const getting = pages.get("a");
  // No reply can come before all that is due at once has been done.
  for (let i = 0; i < 50; i++) await Promise.resolve();
  assertEquals(asked.toSorted(), ["a", "tag:t"]);
  assertEquals(await getting, 1);
});

Deno.test("tagged refuses invalid tags and options before a byte is sent", async () => {
  await using client = new Client("127.0.0.1:1");
  const pages = tagged(client);
  for (
    const tags of [
      "t",
      5,
      [""],
      [5],
      ["\ud800"],
      Array.from({ length: 65 }, (_, i) => `${i}`),
    ]
  ) {
    const options = { tags: tags as string[] };
    await assertRejects(() => pages.set("a", 1, 0, options), ValidationException);
  }
  await assertRejects(() => pages.invalidateTag(""), ValidationException);
  assertThrows(() => tagged(client, { prefix: "a b" }), ValidationException);
  assertThrows(() => tagged(client, { prefix: "x".repeat(101) }), ValidationException);
});

Deno.test("tagged misses and drops writes when the server of a tag is down, with failover: miss", async () => {
  await using fleet = await SwitchedFleet.start(["values:1", "tags:1"]);
  await using client = new Client(fleet.names, {
    ...{ failover: "miss", dial: fleet.dial, timeout: 10_000, probeDelay: 5, maxProbeDelay: 5 },
    locator: () => ({ locate: (key) => Number(key.includes("tag:")) }),
  });
  const views = [
    tagged(client),
    tagged(client.namespace("n:")),
    tagged(hashedKeys(client.namespace("h:"))),
  ];
  for (const pages of views) await pages.set("old", "1", 60, { tags: ["t"] });
  const tags = fleet.servers[1]!;
  await tags.become("refusing");
  for (const pages of views) {
    const options = { tags: ["t"] };
    await pages.set("new", 2, 60, options);
    await pages.setMany({ new: 2, newer: 3 }, 60, options);
    const writes = [
      pages.add("new", 2, 60, options),
      pages.replace("old", 2, 60, options),
      pages.append("old", "2"),
      pages.cas("old", 2, 1n, 60, options),
    ];
    assertEquals(await Promise.all(writes), [false, false, false, "not_found"]);
    assertEquals([await pages.get("old"), await pages.gets("old")], [undefined, undefined]);
    assertEquals((await pages.getMany(["old", "new"])).size, 0);
    // Nothing that is an error in any case becomes a miss.
    const strict = { ...options, failover: "error" } as const;
    const failing = [
      () => pages.get("old", { failover: "error" }),
      () => pages.set("new", 2, 60, strict),
      () => pages.getOrSet("new", () => 2, strict),
      () => pages.update("old", () => "2"),
      () => pages.update("new", () => "2", options),
      () => pages.incr("old", 1, { initial: 1 }),
      () => pages.invalidateTag("t"),
    ];
    for (const operation of failing) await assertRejects(operation, SocketError);
  }
  await tags.become("up");
  await untilUp(client);
  for (const pages of views) {
    assertEquals(await pages.getMany(["old", "new", "newer"]), new Map([["old", "1"]]));
  }
});

Deno.test("tagged computes for all callers what it cannot store, with failover: miss", async () => {
  await using fleet = await SwitchedFleet.start(["values:1", "tags:1"]);
  await using client = new Client(fleet.names, {
    ...{ failover: "miss", dial: fleet.dial, timeout: 10_000 },
    locator: () => ({ locate: (key) => Number(key.includes("tag:")) }),
  });
  const pages = tagged(client);
  await pages.set("old", 1, 60, { tags: ["t"] });
  await fleet.servers[1]!.become("refusing");
  let loads = 0;
  // A Map is read as an object.
  const load = async () => (await turn(), new Map([["n", ++loads]]));
  for (
    const options of [{ tags: ["t"] }, { tags: ["t"], negativeFor: 9 }, {
      tags: ["t"],
      staleFor: 9,
    }]
  ) {
    const before = loads;
    const all = await Promise.all(
      [1, 2, 3].map(() => pages.getOrSet<unknown>("key", load, options)),
    );
    assertEquals(all, Array(3).fill({ n: before + 1 }));
    assertEquals(await client.get("key"), undefined);
  }
  // One that does not know of the tag waits for the same value.
  const both = [
    tagged(client).getOrSet("key", () => 1, { tags: ["t"] }),
    pages.getOrSet("key", () => 2),
  ];
  for (const value of await Promise.all(both)) assert(value === 1 || value === 2);
  await client.delete("key");
  // What is stored stays: it may be valid.
  assertEquals(await pages.getOrSet("old", () => 2), 2);
  assert(await client.get("old") !== undefined);
  const own = new Error("the caller's");
  const failing = () => pages.getOrSet("key", () => Promise.reject(own), { tags: ["t"] });
  assertEquals(await assertRejects(failing), own);
});

Deno.test("tagged refuses a load that asks for its own value, with failover: miss", async () => {
  await using fleet = await SwitchedFleet.start(["values:1", "tags:1"]);
  await using client = new Client(fleet.names, {
    ...{ failover: "miss", dial: fleet.dial, timeout: 10_000 },
    locator: () => ({ locate: (key) => Number(key.includes("tag:")) }),
  });
  const pages = tagged(client);
  await fleet.servers[1]!.become("refusing");
  const inside = (): Promise<unknown> => pages.getOrSet("key", () => 1, { tags: ["t"] });
  const inItself = () => pages.getOrSet("key", inside, { tags: ["t"] });
  await assertRejects(inItself, ClientException, "wait for itself");
});

Deno.test("tagged takes the longest tags in a namespace with a long prefix", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const pages = tagged(client.namespace("n".repeat(50)), { prefix: "p".repeat(100) });
  const options = { tags: ["t".repeat(100)] };
  await pages.set("a", 1, 60, options);
  assertEquals(await pages.get("a"), 1);
  await pages.invalidateTag("t".repeat(100));
  assertEquals(await pages.get("a"), undefined);
});

Deno.test("tagged: the error of many keys has the values of the others", async () => {
  await using fleet = await SwitchedFleet.start(["a:1", "b:1"]);
  await using client = new Client(fleet.names, {
    ...{ dial: fleet.dial, timeout: 10_000 },
    locator: () => ({ locate: (key) => Number(key.startsWith("b")) }),
  });
  const pages = tagged(hashedKeys(client, { hash: (key) => key.replaceAll(" ", "_") }));
  await pages.setMany({ a1: 1, "a 2": { two: 2 }, b1: 3 }, 60, { tags: ["t"] });
  await fleet.servers[1]!.become("refusing");
  const error = await assertRejects(() => pages.getMany(["a1", "a 2", "b1"]), PartialSocketError);
  assertEquals([...error.failures.keys()], ["b1"]);
  assertEquals(error.results, new Map<string, unknown>([["a1", 1], ["a 2", { two: 2 }]]));
});

onEveryServer("tagged, of what was invalidated", (test) => {
  test("adds and counts as where there is nothing", async (client) => {
    const pages = tagged(client);
    await pages.setMany({ added: 1, counted: "7" }, 60, { tags: ["t"] });
    await pages.invalidateTag("t");
    assertEquals([await pages.add("added", 2), await pages.add("added", 3)], [true, false]);
    assertEquals(await pages.get("added"), 2);
    const count = () => pages.incr("counted", 1, { initial: 3 });
    assertEquals([await count(), await count()], [3n, 4n]);
  });

  test("replaces, touches and deletes nothing", async (client, other) => {
    const keys = ["replaced", "touched", "deleted", "among", "many"];
    for (const knows of [true, false]) {
      const pages = tagged(client);
      await pages.setMany(keys.map((key) => [key, "1"] as const), 60, { tags: ["t"] });
      await pages.set("many", "1", 60, { tags: ["other"] });
      await tagged(other).invalidateTag("t");
      // One that has read a key knows its tags.
      if (knows) assertEquals((await pages.getMany(keys)).size, 1);
      const view = knows ? pages : tagged(client);
      assertEquals(await view.replace("replaced", "2", 60, { tags: ["t"] }), false);
      assertEquals(await view.touch("touched", 60), false);
      assertEquals([await view.append("touched", "2"), await view.prepend("touched", "2")], [
        false,
        false,
      ]);
      assertEquals(await view.incr("touched"), undefined);
      assertEquals(await view.delete("deleted"), false);
      assertEquals(
        await view.deleteMany(["among", "many", "absent"]),
        new Map([["among", false], ["many", true], ["absent", false]]),
      );
      assertEquals(await view.getMany(keys), new Map());
      assertEquals(await client.getMany(["deleted", "among", "many"]), new Map());
    }
  });

  test("inspects, invalidates and compares nothing", async (client, other) => {
    for (const knows of [true, false]) {
      const pages = tagged(client);
      await pages.set("a", 1, 60, { tags: ["t"] });
      const view = knows ? pages : tagged(client);
      const { cas } = await view.gets("a") ?? {};
      assertInstanceOf(await view.inspect("a"), Object);
      await tagged(other).invalidateTag("t");
      assertEquals(await view.inspect("a"), undefined);
      assertEquals(await view.invalidate("a"), false);
      assertEquals(await view.cas("a", 2, cas ?? 0n, 60, { tags: ["t"] }), "not_found");
      assertEquals(await view.get("a"), undefined);
      await client.delete("a");
    }
  });

  test("inspects, invalidates and compares what was not", async (client) => {
    const pages = tagged(client);
    await pages.set("a", 1, 60, { tags: ["t"] });
    const { cas = 0n } = await pages.gets("a") ?? {};
    assertEquals((await pages.inspect("a"))?.cas, cas);
    assertEquals(await pages.cas("a", 2, cas, 60, { tags: ["t"] }), "stored");
    assertEquals(await pages.cas("a", 3, cas, 60, { tags: ["t"] }), "exists");
    assertEquals(await pages.get("a"), 2);
    assertEquals(await pages.invalidate("a"), true);
    assertEquals([await pages.inspect("b"), await pages.invalidate("b")], [undefined, false]);
  });

  test("replaces, touches and deletes what was not", async (client) => {
    const pages = tagged(client);
    await pages.setMany({ a: 1, b: 1, c: 1 }, 60, { tags: ["t"] });
    await pages.set("plain", 1);
    assertEquals(await pages.replace("a", 2, 60, { tags: ["t"] }), true);
    assertEquals([await pages.touch("b", 60), await pages.touch("plain", 60)], [true, true]);
    assertEquals(await pages.replace("plain", 2), true);
    const all = new Map<string, unknown>([["a", 2], ["b", 1], ["c", 1], ["plain", 2]]);
    assertEquals(await pages.getMany([...all.keys()]), all);
    assertEquals([await pages.delete("c"), await pages.delete("c")], [true, false]);
    assertEquals(
      await pages.deleteMany(["a", "b", "plain", "absent"]),
      new Map([["a", true], ["b", true], ["plain", true], ["absent", false]]),
    );
  });
});

Deno.test("tagged: update fails when a tag's server goes down while it computes", async () => {
  await using fleet = await SwitchedFleet.start(["values:1", "tags:1"]);
  await using client = new Client(fleet.names, {
    ...{ dial: fleet.dial, timeout: 10_000, probeDelay: 5, maxProbeDelay: 5 },
    locator: () => ({ locate: (key) => Number(key.startsWith("tag:")) }),
  });
  const view = tagged(client);
  await view.set("key", 1);
  const tags = fleet.servers[1]!;
  await tags.become("refusing");
  const compute = async () => {
    await assertRejects(() => view.invalidateTag("t"), SocketError);
    // The fault is known now: at the end of the turn, a rejection without a handler would end the process.
    await turn();
    return 2;
  };
  const update = () => view.update("key", compute, { tags: ["t"] } as TagOptions);
  await assertRejects(update, SocketError, "tags:1");
  assertEquals(await view.get("key"), 1);
});

Deno.test("tagged deletes without the server of a tag, and what cannot be decoded", async () => {
  await using fleet = await SwitchedFleet.start(["values:1", "tags:1"]);
  const locator = () => ({ locate: (key: string) => Number(key.includes("tag:")) });
  const settings = { dial: fleet.dial, timeout: 10_000, locator } as const;
  const strange: Transcoder = {
    encode: () => ({ flags: 9999, data: new Uint8Array(1) }),
    decode: () => 1,
  };
  for (const failover of ["error", "miss"] as const) {
    await using client = new Client(fleet.names, { ...settings, failover });
    const pages = tagged(client);
    await pages.setMany({ a: 1, b: 2, c: 3 }, 60, { tags: ["t"] });
    await client.withTranscoder(strange).set("wrong", 1);
    const tags = fleet.servers[1]!;
    await tags.become("refusing");
    assertEquals([await pages.touch("a", 60), await pages.delete("a")], [true, true]);
    assertEquals(await pages.deleteMany(["b", "none"]), new Map([["b", true], ["none", false]]));
    assertEquals([await pages.delete("wrong"), await client.get("a")], [true, undefined]);
    await tags.become("up");
  }
});

Deno.test("tagged sends nothing for what is invalid", async () => {
  await using client = new Client("127.0.0.1:1");
  const pages = tagged(client);
  const none = { tiemout: 1 } as object;
  const calls: (() => Promise<unknown>)[] = [
    () => pages.touch("a", -1 / 2),
    () => pages.touch("a b", 1),
    () => pages.touch("a", 1, none),
    () => pages.delete("a", none),
    () => pages.delete("a b"),
    () => pages.deleteMany(["a", "a b"]),
    () => pages.deleteMany(["a"], none),
    () => pages.append("a", "b", none),
    () => pages.prepend("a", "b", none),
    () => pages.replace("a", 1, 1, none),
    () => pages.replace("a b", 1),
    () => pages.replace("a", 1, -1 / 2),
  ];
  for (const call of calls) await assertRejects(call, ValidationException);
});
