/** Hono's `cache()` middleware on the cache. */

import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { cache } from "hono/cache";
import { Client, SocketError } from "@moecache/moecache";
import { MoecacheCacheStorage } from "@moecache/moecache/cache";
import { MemcachedProcess } from "../../support/memcached.ts";
import { type Server, SERVERS } from "./servers.ts";

/** Makes `caches` a client's while a test runs, as a program does for good. */
async function withCaches(client: Client, body: () => Promise<void>): Promise<void> {
  const own: CacheStorage = new MoecacheCacheStorage(client);
  const present = Object.getOwnPropertyDescriptor(globalThis, "caches")!;
  Object.defineProperty(globalThis, "caches", { value: own, configurable: true });
  try {
    await body();
  } finally {
    Object.defineProperty(globalThis, "caches", present);
  }
}

/** Defines a test of an app for each kind of server. */
function testApp(name: string, body: (app: Hono, calls: () => number) => Promise<void>): void {
  for (const [kind, start] of Object.entries(SERVERS)) {
    Deno.test(`hono on ${kind}: ${name}`, () => withApp(start, body));
  }
}

async function withApp(
  start: () => Promise<Server>,
  body: (app: Hono, calls: () => number) => Promise<void>,
): Promise<void> {
  await using memcached = await start();
  await using client = new Client(memcached.address, { timeout: 10_000 });
  await withCaches(client, async () => {
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
  });
}

/** An app whose pages are counted, and the errors that its visitors would see. */
function countingApp(wait: boolean): { app: Hono; errors: Error[] } {
  const errors: Error[] = [];
  const app = new Hono();
  let calls = 0;
  app.use(cache({ cacheName: "hono", cacheControl: "max-age=60", wait }));
  app.get("*", (context) => context.text(`call ${++calls}`));
  app.onError((error, context) => {
    errors.push(error);
    return context.text("Please try again", 503);
  });
  return { app, errors };
}

testApp("a response is served from the cache the second time", async (app, calls) => {
  const ask = async (path: string) => await (await app.request(path)).text();
  assertEquals([await ask("/page/a"), await ask("/page/a")], ["call 1", "call 1"]);
  assertEquals([await ask("/page/b"), await ask("/page/b?q=1")], ["call 2", "call 3"]);
  assertEquals(calls(), 3);
  const response = await app.request("/page/a");
  assertEquals(response.headers.get("Cache-Control"), "max-age=60");
  assertEquals(await response.text(), "call 1");
});

testApp("a response is kept for each variant", async (app) => {
  const ask = async (language: string) => {
    const headers = { "Accept-Language": language };
    return await (await app.request("/vary", { headers })).text();
  };
  assertEquals([await ask("en"), await ask("de")], ["call 1 in en", "call 2 in de"]);
  assertEquals([await ask("en"), await ask("de")], ["call 1 in en", "call 2 in de"]);
});

testApp("a private response is not kept", async (app) => {
  const ask = async () => await (await app.request("/private")).text();
  assertEquals([await ask(), await ask()], ["call 1", "call 2"]);
});

testApp("a response that is stale at once is answered, and not kept", async (app) => {
  const ask = async () => await (await app.request("/stale")).text();
  assertEquals([await ask(), await ask()], ["call 1", "call 2"]);
});

testApp("a herd is answered, and one of its responses is kept", async (app, calls) => {
  const herd = Array.from({ length: 100 }, () => app.request("/page/herd"));
  const responses = await Promise.all(herd);
  assertEquals(new Set(responses.map(({ status }) => status)), new Set([200]));
  const texts = await Promise.all(responses.map((response) => response.text()));
  assertEquals(texts.length, calls());
  const kept = await (await app.request("/page/herd")).text();
  assertEquals([texts.includes(kept), calls()], [true, 100]);
});

Deno.test("hono: pages are served while memcached is stopped, killed and back, with failover: miss", async () => {
  await using first = await MemcachedProcess.start();
  const settings = { timeout: 300, probeDelay: 20, failover: "miss" } as const;
  await using client = new Client(first.address, settings);
  await withCaches(client, async () => {
    const { app, errors } = countingApp(true);
    const ask = async (path: string) => {
      const response = await app.request(path);
      return [response.status, await response.text()];
    };
    const kept = await ask("/");
    assertEquals(await ask("/"), kept);
    Deno.kill(first.pid, "SIGSTOP");
    assertEquals(await ask("/"), [200, "call 2"]);
    assertEquals(await ask("/new"), [200, "call 3"]);
    Deno.kill(first.pid, "SIGCONT");
    await first.kill("SIGKILL");
    assertEquals(await ask("/"), [200, "call 4"]);
    const herd = await Promise.all(Array.from({ length: 20 }, () => ask("/")));
    assertEquals(herd.map(([status]) => status), Array(20).fill(200));
    await using _again = await MemcachedProcess.start([], { port: first.port });
    let [page, next] = [await ask("/"), await ask("/")];
    while (next[1] !== page[1]) {
      // Nothing else waits for sockets or timers while memcached is down.
      await new Promise((resolve) => setTimeout(resolve, 5));
      [page, next] = [next, await ask("/")];
    }
    assertEquals([errors, next[0]], [[], 200]);
  });
});

Deno.test("hono: a page that is stored without waiting rejects nothing without memcached", async () => {
  await using client = new Client("127.0.0.1:1", { timeout: 300, failover: "miss" });
  await withCaches(client, async () => {
    const { app, errors } = countingApp(false);
    const stored: Promise<unknown>[] = [];
    const context = {
      waitUntil: (promise: Promise<unknown>) => void stored.push(promise),
      passThroughOnException() {},
      props: {},
    };
    const response = await app.request("/", {}, {}, context);
    assertEquals([response.status, await response.text(), errors], [200, "call 1", []]);
    await Promise.all(stored);
    assertEquals(stored.length, 1);
  });
});

Deno.test("hono: without failover: miss, an app gets the error of memcached, and no page", async () => {
  await using client = new Client("127.0.0.1:1", { timeout: 300 });
  await withCaches(client, async () => {
    const { app, errors } = countingApp(true);
    const response = await app.request("/");
    assertEquals([response.status, await response.text()], [503, "Please try again"]);
    assertEquals(errors.map((error) => error instanceof SocketError), [true]);
  });
});
