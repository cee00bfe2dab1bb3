/** Hono's `cache()` middleware on the cache. */

import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { cache } from "hono/cache";
import { Client } from "@moecache/moecache";
import { MoecacheCacheStorage } from "@moecache/moecache/cache";
import { MemcachedProcess } from "../../support/memcached.ts";

async function withApp(body: (app: Hono, calls: () => number) => Promise<void>): Promise<void> {
  await using memcached = await MemcachedProcess.start();
  await using client = new Client(memcached.address, { timeout: 10_000 });
  const own: CacheStorage = new MoecacheCacheStorage(client);
  const present = Object.getOwnPropertyDescriptor(globalThis, "caches")!;
  Object.defineProperty(globalThis, "caches", { value: own, configurable: true });
  try {
    const app = new Hono();
    let calls = 0;
    const options = { cacheName: "hono", cacheControl: "max-age=60", wait: true };
    app.get("/page/*", cache(options), (context) => context.text(`call ${++calls}`));
    app.get("/vary", cache({ ...options, vary: "Accept-Language" }), (context) => {
      return context.text(`call ${++calls} in ${context.req.header("Accept-Language")}`);
    });
    app.get("/private", cache(options), (context) => {
      return context.text(`call ${++calls}`, 200, { "Cache-Control": "private" });
    });
    app.get("/stale", cache(options), (context) => {
      return context.text(`call ${++calls}`, 200, { "Cache-Control": "max-age=0" });
    });
    await body(app, () => calls);
  } finally {
    Object.defineProperty(globalThis, "caches", present);
  }
}

Deno.test("hono: a response is served from memcached the second time", async () => {
  await withApp(async (app, calls) => {
    const ask = async (path: string) => await (await app.request(path)).text();
    assertEquals([await ask("/page/a"), await ask("/page/a")], ["call 1", "call 1"]);
    assertEquals([await ask("/page/b"), await ask("/page/b?q=1")], ["call 2", "call 3"]);
    assertEquals(calls(), 3);
    const response = await app.request("/page/a");
    assertEquals(response.headers.get("Cache-Control"), "max-age=60");
    assertEquals(await response.text(), "call 1");
  });
});

Deno.test("hono: a response is kept for each variant", async () => {
  await withApp(async (app) => {
    const ask = async (language: string) => {
      const headers = { "Accept-Language": language };
      return await (await app.request("/vary", { headers })).text();
    };
    assertEquals([await ask("en"), await ask("de")], ["call 1 in en", "call 2 in de"]);
    assertEquals([await ask("en"), await ask("de")], ["call 1 in en", "call 2 in de"]);
  });
});

Deno.test("hono: a private response is not kept", async () => {
  await withApp(async (app) => {
    const ask = async () => await (await app.request("/private")).text();
    assertEquals([await ask(), await ask()], ["call 1", "call 2"]);
  });
});

Deno.test("hono: a response that is stale at once is answered, and not kept", async () => {
  await withApp(async (app) => {
    const ask = async () => await (await app.request("/stale")).text();
    assertEquals([await ask(), await ask()], ["call 1", "call 2"]);
  });
});

Deno.test("hono: a herd is answered, and one of its responses is kept", async () => {
  await withApp(async (app, calls) => {
    const herd = Array.from({ length: 100 }, () => app.request("/page/herd"));
    const responses = await Promise.all(herd);
    assertEquals(new Set(responses.map(({ status }) => status)), new Set([200]));
    const texts = await Promise.all(responses.map((response) => response.text()));
    assertEquals(texts.length, calls());
    const kept = await (await app.request("/page/herd")).text();
    assertEquals([texts.includes(kept), calls()], [true, 100]);
  });
});
