/** What the adapters do where `failover` is "miss" and one server cannot be reached. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Client,
  type KeyCommands,
  PartialClientException,
  SocketError,
  type Transcoder,
} from "../../mod.ts";
import { MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import {
  honoSessionsStore,
  honoSessionStorage,
  moecacheSessionStore,
  sessionIdStrategy,
} from "../../src/adapters/session.ts";
import moecacheDriver from "../../src/adapters/unstorage.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";
import { SwitchedFleet, type SwitchedServer, untilUp } from "../support/switched_fleet.ts";
import { until } from "../support/turns.ts";

const URL_ = "https://example.com/page";
/** What the keys on each server have in them; all others are on the last one. */
const KINDS = ["~moecache-generation", "names", "head:", "body:"];

/** Servers for the keys of each kind. */
async function withFleet(
  failover: "miss" | "error",
  body: (client: Client, servers: ReadonlyMap<string, SwitchedServer>) => Promise<void>,
): Promise<void> {
  await using fleet = await SwitchedFleet.start([...KINDS, "rest"].map((_, i) => `server${i}:1`));
  const locate = (key: string) => {
    const at = KINDS.findIndex((kind) => key.includes(kind));
    return at === -1 ? KINDS.length : at;
  };
  const options = {
    ...{ failover, dial: fleet.dial, timeout: 10_000, locator: () => ({ locate }) },
    ...{ probeDelay: 5, maxProbeDelay: 5 },
  };
  await using client = new Client(fleet.names, options);
  const servers = [...KINDS, "rest"].map((kind, i) => [kind, fleet.servers[i]!] as const);
  await body(client, new Map(servers));
}

function response(text: string): Response {
  return new Response(text, { headers: { "Cache-Control": "max-age=60" } });
}

Deno.test("a cache misses and drops responses with failover: miss, whichever server is down", async () => {
  for (const gone of KINDS) {
    await withFleet("miss", async (client, servers) => {
      const old = await new MoecacheCacheStorage(client).open("old");
      await old.put(URL_, response("old"));
      await servers.get(gone)!.become("refusing");
      const caches = new MoecacheCacheStorage(client);
      for (const name of ["old", "new"]) {
        const cache = await caches.open(name);
        const found = async () => await (await cache.match(URL_))?.text();
        // The names do not matter to users of a cache.
        assertEquals(await found(), gone === "names" && name === "old" ? "old" : undefined, gone);
        await cache.put(URL_, response("new"));
        assertEquals(await found(), gone === "names" ? "new" : undefined, gone);
        assertEquals(
          await cache.matchAll(URL_).then(({ length }) => length),
          Number(gone === "names"),
        );
        if (gone !== "names") {
          assertEquals(
            (await cache.keys()).length,
            Number(gone === "body:"),
            gone,
          );
          assertEquals(await cache.matchAll(), [], gone);
          assertEquals(await cache.match(URL_, { ignoreSearch: true }), undefined, gone);
        }
        await cache.delete(URL_);
        assertEquals(await found(), undefined, gone);
      }
      const isKnown = gone !== "names";
      assertEquals([await caches.has("old"), await caches.has("new")], [isKnown, isKnown]);
      if (gone === "~moecache-generation") {
        await assertRejects(() => caches.delete("old"), SocketError);
      }
    });
  }
});

Deno.test("a cache lists what is on the servers that can be reached", async () => {
  await using fleet = await SwitchedFleet.start(["one:1", "two:1", "three:1"]);
  const settings = { dial: fleet.dial, timeout: 10_000 } as const;
  await using client = new Client(fleet.names, { ...settings, failover: "miss" });
  await using strict = new Client(fleet.names, settings);
  const cache = await new MoecacheCacheStorage(client).open("pages");
  const urls = Array.from({ length: 30 }, (_, i) => `https://${i}.example.com/page`);
  for (const url of urls) await cache.put(url, response("page"));
  const generation = (await client.locate("cache:in:pages:~moecache-generation")).index;
  const gone = fleet.servers[(generation + 1) % 3]!;
  await gone.become("refusing");
  const listed = (await cache.keys()).map(({ url }) => url);
  const found = await Promise.all(urls.map((url) => cache.keys(url)));
  assertEquals(listed.sort(), found.flat().map(({ url }) => url).sort());
  assert(listed.length > 0 && listed.length < urls.length, `${listed.length}`);
  const same = await new MoecacheCacheStorage(strict).open("pages").catch(() => undefined);
  if (same !== undefined) await assertRejects(() => same.keys(), SocketError);
  await gone.become("up");
  await fleet.servers[generation]!.become("refusing");
  assertEquals(await cache.keys(), []);
});

