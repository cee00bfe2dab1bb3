/** The adapters on servers without meta commands, or with those of another form. */

import { assertEquals } from "@std/assert";
import { Client } from "../../mod.ts";
import { moecacheDriver as bentoDriver } from "../../src/adapters/bentocache.ts";
import { MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { nextCacheHandler } from "../../src/adapters/next.ts";
import { RateLimitStore } from "../../src/adapters/rate_limit.ts";
import { moecacheSessionStore } from "../../src/adapters/session.ts";
import moecacheDriver from "../../src/adapters/unstorage.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

/** Does something with clients of two processes. */
type Body = (client: Client, other: Client) => Promise<void>;

const USES: Readonly<Record<string, Body>> = {
  async KeyvMoecache(client, other) {
    const [one, two] = [new KeyvMoecache({ client }), new KeyvMoecache({ client: other })];
    await one.setMany([{ key: "a", value: "1" }, { key: "b", value: "2" }]);
    assertEquals(await two.getMany(["a", "b", "c"]), ["1", "2", undefined]);
    const listed = [];
    for await (const [key] of two.iterator()) listed.push(key);
    assertEquals(listed.toSorted(), ["a", "b"]);
    await one.clear();
    assertEquals(await two.get("a"), undefined);
    await two.set("a", "3");
    assertEquals(await one.get("a"), "3");
  },
  async moecacheDriver(client, other) {
    const [one, two] = [moecacheDriver({ client }), moecacheDriver({ client: other })];
    await one.setItem("a:b", "1");
    assertEquals([await two.getItem("a:b"), await two.hasItem("a")], ["1", false]);
    assertEquals(await two.getKeys(), ["a:b"]);
    await two.clear("");
    assertEquals(await one.getItem("a:b"), null);
  },
  async MoecacheCacheStorage(client, other) {
    const one = await new MoecacheCacheStorage(client).open("v1");
    const two = await new MoecacheCacheStorage(other).open("v1");
    const page = "https://example.com/page";
    const headers = { "Cache-Control": "max-age=60", Vary: "Accept-Language" };
    const asking = (language: string) =>
      new Request(page, { headers: { "Accept-Language": language } });
    // Heads are written by cas, and bodies in items of their own.
    await Promise.all(["de", "en", "fr"].map((language) => {
      const cache = language === "en" ? two : one;
      return cache.put(asking(language), new Response(language.repeat(100_000), { headers }));
    }));
    for (const language of ["de", "en", "fr"]) {
      const found = await two.match(asking(language));
      assertEquals(await found?.text(), language.repeat(100_000));
    }
    assertEquals(await one.delete(page, { ignoreVary: true }), true);
    assertEquals(await two.match(asking("de")), undefined);
  },
  async moecacheSessionStore(client, other) {
    const stores = [client, other].map((client) => {
      return moecacheSessionStore({ Store: class {} }, { client });
    });
    const [one, two] = stores;
    const session = { cookie: { expires: new Date(Date.now() + 60_000) }, user: "Ada" };
    await new Promise((resolve) => one?.set("id", session, resolve));
    const found = await new Promise<{ user?: string } | null | undefined>((resolve) =>
      two?.get("id", (_, session) => resolve(session as { user?: string }))
    );
    assertEquals(found?.user, "Ada");
  },
  async RateLimitStore(client, other) {
    const stores = [client, other].map((client) => new RateLimitStore({ client }));
    for (const store of stores) store.init({ windowMs: 2 ** 31 - 1 });
    const counts = await Promise.all(
      Array.from({ length: 50 }, (_, i) => stores[i % 2]?.increment("ada")),
    );
    assertEquals(new Set(counts.map((count) => count?.totalHits)).size, 50);
  },
  async bentocache(client, other) {
    const [one, two] = [client, other].map((client) => {
      const { factory, options } = bentoDriver({ client });
      return factory({ prefix: "bento", ...options });
    });
    await one?.namespace("users").set("1", "Ada");
    await one?.set("a", "1");
    assertEquals(await two?.namespace("users").get("1"), "Ada");
    await two?.namespace("users").clear();
    assertEquals([await one?.namespace("users").get("1"), await two?.get("a")], [undefined, "1"]);
  },
  async nextCacheHandler(client, other) {
    const [one, two] = [nextCacheHandler({ client }), nextCacheHandler({ client: other })];
    await one.refreshTags();
    const value = new Response("page").body ?? new ReadableStream();
    const timestamp = performance.timeOrigin + performance.now();
    const times = { stale: 30, timestamp, expire: 3600, revalidate: 60 };
    await one.set("key", Promise.resolve({ value, tags: ["menu"], ...times }));
    const found = await two.get("key", []);
    assertEquals(await new Response(found?.value).text(), "page");
    await two.updateTags(["menu"]);
    assertEquals(await one.get("key", []), undefined);
  },
};

for (const imitate of ["1.5.16", "1.6.6"] as const) {
  for (const [name, body] of Object.entries(USES)) {
    Deno.test(`${name} works on memcached ${imitate}, in two processes`, async () => {
      await using server = await MemcachedServer.listen({ imitate });
      await using client = new Client(server.address, { timeout: 10_000 });
      await using other = new Client(server.address, { timeout: 10_000 });
      await body(client, other);
    });
  }
}
