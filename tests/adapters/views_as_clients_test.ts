/** Adapters on views of a client, instead of the client itself. */

import { assert, assertEquals } from "@std/assert";
import { Client, type KeyCommands } from "../../mod.ts";
import { moecacheDriver as bentoDriver } from "../../src/adapters/bentocache.ts";
import { MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { RateLimitStore } from "../../src/adapters/rate_limit.ts";
import { type HonoSessionsData, honoSessionsStore } from "../../src/adapters/session.ts";
import { moecacheDriver as unstorageDriver } from "../../src/adapters/unstorage.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  spread,
  tagged,
} from "../../src/views/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { SERVERS } from "../support/every_server.ts";

const VIEWS: Readonly<Record<string, (client: Client) => KeyCommands>> = {
  "a namespace": (client) => client.namespace("outer:"),
  hashedKeys: (client) => hashedKeys(client),
  "largeValues, mcrouter's format": (client) => largeValues(client, { format: "mcrouter" }),
  largeValues: (client) => largeValues(client),
  nearCache: (client) => nearCache(client, { maxBytes: 100_000, ttl: 5 }),
  tagged: (client) => tagged(client),
};
const PAGE = "https://example.com/page";
const LARGE = "é".repeat(1_500_000);

for (const [kind, start] of Object.entries(SERVERS)) {
  for (const [name, makeView] of Object.entries(VIEWS)) {
    Deno.test(`adapters work on a view, ${name}, on ${kind}`, async () => {
      await using server = await start();
      await using client = new Client(server.address, { timeout: 10_000 });
      const view = makeView(client);

      const keyv = new KeyvMoecache({ client: view });
      await keyv.set("key", "value");
      assertEquals(await keyv.get("key"), "value");
      await keyv.clear();
      assertEquals(await keyv.get("key"), undefined);

      const bento = bentoDriver({ client: view }).factory({ client: view });
      await bento.set("a:b", "value");
      assertEquals(await bento.namespace("a").get("b"), "value");
      assertEquals(await bento.pull("a:b"), "value");
      await bento.set("a:b", "value");
      await bento.namespace("a").clear();
      assertEquals(await bento.get("a:b"), undefined);

      const unstorage = unstorageDriver({ client: view });
      await unstorage.setItem("key", "value");
      assertEquals(await unstorage.getItem("key"), "value");
      await unstorage.clear();
      assertEquals(await unstorage.getItem("key"), null);

      const sessions = honoSessionsStore({ client: view });
      await sessions.createSession("id", { _expire: null });
      assertEquals(await sessions.getSessionById("id"), { _expire: null });

      const limits = new RateLimitStore({ client: view });
      limits.init({ windowMs: 2 ** 31 - 1 });
      await limits.increment("ada");
      assertEquals((await limits.increment("ada")).totalHits, 2);
      await limits.resetAll();
      assertEquals(await limits.get("ada"), undefined);

      const caches = new MoecacheCacheStorage(view);
      const cache = await caches.open("pages");
      await cache.put(PAGE, new Response("body"));
      assertEquals(await (await cache.match(PAGE))?.text(), "body");
      assertEquals(await caches.delete("pages"), true);
      assertEquals(await cache.match(PAGE), undefined);
    });
  }

  Deno.test(`adapters keep values larger than an item with largeValues on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address, { timeout: 10_000 });
    const large = largeValues(client, { format: "mcrouter" });
    const keyv = new KeyvMoecache({ client: large });
    await keyv.set("key", LARGE);
    assert(await keyv.get("key") === LARGE);
    const bento = bentoDriver({ client: large }).factory({ client: large });
    await bento.set("a:b", LARGE, 60_000);
    assert(await bento.get("a:b") === LARGE);
    assert(await bento.pull("a:b") === LARGE);
    assertEquals(await bento.get("a:b"), undefined);
    const unstorage = unstorageDriver({ client: large });
    await unstorage.setItem("key", LARGE);
    assert(await unstorage.getItem("key") === LARGE);
  });
}

Deno.test("adapters take keys of any length on views that derive longer ones from them", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 10_000 });
  const format = { format: "mcrouter", chunkByteLength: 1024 } as const;
  const large = (inner: KeyCommands) => largeValues(inner, format);
  const views: Readonly<Record<string, KeyCommands>> = {
    large: large(client),
    "large in a namespace": large(client.namespace("outer:")),
    "near, large": nearCache(large(client), { maxBytes: 100_000, ttl: 5 }),
    "hashed, large": hashedKeys(large(client)),
    "tagged, large": tagged(large(client)),
    "spread, large": spread(large(client), { keys: [], copies: 2 }),
    "replicas, large": replicas([large(client)]),
    "tagged in a namespace": tagged(client.namespace("outer:")),
    "near in a namespace": nearCache(client.namespace("outer:"), { maxBytes: 100_000, ttl: 5 }),
  };
  const value = "x".repeat(15_000);
  for (const [name, view] of Object.entries(views)) {
    const keyv = new KeyvMoecache({ client: view });
    const unstorage = unstorageDriver({ client: view });
    const bento = bentoDriver({ client: view }).factory({ client: view });
    const sessions = honoSessionsStore({ client: view });
    for (const length of [150, 170, 176, 186, 195, 205, 212, 218, 222, 230, 300]) {
      const key = "k".repeat(length);
      await keyv.set(key, value);
      assertEquals(await keyv.get(key), value, `${name} ${length}`);
      await unstorage.setItem(key, value);
      assertEquals(await unstorage.getItem(key), value, `${name} ${length}`);
      await bento.set(key, value);
      assertEquals(await bento.get(key), value, `${name} ${length}`);
      await sessions.createSession(key, { _expire: null, value } as HonoSessionsData);
      assert(await sessions.getSessionById(key) !== null, `${name} ${length}`);
    }
  }
});

Deno.test("a cache takes views that cut its chunks again", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 10_000 });
  const body = Uint8Array.from({ length: 10_000 }, (_, i) => i);
  for (const format of [undefined, "mcrouter"] as const) {
    const view = largeValues(client, { format, chunkByteLength: 1024 });
    const cache = await new MoecacheCacheStorage(view, { chunkByteLength: 3000 }).open(`${format}`);
    await cache.put(PAGE, new Response(body, { headers: { "X-Long": "x".repeat(3000) } }));
    const found = await cache.match(PAGE);
    assertEquals(new Uint8Array(await found?.arrayBuffer() ?? []), body, format);
  }
});