Deno.test("a cache lists again when a server is back that failed while it was listed, twice as well", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const away = ["items", "get", "items"];
  const leave = (method: string) => {
    if (away[0] !== method) return;
    away.shift();
    throw new SocketError("Cannot reach the server");
  };
  const failingOnce = (commands: KeyCommands): KeyCommands =>
    new Proxy(commands, {
      get(target, name) {
        if (name === "withTranscoder") {
          return (format: Transcoder) => failingOnce(target.withTranscoder(format));
        }
        if (name === "items") {
          return async function* () {
            yield* client.items();
            leave("items");
          };
        }
        if (name === "get") {
          return async (key: string) => {
            if (key.includes("head:") && away.length > 0) leave("get");
            return await target.get(key);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const pages = await new MoecacheCacheStorage(client).open("pages");
  await pages.put("https://example.com/", new Response("page"));
  const listed = await (await new MoecacheCacheStorage(failingOnce(client)).open("pages")).keys();
  assertEquals([listed.map(({ url }) => url), [...away]], [["https://example.com/"], []]);
});

Deno.test("a cache deletes a body that it cannot list", async () => {
  for (const gone of ["~moecache-generation", "head:"]) {
    await withFleet("miss", async (client, servers) => {
      await servers.get(gone)!.become("refusing");
      const cache = await new MoecacheCacheStorage(client).open("pages");
      let isCancelled = false;
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: () => void (isCancelled = true),
        pull: (controller) => controller.close(),
      });
      await cache.put(URL_, new Response(stream));
      assertEquals(isCancelled, gone !== "head:");
      const { written } = servers.get("body:")!;
      const keys = [...written.matchAll(/body:[-\w:]+/g)].map(([key]) => key);
      assertEquals(new Set(keys).size, gone === "head:" ? 1 : 0);
      assertEquals(/delete \S*body:/.test(written), gone === "head:");
    });
  }
});

Deno.test("a cache rejects without failover, and continues when the server is back", async () => {
  await withFleet("error", async (client, servers) => {
    const caches = new MoecacheCacheStorage(client);
    const cache = await caches.open("pages");
    for (const kind of ["~moecache-generation", "head:", "body:"]) {
      const server = servers.get(kind)!;
      await server.become("refusing");
      // Also where the stored part of the body cannot be deleted, either.
      await assertRejects(() => cache.put(URL_, response("new")), SocketError, undefined, kind);
      await server.become("up");
      await cache.put(URL_, response(kind));
      assertEquals(await (await cache.match(URL_))?.text(), kind);
      await server.become("refusing");
      await assertRejects(
        async () => {
          await (await cache.match(URL_))?.text();
        },
        SocketError,
        undefined,
        kind,
      );
      await server.become("up");
    }
    await servers.get("names")!.become("refusing");
    await assertRejects(() => caches.open("other"), SocketError);
    await servers.get("names")!.become("up");
    await caches.open("other");
    // A connection that is lost is no reason to lose what is put.
    for (const server of servers.values()) await server.cut();
    await cache.put(URL_, response("after"));
    assertEquals(await (await cache.match(URL_))?.text(), "after");
    assertEquals(await caches.keys(), ["pages", "other"]);
  });
});

Deno.test("Keyv and unstorage have nothing, and drop what is set, without the counter", async () => {
  await withFleet("miss", async (client, servers) => {
    const store = new KeyvMoecache({ client });
    const driver = moecacheDriver({ client });
    await store.set("key", "old");
    await driver.setItem("key", "old");
    const counter = servers.get("~moecache-generation")!;
    await counter.become("refusing");
    assertEquals([await store.get("key"), await driver.getItem("key")], [undefined, null]);
    assertEquals(await store.getMany(["key"]), [undefined]);
    assertEquals(await driver.getItems([{ key: "key" }]), [{ key: "key", value: null }]);
    assertEquals([await store.has("key"), await driver.hasItem("key")], [false, false]);
    assertEquals([await store.set("key", "new"), await store.delete("key")], [true, false]);
    assertEquals(await store.deleteMany(["key"]), [false]);
    await driver.setItem("key", "new");
    await driver.removeItem("key");
    await assertRejects(() => store.clear(), SocketError);
    await assertRejects(() => driver.clear(), SocketError);
    await assertRejects(() => driver.getKeys(), SocketError);
    await counter.become("up");
    await until(async () => await store.get("key") !== undefined);
    assertEquals([await store.get("key"), await driver.getItem("key")], ["old", "old"]);
    assert(client.servers[0]!.missed > 0);
  });
});

Deno.test("ending a session rejects if it cannot be deleted, whichever server is down", async () => {
  for (const gone of ["~moecache-generation", "rest"]) {
    await withFleet("miss", async (client, servers) => {
      const strategy = sessionIdStrategy({ client });
      const sessions = honoSessionsStore({ client });
      const errors: unknown[] = [];
      const storage = honoSessionStorage({ client, onError: (error) => errors.push(error) });
      const express = moecacheSessionStore({ Store: class {} }, { client });
      const id = await strategy.createData({ user: "Ada" });
      await servers.get(gone)!.become("refusing");
      await assertRejects(() => strategy.deleteData(id), SocketError, undefined, gone);
      await assertRejects(() => sessions.deleteSession(id), SocketError, undefined, gone);
      storage.delete(id);
      await storage.written();
      assert(errors.length === 1 && errors[0] instanceof SocketError);
      const outcome = (call: (done: (error?: unknown) => void) => void) => new Promise(call);
      assert(await outcome((done) => express.destroy(id, done)) instanceof SocketError);
      // A time in the past ends a session, too.
      const past = new Date(1000);
      const over = { cookie: { expires: past } };
      await assertRejects(() => strategy.updateData(id, {}, past), SocketError);
      assert(await outcome((done) => express.set(id, over, done)) instanceof SocketError);
      assert(await outcome((done) => express.touch(id, over, done)) instanceof SocketError);
      // Everything else is dropped.
      await strategy.updateData(id, { user: "Grace" });
      assertEquals(await strategy.readData(id), null);
      await servers.get(gone)!.become("up");
      const isBack = () => client.servers.every(({ state }) => state !== "down");
      await until(() => isBack());
      // Without the counter, the session itself could be reached all the same.
      const left = gone === "rest" ? { user: "Ada" } : null;
      assertEquals(await strategy.readData(id), left);
      await strategy.deleteData(id);
      assertEquals(await strategy.readData(id), null);
    });
  }
});

Deno.test("an error of Keyv or unstorage about many keys has their keys and values", async () => {
  const fault: FaultHook = ({ keys }) => {
    return keys.some((key) => key.endsWith("bad")) ? { reply: "SERVER_ERROR no" } : undefined;
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address);
  const store = new KeyvMoecache({ client });
  const driver = moecacheDriver({ client });
  const long = "a long key ".repeat(40);
  for (const key of ["a key", long]) {
    await store.set(key, `value of ${key}`);
    await driver.setItem(key, `value of ${key}`);
  }
  const keys = ["a key", long, "is bad", "absent"];
  const items = keys.map((key) => ({ key }));
  for (const read of [() => store.getMany(keys), () => driver.getItems(items)]) {
    const error = await assertRejects(read, PartialClientException, "Cannot get 1 of 4 keys");
    assertEquals([...error.failures.keys()], ["is bad"]);
    const others = ["a key", long].map((key) => [key, `value of ${key}`] as const);
    assertEquals(new Map(error.results), new Map(others));
  }
  const error = await assertRejects(() => store.deleteMany(keys), PartialClientException);
  assertEquals([...error.failures.keys()], ["is bad"]);
  assertEquals(
    new Map(error.results),
    new Map([["a key", true], [long, true], ["absent", false]]),
  );
});

Deno.test("Keyv lists, and unstorage clears, what is on the other servers before they fail", async () => {
  await using fleet = await SwitchedFleet.start(["counters:1", "one:1", "two:1"]);
  for (const failover of ["error", "miss"] as const) {
    await using client = new Client(fleet.names, {
      ...{ failover, dial: fleet.dial, timeout: 10_000 },
      locator: () => ({
        locate: (key) => key.includes("~moecache") ? 0 : 1 + Number(key.includes("two")),
      }),
    });
    const store = new KeyvMoecache({ client });
    const driver = moecacheDriver({ client });
    await store.setMany(["one-a", "one-b", "two-a"].map((key) => ({ key, value: "1" })));
    for (const key of ["x:one", "x:two", "y:one"]) await driver.setItem(key, "1");
    await fleet.servers[2]!.become("refusing");
    const listed: string[] = [];
    await assertRejects(async () => {
      for await (const [key] of store.iterator()) listed.push(key);
    }, SocketError);
    assertEquals(listed.sort(), ["one-a", "one-b"]);
    await assertRejects(() => driver.clear("x"), SocketError);
    assertEquals([await driver.getItem("x:one"), await driver.getItem("y:one")], [null, "1"]);
    await fleet.servers[2]!.become("up");
    await untilUp(client);
    await driver.clear("x");
    assertEquals(await driver.getKeys(), ["y:one"]);
  }
});
