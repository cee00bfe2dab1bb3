import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Client, ClientException } from "../../mod.ts";
import { type MoecacheCache, MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import type { ConformanceServer } from "../conformance/client_conformance.ts";
import { LISTS_EXACTLY, memcachedPath, MemcachedProcess } from "../support/memcached.ts";

const URL_ = "https://example.com/page";
const CHUNK = 1024;

interface Context {
  readonly client: Client;
  readonly caches: MoecacheCacheStorage;
  readonly cache: MoecacheCache;
  /** Lets the clock of the cache, not that of memcached, go on by so many milliseconds. */
  pass(milliseconds: number): void;
}

function response(body: BodyInit | null, headers: HeadersInit = {}): Response {
  return new Response(body, { headers });
}

function cacheControl(value: string): HeadersInit {
  return { "Cache-Control": value };
}

function asking(headers: HeadersInit): Request {
  return new Request(URL_, { headers });
}

async function textOf(
  cache: MoecacheCache,
  request: Request | string,
): Promise<string | undefined> {
  return await (await cache.match(request))?.text();
}

/** The keys of the items of one kind, of which there are so many. */
async function keysOf(kind: "head" | "body", client: Client, count: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of client.items()) if (key.includes(`:${kind}:`)) keys.push(key);
  assertEquals(keys.length, count);
  return keys.sort();
}

function pseudoRandomBytes(byteLength: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: byteLength }, (_, i) => (i * 7919) >> 3);
}

