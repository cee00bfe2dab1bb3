import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Client,
  ClientException,
  jsonTranscoder,
  rawTranscoder,
  type Transcoder,
} from "../../mod.ts";
import { enyimTranscoder } from "../../src/transcoding/enyim_transcoder.ts";
import { type MoecacheCache, MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import type { TestServer } from "../support/every_server.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";

const URL_ = "https://example.com/page";
const CHUNK = 1024;

interface Context {
  readonly client: Client;
  readonly caches: MoecacheCacheStorage;
  readonly cache: MoecacheCache;
  /** Lets the clock of the cache, not that of memcached, go on by some milliseconds. */
  pass(milliseconds: number): void;
  /** What that clock says. */
  now(): number;
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

/** The keys of the items of one kind, when there are this many. */
async function keysOf(kind: "head" | "body", client: Client, count: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of client.items()) if (key.includes(`:${kind}:`)) keys.push(key);
  assertEquals(keys.length, count);
  return keys.sort();
}

function pseudoRandomBytes(byteLength: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: byteLength }, (_, i) => (i * 7919) >> 3);
}

/** @param start Starts a server, one whose items have less than 128 KB where that is asked for. */
function describeCache(
  kind: string,
  start: (hasSmallItems: boolean) => Promise<TestServer>,
): void {
  const test = (name: string, body: (context: Context) => Promise<void>) =>
    it(name, async () => {
      await using server = await start(false);
      await using client = new Client(server.address, { timeout: 10_000 });
      let now = Date.now();
      const caches = new MoecacheCacheStorage(client, { chunkByteLength: CHUNK, now: () => now });
      const cache = await caches.open("test");
      const pass = (milliseconds: number) => now += milliseconds;
      await body({ client, caches, cache, pass, now: () => now });
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
      const expected = [["age", "0"], ["content-type", "text/plain"], ["x-a", "1, 2"]];
      assertEquals([...found!.headers], expected);
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
      for (const other of ["body", null, undefined, {}] as unknown as Response[]) {
        await assertRejects(() => cache.put(URL_, other), TypeError, "it is not a Response");
      }
      const nothing = undefined as unknown as Request;
      for (const call of [cache.match, cache.delete, cache.add].map((call) => call.bind(cache))) {
        await assertRejects(() => call(nothing), TypeError, "it needs a request");
      }
      await assertRejects(() => cache.addAll([URL_, nothing]), TypeError, "it needs a request");
      await assertRejects(() => cache.put(nothing, response("")), TypeError, "it needs a request");
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

    test("does not store a 304, whose body only one visitor has", async ({ cache }) => {
      const conditional = asking({ "If-None-Match": '"1"' });
      const headers = { ETag: '"1"', ...cacheControl("max-age=60") };
      await cache.put(conditional, new Response(null, { status: 304, headers }));
      assertEquals(await cache.match(URL_), undefined);
      await cache.put(URL_, response("body", headers));
      await cache.put(conditional, new Response(null, { status: 304, headers }));
      assertEquals(await textOf(cache, URL_), "body");
    });

    test("serves for as long as the response is fresh, with its age", async (context) => {
      const { cache, pass } = context;
      await cache.put(
        URL_,
        response("body", { ...cacheControl("max-age=5, s-maxage=60"), Age: "10" }),
      );
      pass(49_000);
      assertEquals((await cache.match(URL_))?.headers.get("Age"), "59");
      pass(1_000);
      assertEquals(await cache.match(URL_), undefined);
      // HTTP's dates have whole seconds, so that this one is up to a second old.
      const Date_ = new Date().toUTCString();
      const Expires = new Date(Date.parse(Date_) + 60_000).toUTCString();
      pass(Date.parse(Date_) - context.now());
      await cache.put(URL_, response("body", { Date: Date_, Expires }));
      pass(59_000);
      assertEquals(await textOf(cache, URL_), "body");
      pass(1_000);
      assertEquals(await cache.match(URL_), undefined);
    });

    test("sets the age of each response, including the age that it had", async (context) => {
      const { cache, pass, now } = context;
      const ageOf = async () => (await cache.match(URL_))?.headers.get("Age");
      await cache.put(URL_, response("body"));
      pass(5_000);
      assertEquals(await ageOf(), "5");
      await cache.put(URL_, response("body", { ...cacheControl("max-age=60"), Age: "10, 20" }));
      pass(5_000);
      assertEquals(await ageOf(), "15");
      pass(Math.ceil(now() / 1000) * 1000 - now());
      const Date_ = new Date(now() - 30_000).toUTCString();
      await cache.put(URL_, response("body", { ...cacheControl("max-age=60"), Date: Date_ }));
      pass(29_000);
      assertEquals(await ageOf(), "59");
      pass(1_000);
      assertEquals(await ageOf(), undefined);
    });

    test("does not store the answer to a request that says no-store", async ({ cache }) => {
      await cache.put(asking(cacheControl("no-store")), response("body"));
      assertEquals(await cache.match(URL_), undefined);
    });

    test("judges and stores what the response was at the call", async ({ cache }) => {
      const given = response("body", { ...cacheControl("max-age=60"), Vary: "X-A", "X-B": "1" });
      const putting = cache.put(asking({ "X-A": "1" }), given);
      assertEquals([given.bodyUsed || given.body?.locked], [true]);
      given.headers.set("Set-Cookie", "session=secret");
      given.headers.set("X-B", "2");
      given.headers.delete("Vary");
      await putting;
      const found = await cache.match(asking({ "X-A": "1" }));
      assertEquals([found?.headers.get("Set-Cookie"), found?.headers.get("X-B")], [null, "1"]);
      assertEquals(await cache.match(asking({ "X-A": "2" })), undefined);
    });

    test("leaves a request's body to the caller, and takes one that was read", async (context) => {
      const { cache, caches } = context;
      await cache.put(URL_, response("body"));
      const makePost = () => new Request(URL_, { method: "POST", body: "form" });
      const asking = [
        (request: Request) => cache.match(request, { ignoreMethod: true }),
        (request: Request) => cache.matchAll(request),
        (request: Request) => cache.keys(request),
        (request: Request) => cache.delete(request),
        (request: Request) => caches.match(request),
      ];
      for (const ask of asking) {
        const post = makePost();
        await ask(post);
        assertEquals(await post.text(), "form");
        await ask(post);
      }
      await assertRejects(() => cache.put(makePost(), response("body")), TypeError, "must be GET");
    });

    test("compares a request as it was at the call", async ({ cache, caches }) => {
      await cache.put(asking({ "X-A": "1" }), response("body", { Vary: "X-A" }));
      const ask = [
        (request: Request) => caches.match(request),
        (request: Request) => cache.match(request),
      ];
      for (const match of ask) {
        const request = asking({ "X-A": "1" });
        const found = match(request);
        request.headers.set("X-A", "2");
        assertEquals(await (await found)?.text(), "body");
      }
      const options = { ignoreVary: false };
      const found = cache.match(URL_, options);
      options.ignoreVary = true;
      assertEquals(await found, undefined);
    });

    test("stores nothing that it could not give back, or compare", async ({ client, cache }) => {
      // As an origin on the network may answer, which `new Response` cannot make.
      const odd = (status: number) =>
        Object.defineProperty(response("body"), "status", { value: status });
      for (const status of [999, 600, NaN]) {
        await assertRejects(() => cache.put(URL_, odd(status)), TypeError, `status is ${status}`);
      }
      const none = { status: 200 } as unknown as Response;
      await assertRejects(() => cache.put(URL_, none), TypeError, "it is not a Response");
      await cache.put(URL_, response("body", { Vary: "Accept Language" }));
      assertEquals(await cache.match(URL_), undefined);
      const transferred = Uint8Array.of(1, 2);
      structuredClone(transferred, { transfer: [transferred.buffer] });
      const stream = new ReadableStream({
        start(controller) {
          controller.enqueue(transferred);
          controller.close();
        },
      });
      await assertRejects(() => cache.put(URL_, response(stream)), TypeError);
      await keysOf("body", client, 0);
      const framework = { status: 200, headers: new Headers(), body: null } as unknown as Response;
      await cache.put(URL_, framework);
      assertEquals((await cache.match(URL_))?.statusText, "");
    });

    test("does not store the headers of a connection", async ({ cache }) => {
      const headers = {
        Connection: "X-Hop, close",
        "X-Hop": "1",
        "Keep-Alive": "timeout=5",
        "X-End": "1",
      };
      await cache.put(URL_, response("body", { ...headers, "Transfer-Encoding": "chunked" }));
      const found = [...(await cache.match(URL_))?.headers.keys() ?? []].sort();
      assertEquals(found, ["age", "content-type", "x-end"]);
    });

    test("lists in the order of storing, also within a millisecond", async ({ cache }) => {
      // Their time is that of the test's clock, which stands still.
      const urls = Array.from({ length: 40 }, (_, i) => `${URL_}/${i}`);
      for (const url of urls.slice(0, 20)) await cache.put(url, response("body"));
      await Promise.all(urls.slice(20).map((url) => cache.put(url, response("body"))));
      assertEquals((await cache.keys()).map(({ url }) => url), urls);
    });

    test("lists for many at once", async ({ cache }) => {
      await cache.put(URL_, response("body"));
      const listed = await Promise.all(Array.from({ length: 20 }, () => cache.keys()));
      assertEquals(listed.map(({ length }) => length), Array(20).fill(1));
      await cache.put(`${URL_}2`, response("body"));
      const [before, , after] = await Promise.all([
        cache.keys(),
        cache.put(`${URL_}3`, response("body")),
        // Joins no list that began before it was asked for.
        cache.put(`${URL_}4`, response("body")).then(() => cache.keys()),
      ]);
      assert(before.length >= 2 && after.some(({ url }) => url === `${URL_}4`));
    });

    test("stores no chunks but those that a Response of this runtime takes", async (context) => {
      const { client, cache } = context;
      const streamOf = (...chunks: unknown[]) =>
        new ReadableStream({
          start(controller) {
            for (const chunk of chunks) controller.enqueue(chunk);
            controller.close();
          },
        });
      const bytes = Uint8Array.of(1, 2);
      for (const chunk of ["text", new Uint16Array(2), bytes.buffer, 5, null, {}, undefined]) {
        const read = await new Response(streamOf(bytes, chunk)).bytes().catch(() => undefined);
        const put = cache.put(URL_, response(streamOf(bytes, chunk)));
        if (read === undefined) await assertRejects(() => put, TypeError);
        else await put;
        assertEquals(await (await cache.match(URL_))?.bytes(), read);
      }
      await keysOf("body", client, 0);
    });

    test("streams a body in chunks when they are read", async ({ client, cache }) => {
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

    test("treats a body that lacks a chunk as a miss", async ({ client, cache }) => {
      for (const lost of [0, 1, 3]) {
        await client.flushAll();
        await cache.put(URL_, response(pseudoRandomBytes(3 * CHUNK + 1)));
        const keys = await keysOf("body", client, 4);
        assertEquals(await client.delete(keys[lost]!), true);
        assertEquals(await cache.match(URL_), undefined);
      }
    });

    test("fails to read a body that loses a chunk during the read", async ({ client, cache }) => {
      await cache.put(URL_, response(pseudoRandomBytes(3 * CHUNK)));
      const found = await cache.match(URL_);
      await client.delete((await keysOf("body", client, 3))[2]!);
      await assertRejects(() => found!.bytes(), ClientException, "has lost a part");
    });

    test("lets readers of a body continue when it is replaced", async ({ cache }) => {
      const bytes = pseudoRandomBytes(3 * CHUNK);
      await cache.put(URL_, response(bytes));
      const found = await cache.match(URL_);
      await cache.put(URL_, response("other"));
      assertEquals(await found!.bytes(), bytes);
    });

    test("keeps a body that expires for those who still read it", async ({ client, cache }) => {
      const headers = cacheControl("max-age=100");
      await cache.put(URL_, response(pseudoRandomBytes(3 * CHUNK), headers));
      const items = await Array.fromAsync(await keysOf("body", client, 3), (key) => {
        return client.inspect(key);
      });
      // The first chunk is read when the response is found.
      const minutes = items.map((item) => Math.floor((item?.ttl ?? 0) / 60));
      assertEquals(minutes, [1, 2, 2]);
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

    test("deletes the body when the response cannot be listed", async ({ client, cache }) => {
      await cache.put(URL_, response(null));
      const [head] = await keysOf("head", client, 1);
      await client.set(head!, "something else");
      const given = response(pseudoRandomBytes(3 * CHUNK));
      await assertRejects(() => cache.put(URL_, given), ClientException, "not an item of a cache");
      await keysOf("body", client, 0);
    });

    test("lists a response whose predecessor's body cannot be retired", async ({ client, cache }) => {
      await cache.put(URL_, response("old"));
      // A client whose keys cannot be touched.
      const withTranscoder = client.withTranscoder.bind(client);
      const touch = () => Promise.reject(new ClientException("no", undefined));
      client.withTranscoder = (transcoder) => ({ ...withTranscoder(transcoder), touch });
      const same = await new MoecacheCacheStorage(client).open("test");
      await assertRejects(() => same.put(URL_, response("new")), ClientException, "no");
      assertEquals(await textOf(cache, URL_), "new");
    });

    test("fails to put a clone whose other half is not read yet", async ({ client }) => {
      const tooLarge = { chunkByteLength: 2_000_000 };
      const cache = await new MoecacheCacheStorage(client, tooLarge).open("test");
      const given = response(new Uint8Array(2_500_000));
      await assertRejects(() => cache.put(URL_, given.clone()), ClientException, "too large");
      assertEquals((await given.bytes()).byteLength, 2_500_000);
      assertEquals(await cache.match(URL_), undefined);
    });

    test("loses no variant when many put at once", async ({ cache }) => {
      const names = Array.from({ length: 64 }, (_, i) => `${i}`);
      const headers = { Vary: "X-A" };
      await Promise.all(
        names.map((name) => cache.put(asking({ "X-A": name }), response(name, headers))),
      );
      const found = await Promise.all(names.map((name) => textOf(cache, asking({ "X-A": name }))));
      assertEquals(found, names);
    });

    test("lets the last one win when many put the same at once", async ({ cache }) => {
      const names = Array.from({ length: 100 }, (_, i) => `${i}`);
      // The key of the long address is a hash.
      for (const url of [URL_, `${URL_}?${"x".repeat(300)}`]) {
        await Promise.all(names.map((name) => cache.put(url, response(name))));
        assertEquals(await textOf(cache, url), "99");
        assertEquals((await cache.matchAll(url)).length, 1);
      }
    });

    test("lets many put the same and open caches at once, each on its own", async ({ client }) => {
      const all = Array.from({ length: 100 }, async (_, i) => {
        const caches = new MoecacheCacheStorage(client);
        await (await caches.open("herd")).put(URL_, response(`${i}`));
        await caches.open(`${i}`);
      });
      await Promise.all(all);
      const caches = new MoecacheCacheStorage(client);
      assertEquals((await caches.keys()).length, 102);
      assert(/^\d+$/.test(await textOf(await caches.open("herd"), URL_) ?? ""));
    });

    test("lets many open caches at once", async ({ caches }) => {
      const names = Array.from({ length: 100 }, (_, i) => `${i}`);
      await Promise.all(names.map((name) => caches.open(name)));
      assertEquals(await caches.keys(), ["test", ...names]);
    });

    test("lets the oldest variants go when an item cannot hold all", async ({ client, cache }) => {
      const names = Array.from({ length: 20 }, (_, i) => `${i}`);
      const put = (name: string, byteLength = 100_000) =>
        cache.put(
          asking({ "X-A": name }),
          response(name, { Vary: "X-A", "X-B": "x".repeat(byteLength) }),
        );
      const found = async () => {
        const texts = await Promise.all(
          names.map((name) => textOf(cache, asking({ "X-A": name }))),
        );
        return texts.filter((text) => text !== undefined);
      };
      for (const name of names) await put(name);
      assertEquals(await found(), names.slice(-9));
      await keysOf("body", client, 20);
      // What no item holds is refused, and costs the others nothing.
      await assertRejects(() => put("huge", 2_000_000), ClientException, "too large");
      assertEquals(await found(), names.slice(-9));
      const both = await Promise.allSettled([put("huge", 2_000_000), put("0", 100), put("1", 100)]);
      assertEquals(both.map(({ status }) => status), ["rejected", "fulfilled", "fulfilled"]);
      assertEquals((await found()).slice(0, 2), ["0", "1"]);
      assertEquals((await found()).length, 11);
    });

    it("does not depend on the client's transcoder, and accepts a namespace as the client", async () => {
      await using server = await start(false);
      await using plain = new Client(server.address, { timeout: 10_000 });
      const bytes = pseudoRandomBytes(2 * CHUNK + 1);
      await (await new MoecacheCacheStorage(plain).open("test")).put(URL_, response(bytes));
      for (const transcoder of [jsonTranscoder, enyimTranscoder, rawTranscoder as Transcoder]) {
        await using client = new Client(server.address, { transcoder, timeout: 10_000 });
        const cache = await new MoecacheCacheStorage(client).open("test");
        assertEquals(await (await cache.match(URL_))?.bytes(), bytes);
        await cache.put(`${URL_}/${"long".repeat(100)}`, response("long"));
        assertEquals(await textOf(cache, `${URL_}/${"long".repeat(100)}`), "long");
      }
      const namespace = plain.namespace("outer:");
      const cache = await new MoecacheCacheStorage(namespace).open("test");
      assertEquals(await cache.match(URL_), undefined);
      const long = `${URL_}/${"x".repeat(100)}`;
      await cache.put(long, response("long"));
      assertEquals(await textOf(cache, long), "long");
      await assertRejects(() => cache.keys(), ClientException, "Cannot list keys");
      await namespace.invalidateAll();
      assertEquals(await cache.match(long), undefined);
    });

    it("finds out how much an item holds where it is less than usual", async () => {
      await using server = await start(true);
      await using client = new Client(server.address, { timeout: 10_000 });
      const cache = await new MoecacheCacheStorage(client, { chunkByteLength: CHUNK }).open("test");
      const found = async () => {
        const keys = await cache.keys(URL_, { ignoreVary: true });
        return keys.map(({ headers }) => headers.get("X-A"));
      };
      for (let i = 0; i < 12; i++) {
        const headers = { Vary: "X-A", "X-B": "x".repeat(20_000) };
        await cache.put(asking({ "X-A": `${i}` }), response("body", headers));
        const names = await found();
        assertEquals(names.at(-1), `${i}`);
        // Each time that a list is refused, a quarter goes.
        assert(names.length >= Math.min(i + 1, 3), `${names}`);
      }
    });

    test("fetches with add and addAll, all or nothing", async ({ cache }) => {
      await using web = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
        const isGood = request.url.includes("good");
        const headers = { Vary: "X-A" };
        return new Response("body", { status: isGood ? 200 : 500, headers });
      });
      const origin = `http://127.0.0.1:${web.addr.port}`;
      const all = () => cache.addAll([`${origin}/good`, `${origin}/bad`]);
      await assertRejects(all, TypeError, "its status is 500");
      assertEquals(await cache.keys(), []);
      await cache.add(`${origin}/good`);
      assertEquals(await textOf(cache, `${origin}/good`), "body");
      const asking = (path: string, value: string) =>
        new Request(`${origin}${path}`, { headers: { "X-A": value } });
      const twice = () =>
        cache.addAll([asking("/good?a", "1"), `${origin}/good?b`, asking("/good?a#b", "1")]);
      const error = await assertRejects(twice, DOMException, "twice");
      assertEquals(error.name, "InvalidStateError");
      assertEquals((await cache.keys()).length, 1);
      await cache.addAll([asking("/good?a", "1"), asking("/good?a", "2"), `${origin}/good?a`]);
      assertEquals((await cache.keys()).length, 4);
    });

    test("stores what fetch has decoded without the headers of its encoding", async ({ cache }) => {
      const text = "encoded ".repeat(1000);
      const stream = () => new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
      const zipped = new Uint8Array(await new Response(stream()).arrayBuffer());
      const headers = {
        ...cacheControl("max-age=60"),
        "Content-Encoding": "gzip",
        "Content-Length": `${zipped.length}`,
      };
      await using web = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen() {} },
        () => new Response(zipped, { headers }),
      );
      const origin = `http://127.0.0.1:${web.addr.port}`;
      await cache.add(`${origin}/added`);
      await cache.put(`${origin}/put`, await fetch(`${origin}/put`));
      for (const path of ["added", "put"]) {
        const found = await cache.match(`${origin}/${path}`);
        assertEquals(found?.headers.get("Content-Encoding"), null);
        assertEquals(found?.headers.get("Content-Length"), null);
        assertEquals(await found?.text(), text);
      }
      // A response of the program's own was never decoded.
      await cache.put(`${origin}/own`, new Response(zipped, { headers }));
      const own = await cache.match(`${origin}/own`);
      assertEquals(own?.headers.get("Content-Encoding"), "gzip");
      assertEquals(own?.headers.get("Content-Length"), `${zipped.length}`);
      assertEquals(new Uint8Array(await own!.arrayBuffer()), zipped);
    });

    test("gives up add and addAll with the signal of a request", async ({ client, cache }) => {
      const asked = Promise.withResolvers<void>();
      await using web = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
        // It sends a part of the body, and never the rest.
        const start = (controller: ReadableStreamDefaultController) =>
          controller.enqueue(new Uint8Array(3 * CHUNK));
        const pull = () => asked.resolve();
        const isEndless = request.url.endsWith("endless");
        return new Response(isEndless ? new ReadableStream({ start, pull }) : "body");
      });
      const origin = `http://127.0.0.1:${web.addr.port}`;
      const aborted = new Request(`${origin}/`, { signal: AbortSignal.abort(new Error("early")) });
      await assertRejects(() => cache.add(aborted), Error, "early");
      const controller = new AbortController();
      const endless = new Request(`${origin}/endless`, { signal: controller.signal });
      const adding = cache.addAll([endless]);
      await asked.promise;
      controller.abort(new Error("enough"));
      await assertRejects(() => adding, Error, "enough");
      assertEquals(await cache.keys(), []);
      await keysOf("body", client, 0);
    });

    test("is one of several caches, and can be deleted alone", async ({ caches, cache }) => {
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

    test("lists a cache that is opened again while it is deleted", async ({ caches }) => {
      const deleting = caches.delete("test");
      await caches.open("test");
      assertEquals(await deleting, true);
      assertEquals(await caches.keys(), ["test"]);
    });

    test("opens and deletes a cache in the order of the calls", async ({ caches }) => {
      const ends = [caches.delete("test"), caches.open("test"), caches.delete("test")];
      const [first, , last] = await Promise.all(ends);
      assertEquals([first, last, await caches.keys()], [true, true, []]);
      await Promise.all([caches.open("test"), caches.delete("test"), caches.open("test")]);
      assertEquals(await caches.keys(), ["test"]);
      await Promise.all([caches.delete("test"), caches.delete("test")]);
      assertEquals(await caches.keys(), []);
    });

    test("lists no cache again that is deleted while match() searches it", async (context) => {
      const { client, caches } = context;
      const withTranscoder = client.withTranscoder.bind(client);
      client.withTranscoder = (transcoder) => {
        const commands = withTranscoder(transcoder);
        const get = async <Value>(key: string) => {
          const value = await commands.get<Value>(key);
          if (key === "cache:names") await caches.delete("test");
          return value;
        };
        return { ...commands, get };
      };
      assertEquals(await new MoecacheCacheStorage(client).match(URL_), undefined);
      assertEquals(await caches.keys(), []);
    });

    test("lists a cache again that is opened after its name was lost", async ({ caches, client }) => {
      await client.delete("cache:names");
      assertEquals(await caches.has("test"), false);
      await caches.open("test");
      assertEquals(await caches.keys(), ["test"]);
      await new MoecacheCacheStorage(client).delete("test");
      assertEquals(await caches.match(URL_), undefined);
      await caches.open("test");
      assertEquals(await caches.has("test"), true);
    });

    test("converts names to strings", async ({ caches, client }) => {
      const odd = [undefined, null, 5, { toString: () => "text" }] as unknown as string[];
      for (const name of odd) await caches.open(name);
      assertEquals(await caches.keys(), ["test", "undefined", "null", "5", "text"]);
      assertEquals(await caches.has(undefined as unknown as string), true);
      assertEquals(await caches.delete(null as unknown as string), true);
      await assertRejects(() => caches.open(Symbol("name") as unknown as string), TypeError);
      for (const call of [caches.open, caches.has, caches.delete]) {
        await assertRejects(
          () => (call as () => Promise<unknown>).call(caches),
          TypeError,
          "a name",
        );
      }
      assertEquals(await caches.match(URL_), undefined);
      assertEquals(await new MoecacheCacheStorage(client).keys(), [
        "test",
        "undefined",
        "5",
        "text",
      ]);
    });

    test("treats only its own items as names of caches", async ({ caches, client }) => {
      const { value, flags } = await client.meta("mg", "cache:names", ["v", "f"]);
      assertEquals(new TextDecoder().decode(value), '["test"]');
      const store = (text: string) => client.meta("ms", "cache:names", [`F${flags.f}`], text);
      await store('["test",null,{"a":1}]');
      assertEquals(await caches.keys(), ["test"]);
      for (const text of ["{}", "x", '"test"']) {
        await store(text);
        await assertRejects(() => caches.keys(), ClientException, "not an item of a cache");
        await assertRejects(() => caches.open(text), ClientException, "not an item of a cache");
      }
    });

    test("treats only its own items as entries", async ({ client, cache }) => {
      await cache.put(URL_, response("body"));
      const [key = ""] = await keysOf("head", client, 1);
      const { value, flags } = await client.meta("mg", key, ["v", "f"]);
      const [entry] = JSON.parse(new TextDecoder().decode(value));
      const others = [null, 5, {}, { ...entry, headers: [1] }, { ...entry, body: {} }];
      const text = JSON.stringify([...others, entry]);
      await client.meta("ms", key, [`F${flags.f}`], text);
      assertEquals(await textOf(cache, URL_), "body");
    });

    test("does not treat values of others as its own", async ({ client, cache }) => {
      await cache.put(URL_, response("body"));
      const [key] = await keysOf("head", client, 1);
      await client.set(key!, "something else");
      await assertRejects(() => cache.match(URL_), ClientException, "not an item of a cache");
    });
  });
}

describeCache(
  "the embedded server",
  (hasSmallItems) => MemcachedServer.listen(hasSmallItems ? { maxItemSize: 128 * 1024 } : {}),
);
if (memcachedPath() !== undefined) {
  describeCache("memcached", async (hasSmallItems) => {
    if (!hasSmallItems) return await MemcachedProcess.start();
    const chunks = (most: number) => ["-I", "128k", "-o", `slab_chunk_max=${most}`];
    try {
      return await MemcachedProcess.start(chunks(64 * 1024));
    } catch (error) {
      // Newer versions take kilobytes, as memcached's help has always said.
      if (!`${error}`.includes("must be specified in kilobytes")) throw error;
      return await MemcachedProcess.start(chunks(64));
    }
  });
}