function describeCache(kind: string, start: () => Promise<ConformanceServer>): void {
  const test = (name: string, body: (context: Context) => Promise<void>) =>
    it(name, async () => {
      await using server = await start();
      await using client = new Client(server.address, { timeout: 10_000 });
      let now = Date.now();
      const caches = new MoecacheCacheStorage(client, { chunkByteLength: CHUNK, now: () => now });
      const cache = await caches.open("test");
      await body({ client, caches, cache, pass: (milliseconds) => now += milliseconds });
    });

  describe(`A cache on ${kind}`, () => {
    test("gives back what was put", async ({ cache }) => {
      const headers = [["Content-Type", "text/plain"], ["X-A", "1"], ["X-A", "2"]] as const;
      const given = new Response("body", {
        status: 404,
        statusText: "Gone Fishing",
        headers: headers.map(([name, value]): [string, string] => [name, value]),
      });
      await cache.put(URL_, given);
      const found = await cache.match(`${URL_}#part`);
      assertEquals([found?.status, found?.statusText], [404, "Gone Fishing"]);
      assertEquals([...found!.headers], [["content-type", "text/plain"], ["x-a", "1, 2"]]);
      assertEquals(await found!.text(), "body");
      assertEquals(await cache.match("https://example.com/other"), undefined);
    });

    test("gives back no body where there was none, and an empty one", async ({ cache }) => {
      await cache.put(URL_, new Response(null, { status: 204 }));
      assertEquals((await cache.match(URL_))?.body, null);
      await cache.put(URL_, response(""));
      assertEquals(await textOf(cache, URL_), "");
    });

    test("replaces what was put before", async ({ cache }) => {
      await cache.put(URL_, response("first"));
      await cache.put(URL_, response("second"));
      assertEquals(await textOf(cache, URL_), "second");
      assertEquals((await cache.matchAll(URL_)).length, 1);
    });

    test("keeps a variant for each value of what Vary names", async ({ cache }) => {
      const headers = { Vary: "X-A, x-b" };
      await cache.put(asking({ "X-A": "1" }), response("one", headers));
      await cache.put(asking({ "X-A": "2", "X-B": "3" }), response("two", headers));
      assertEquals(await textOf(cache, asking({ "X-A": "1" })), "one");
      assertEquals(await textOf(cache, asking({ "X-A": "2", "X-B": "3" })), "two");
      assertEquals(await cache.match(asking({ "X-A": "2" })), undefined);
      const any = await cache.match(asking({ "X-A": "2" }), { ignoreVary: true });
      assertEquals(await any?.text(), "one");
      const requests = await cache.keys(asking({ "X-A": "1", Cookie: "secret" }));
      assertEquals(requests.map(({ headers }) => [...headers]), [[["x-a", "1"]]]);
      assertEquals(await cache.delete(asking({ "X-A": "1" })), true);
      assertEquals(await textOf(cache, asking({ "X-A": "2", "X-B": "3" })), "two");
    });

    test("matches without the search and the method when asked to", async ({ cache }) => {
      await cache.put(`${URL_}?a=1`, response("one"));
      await cache.put(`${URL_}?a=2`, response("two"));
      assertEquals(await cache.match(URL_), undefined);
      assertEquals((await cache.matchAll(URL_, { ignoreSearch: true })).length, 2);
      const post = new Request(`${URL_}?a=1`, { method: "POST" });
      assertEquals(await cache.match(post), undefined);
      assertEquals(await (await cache.match(post, { ignoreMethod: true }))?.text(), "one");
      assertEquals(await cache.delete(URL_, { ignoreSearch: true }), true);
      assertEquals((await cache.keys()).length, 0);
    });

    test("refuses what the standard refuses", async ({ cache }) => {
      const post = new Request(URL_, { method: "POST" });
      await assertRejects(() => cache.put(post, response("")), TypeError, "must be GET");
      await assertRejects(() => cache.put("data:,x", response("")), TypeError, "must begin");
      const partial = new Response("", { status: 206 });
      await assertRejects(() => cache.put(URL_, partial), TypeError, "206");
      const varying = response("", { Vary: "a, *" });
      await assertRejects(() => cache.put(URL_, varying), TypeError, "Vary: *");
      const read = response("body");
      await read.text();
      await assertRejects(() => cache.put(URL_, read), TypeError, "read already");
    });

    test("does not store what must not be shared", async ({ cache }) => {
      for (const directive of ["no-store", "private", "no-cache", "max-age=0", "MAX-AGE=x"]) {
        await cache.put(URL_, response("body", cacheControl(`public, ${directive}`)));
        assertEquals(await cache.match(URL_), undefined, directive);
      }
      await cache.put(URL_, response("body", { "Set-Cookie": "a=b" }));
      await cache.put(URL_, response("body", { Expires: "0" }));
      await cache.put(asking({ Authorization: "Basic x" }), response("body"));
      assertEquals(await cache.match(URL_), undefined);
      const shared = response("body", cacheControl("public"));
      await cache.put(asking({ Authorization: "Basic x" }), shared);
      assertEquals(await textOf(cache, URL_), "body");
    });

    test("serves for as long as the response is fresh, and tells its age", async (context) => {
      const { cache, pass } = context;
      await cache.put(
        URL_,
        response("body", { ...cacheControl("max-age=5, s-maxage=60"), Age: "10" }),
      );
      pass(49_000);
      assertEquals((await cache.match(URL_))?.headers.get("Age"), "59");
      pass(1_000);
      assertEquals(await cache.match(URL_), undefined);
      const Date_ = new Date(0).toUTCString();
      await cache.put(
        URL_,
        response("body", { Date: Date_, Expires: new Date(9000).toUTCString() }),
      );
      pass(8_000);
      assertEquals(await textOf(cache, URL_), "body");
      pass(1_000);
      assertEquals(await cache.match(URL_), undefined);
    });

    test("streams a body in chunks, as it is asked for", async ({ client, cache }) => {
      const bytes = pseudoRandomBytes(10 * CHUNK + 7);
      let at = 0;
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= bytes.byteLength) return controller.close();
          controller.enqueue(bytes.slice(at, at += 777));
        },
      });
      await cache.put(URL_, response(stream));
      await keysOf("body", client, 11);
      const before = Number((await client.stats())[0]!.cmd_get);
      const found = await cache.match(URL_);
      const reader = found!.body!.getReader();
      assertEquals((await reader.read()).value, bytes.slice(0, CHUNK));
      // The head, the first chunk and a look at the other ten: nothing else has been read ahead.
      assert(Number((await client.stats())[0]!.cmd_get) - before <= 12);
      await reader.cancel();
      assertEquals(await (await cache.match(URL_))!.bytes(), bytes);
    });

    test("takes a body that lacks a chunk for a miss", async ({ client, cache }) => {
      for (const lost of [0, 1, 3]) {
        await client.flushAll();
        await cache.put(URL_, response(pseudoRandomBytes(3 * CHUNK + 1)));
        const keys = await keysOf("body", client, 4);
        assertEquals(await client.delete(keys[lost]!), true);
        assertEquals(await cache.match(URL_), undefined);
      }
    });

    test("fails to read a body that loses a chunk meanwhile", async ({ client, cache }) => {
      await cache.put(URL_, response(pseudoRandomBytes(3 * CHUNK)));
      const found = await cache.match(URL_);
      await client.delete((await keysOf("body", client, 3))[2]!);
      await assertRejects(() => found!.bytes(), ClientException, "has lost a part");
    });

    test("lets those who read a body go on when it is replaced", async ({ cache }) => {
      const bytes = pseudoRandomBytes(3 * CHUNK);
      await cache.put(URL_, response(bytes));
      const found = await cache.match(URL_);
      await cache.put(URL_, response("other"));
      assertEquals(await found!.bytes(), bytes);
    });

    test("keeps the old response when a new one's body fails", async ({ client, cache }) => {
      await cache.put(URL_, response("old"));
      let isFirst = true;
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (!isFirst) return controller.error(new Error("the origin is gone"));
          isFirst = false;
          controller.enqueue(new Uint8Array(3 * CHUNK));
        },
      });
      await assertRejects(() => cache.put(URL_, response(stream)), Error, "the origin is gone");
      assertEquals(await textOf(cache, URL_), "old");
      await keysOf("body", client, 1);
    });

    test("leaves no body behind when the response cannot be listed", async ({ client, cache }) => {
      await cache.put(URL_, response(null));
      const [head] = await keysOf("head", client, 1);
      await client.set(head!, "something else");
      const given = response(pseudoRandomBytes(3 * CHUNK));
      await assertRejects(() => cache.put(URL_, given), ClientException, "not an item of a cache");
      await keysOf("body", client, 0);
    });

    test("lists a response whose predecessor's body cannot be retired", async ({ client, cache }) => {
      await cache.put(URL_, response("old"));
      const touch = client.touch;
      client.touch = () => Promise.reject(new ClientException("no", undefined));
      await assertRejects(() => cache.put(URL_, response("new")), ClientException, "no");
      client.touch = touch;
      assertEquals(await textOf(cache, URL_), "new");
    });

    test("fails to put a clone whose other half nobody reads yet", async ({ client }) => {
      const tooLarge = { chunkByteLength: 2_000_000 };
      const cache = await new MoecacheCacheStorage(client, tooLarge).open("test");
      const given = response(new Uint8Array(2_500_000));
      await assertRejects(() => cache.put(URL_, given.clone()), ClientException, "too large");
      assertEquals((await given.bytes()).byteLength, 2_500_000);
      assertEquals(await cache.match(URL_), undefined);
    });

    test("loses no variant when many put at once", async ({ cache }) => {
      const names = Array.from({ length: 8 }, (_, i) => `${i}`);
      const headers = { Vary: "X-A" };
      await Promise.all(
        names.map((name) => cache.put(asking({ "X-A": name }), response(name, headers))),
      );
      const found = await Promise.all(names.map((name) => textOf(cache, asking({ "X-A": name }))));
      assertEquals(found, names);
    });

    test("fetches with add and addAll, all or nothing", async ({ cache }) => {
      await using web = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
        const isGood = request.url.endsWith("good");
        return new Response("body", { status: isGood ? 200 : 500 });
      });
      const origin = `http://127.0.0.1:${web.addr.port}`;
      const all = () => cache.addAll([`${origin}/good`, `${origin}/bad`]);
      await assertRejects(all, TypeError, "its status is 500");
      assertEquals(await cache.keys(), []);
      await cache.add(`${origin}/good`);
      assertEquals(await textOf(cache, `${origin}/good`), "body");
    });

    test("is one of several, of which one can be deleted", async ({ caches, cache }) => {
      const other = await caches.open("other: 100 % ä");
      assertEquals(await caches.keys(), ["test", "other: 100 % ä"]);
      await cache.put(URL_, response("test"));
      await other.put(URL_, response("other"));
      assertEquals(await (await caches.match(URL_))?.text(), "test");
      const named = await caches.match(URL_, { cacheName: "other: 100 % ä" });
      assertEquals(await named?.text(), "other");
      assertEquals([await caches.delete("test"), await caches.delete("test")], [true, false]);
      assertEquals([await caches.has("test"), await caches.has("other: 100 % ä")], [false, true]);
      assertEquals(await cache.match(URL_), undefined);
      assertEquals(await (await caches.match(URL_))?.text(), "other");
    });

    test("does not take what others stored for its own", async ({ client, cache }) => {
      await cache.put(URL_, response("body"));
      const [key] = await keysOf("head", client, 1);
      await client.set(key!, "something else");
      await assertRejects(() => cache.match(URL_), ClientException, "not an item of a cache");
    });
  });
}

describeCache("the embedded server", () => MemcachedServer.listen());
if (memcachedPath() !== undefined) {
  describeCache("memcached", () => MemcachedProcess.start(LISTS_EXACTLY));
}
