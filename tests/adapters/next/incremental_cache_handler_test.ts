import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { stub } from "@std/testing/mock";
import { Client, SocketError, ValidationException } from "../../../mod.ts";
import { MemcachedServer } from "../../../src/testing/mod.ts";
import {
  nextIncrementalCacheHandler,
  type NextIncrementalCacheHandlerClass,
  type NextIncrementalCacheHandlerOptions,
} from "../../../src/adapters/next.ts";
import { onEveryServer } from "../../support/every_server.ts";
import { inEnvironment } from "./in_environment.ts";

const NOWHERE = "127.0.0.1:1";
const PAGE = { kind: "APP_PAGE", isFallback: false };
const FETCH = { kind: "FETCH", revalidate: 60 };
const CONTROL = { cacheControl: { revalidate: 60, expire: 3600 } };

function pageOf(html: string, tags = "_N_T_/layout,_N_T_/page,menu") {
  return {
    kind: "APP_PAGE",
    html,
    rscData: Buffer.from("rsc"),
    headers: { "x-next-cache-tags": tags, "content-type": ["a", "b"] },
    status: 200,
    postponed: undefined,
    segmentData: new Map([["/_tree", Buffer.from("tree")], ["/page", Buffer.from([0, 255])]]),
  };
}

function dataOf(body: string) {
  return { kind: "FETCH", data: { headers: {}, body, url: "u", status: 200 }, revalidate: 60 };
}

/** The HTML that a request gets. */
async function htmlOf(Handler: NextIncrementalCacheHandlerClass, key = "/page") {
  return (await new Handler().get(key, PAGE))?.value?.html;
}

/** Renders a page for a request, as Next does: it asks first. */
async function render(Handler: NextIncrementalCacheHandlerClass, key: string, html: string) {
  const request = new Handler();
  await request.get(key, PAGE);
  await request.set(key, pageOf(html), CONTROL);
}

onEveryServer("nextIncrementalCacheHandler()", (test) => {
  test("gives pages, routes, data and images back in every process", async (client, other) => {
    const One = nextIncrementalCacheHandler({ client, buildId: "1" });
    const Two = nextIncrementalCacheHandler({ client: other, buildId: "1" });
    const route = { kind: "APP_ROUTE", body: Buffer.from([1, 200]), status: 200, headers: {} };
    const pages = {
      kind: "PAGES",
      html: `\ufeff${"<p>€</p>".repeat(100)}`,
      pageData: { a: [1] },
      status: 404,
    };
    const image = { kind: "IMAGE", etag: "e", buffer: Buffer.from("png"), extension: "png" };
    const large = pageOf("<p>\u0000\n€</p>".repeat(300_000));
    const values = [
      ["/page", pageOf("<p>Hi</p>"), PAGE, CONTROL],
      ["/large", large, PAGE, CONTROL],
      ["/empty", { ...pageOf(""), segmentData: new Map() }, PAGE, CONTROL],
      ["/route", route, { kind: "APP_ROUTE" }, { cacheControl: { revalidate: false } }],
      ["/pages", pages, { kind: "PAGES" }, CONTROL],
      ["abc", dataOf("text"), FETCH, { fetchCache: true, tags: ["a"] }],
      ["abc", image, { kind: "IMAGE" }, { ...CONTROL, kind: "IMAGE" }],
    ] as const;
    for (const [key, data, getContext, setContext] of values) {
      const request = new One();
      const start = Date.now();
      assertEquals((await request.get(`${key}?`, getContext))?.value, undefined);
      await request.set(key, data, setContext);
      for (const Handler of [One, Two]) {
        const found = await new Handler().get(key, getContext);
        assert(found?.value && found.lastModified >= start);
        const { postponed: _, ...expected } = { postponed: undefined, ...data };
        assertEquals(found.value, expected);
        const cacheControl = "cacheControl" in setContext ? setContext.cacheControl : undefined;
        assertEquals(found.cacheControl, cacheControl);
      }
    }
    const found = await new Two().get("/page", PAGE);
    assert(Buffer.isBuffer(found?.value?.rscData));
    const segments = found.value.segmentData as Map<string, Buffer>;
    assert(Buffer.isBuffer(segments.get("/page")));
    // A page that does not exist.
    const request = new One();
    await request.get("/none", PAGE);
    await request.set("/none", null, CONTROL);
    assertEquals((await new Two().get("/none", PAGE))?.value, null);
    request.resetRequestCache();
  });

  test("revalidates tags and paths in every process", async (client, other) => {
    const One = nextIncrementalCacheHandler({ client, buildId: "1" });
    const Two = nextIncrementalCacheHandler({ client: other, buildId: "1" });
    for (const tags of ["menu", ["other", "_N_T_/page"]]) {
      await render(One, "/page", "old");
      assertEquals(await htmlOf(Two), "old");
      await new Two().revalidateTag(tags);
      assertEquals([await htmlOf(One), await htmlOf(Two)], [undefined, undefined]);
      await render(Two, "/page", "new");
      assertEquals(await htmlOf(One), "new");
    }
    const set = async () => {
      const request = new One();
      await request.get("abc", FETCH);
      await request.set("abc", dataOf("text"), { fetchCache: true, tags: ["a"] });
    };
    const get = async (context: Record<string, unknown> = {}) => {
      return (await new Two().get("abc", { ...FETCH, ...context }))?.value?.kind;
    };
    for (const [tag, context] of [["a", {}], ["b", { tags: ["b"] }], ["c", { softTags: ["c"] }]]) {
      await set();
      assertEquals(await get(context as Record<string, unknown>), "FETCH");
      await new One().revalidateTag(tag as string);
      assertEquals(await get(context as Record<string, unknown>), undefined);
    }
    await set();
    assertEquals(await get(), "FETCH");
    const request = new Two({ revalidatedTags: ["a"] });
    assertEquals(await request.get("abc", FETCH), null);
  });

  test("serves a stale page once more", async (client, other) => {
    const One = nextIncrementalCacheHandler({ client, buildId: "1" });
    const Two = nextIncrementalCacheHandler({ client: other, buildId: "1" });
    await render(One, "/page", "old");
    await new One().revalidateTag("menu", { expire: 3600 });
    const stale = await new Two().get("/page", PAGE);
    assertEquals(stale?.value?.html, "old");
    // Older than its `revalidate`, and not older than its `expire`.
    const age = Date.now() - (stale?.lastModified ?? 0);
    assert(age > 60_000 && age < 3_600_000);
    await render(Two, "/page", "new");
    const fresh = await new One().get("/page", PAGE);
    assert(fresh?.value?.html === "new" && Date.now() - fresh.lastModified < 60_000);
    // One that is never rendered again by itself is rendered before it is served.
    const request = new One();
    await request.get("/endless", PAGE);
    await request.set("/endless", pageOf("old"), { cacheControl: { revalidate: false } });
    await new One().revalidateTag("menu", { expire: 3600 });
    assertEquals((await new Two().get("/endless", PAGE))?.lastModified, -1);
    await new One().revalidateTag("menu", { expire: 0 });
    assertEquals(await new Two().get("/endless", PAGE), null);
  });

  test("stores nothing under a tag that was revalidated meanwhile", async (client, other) => {
    const One = nextIncrementalCacheHandler({ client, buildId: "1" });
    const Two = nextIncrementalCacheHandler({ client: other, buildId: "1" });
    const request = new One();
    assertEquals(await request.get("/page", PAGE), null);
    await new Two().revalidateTag("menu");
    // Another request of the process learns of it.
    await new One().get("/page", PAGE);
    await request.set("/page", pageOf("read before the change"), CONTROL);
    assertEquals([await htmlOf(One), await htmlOf(Two)], [undefined, undefined]);
    await render(One, "/page", "read after it");
    assertEquals(await htmlOf(Two), "read after it");
    // Next revalidates on demand without asking first.
    await new One().set("/page", pageOf("on demand"), CONTROL);
    assertEquals(await htmlOf(Two), "on demand");
  });

  test("stores what was read before a revalidation under its number", async (client, other) => {
    const One = nextIncrementalCacheHandler({ client, buildId: "1" });
    const Two = nextIncrementalCacheHandler({ client: other, buildId: "1" });
    const set = async (request: InstanceType<typeof One>, body: string) => {
      await request.set("abc", dataOf(body), { fetchCache: true, tags: ["a"] });
    };
    const bodyOf = async () => {
      const value = (await new Two().get("abc", FETCH))?.value;
      return (value?.data as { body: string } | undefined)?.body;
    };
    // `unstable_cache` has no lock: three calls within a request read the row, two of them before it changes.
    const request = new One();
    await request.get("abc", FETCH);
    await request.get("abc", FETCH);
    await new Two().revalidateTag("a");
    await request.get("abc", FETCH);
    for (let i = 0; i < 2; i++) {
      await set(request, "old row");
      assertEquals(await bodyOf(), undefined);
    }
    await set(request, "new row");
    assertEquals(await bodyOf(), "new row");
    // Another process has stored the new row meanwhile.
    const late = new One();
    await late.revalidateTag("a");
    await late.get("abc", FETCH);
    await late.revalidateTag("a");
    const quick = new Two();
    await quick.get("abc", FETCH);
    await set(quick, "newer row");
    const found = await late.get("abc", FETCH);
    assert(found !== null);
    await set(late, "old row");
    assertEquals(await bodyOf(), undefined);
    // A stale row is read again.
    const stale = new One();
    await stale.get("abc", FETCH);
    await set(stale, "row");
    await new Two().revalidateTag("a", { expire: 3600 });
    assert(await stale.get("abc", FETCH) !== null);
    await new Two().revalidateTag("a");
    await stale.get("abc", FETCH);
    await set(stale, "old row");
    assertEquals(await bodyOf(), undefined);
  });

  test("keeps the deadline of a value that Next sets once more", async (client, other) => {
    const One = nextIncrementalCacheHandler({ client, buildId: "1" });
    const Two = nextIncrementalCacheHandler({ client: other, buildId: "1" });
    await render(One, "/page", "old");
    await new Two().revalidateTag("menu", { expire: 3600 });
    const request = new One();
    const stale = await request.get("/page", PAGE);
    assert(stale !== null);
    // Rendering failed. Another request of the process may have begun it.
    const control = { cacheControl: { revalidate: 30, expire: 7200 } };
    for (const setter of [request, new One()]) {
      await setter.set("/page", stale.value, control);
      const found = await new Two().get("/page", PAGE);
      assert(found !== null && Date.now() - found.lastModified > 30_000);
      const late = Date.now() + 3_600_000;
      using _ = stub(Date, "now", () => late);
      assertEquals(await new Two().get("/page", PAGE), null);
    }
    await render(One, "/page", "new");
    assertEquals(await htmlOf(Two), "new");
  });

  test("stores a value again that is older than its revalidate", async (client, other) => {
    const One = nextIncrementalCacheHandler({ client, buildId: "1" });
    const one = new One();
    const control = { cacheControl: { revalidate: 0, expire: 3600 } };
    await one.get("/page", PAGE);
    await new One().revalidateTag("menu");
    await one.set("/page", pageOf("lost"), control);
    for (const html of ["first", "second"]) {
      await one.get("/page", PAGE);
      await one.set("/page", pageOf(html), control);
      const Two = nextIncrementalCacheHandler({ client: other, buildId: "1" });
      assertEquals(await htmlOf(Two), html);
    }
  });

  test("works with one instance for all requests of a process", async (client, other) => {
    const one = new (nextIncrementalCacheHandler({ client, buildId: "1" }))();
    const two = new (nextIncrementalCacheHandler({ client: other, buildId: "1" }))();
    await one.set("/page", pageOf("first"), CONTROL);
    assertEquals((await two.get("/page", PAGE))?.value?.html, "first");
    for (const [revalidating, rendering] of [[one, two], [two, one], [one, one]] as const) {
      await revalidating.revalidateTag("menu");
      assertEquals(await one.get("/page", PAGE), null);
      assertEquals(await two.get("/page", PAGE), null);
      await rendering.set("/page", pageOf("next"), CONTROL);
      assertEquals((await one.get("/page", PAGE))?.value?.html, "next");
      assertEquals((await two.get("/page", PAGE))?.value?.html, "next");
    }
  });

  test("keeps the pages of builds apart, and not their data", async (client) => {
    const files: Record<string, string> = { "/a/.next/server/../BUILD_ID": "one\n" };
    const fs = {
      readFileSync(path: string) {
        const text = files[path];
        if (text === undefined) throw new Error("No such file");
        return Buffer.from(text);
      },
    };
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const Read = nextIncrementalCacheHandler({ client, onError });
    const Given = nextIncrementalCacheHandler({ client, buildId: "one" });
    const Other = nextIncrementalCacheHandler({ client, buildId: "two" });
    await render(Given, "/page", "of one");
    const context = { fs, serverDistDir: "/a/.next/server" };
    assertEquals((await new Read(context).get("/page", PAGE))?.value?.html, "of one");
    files["/a/.next/server/../BUILD_ID"] = "read once";
    assertEquals((await new Read(context).get("/page", PAGE))?.value?.html, "of one");
    assertEquals(await htmlOf(Other), undefined);
    const request = new Given();
    await request.get("abc", FETCH);
    await request.set("abc", dataOf("text"), { fetchCache: true });
    assertEquals((await new Other().get("abc", FETCH))?.value?.kind, "FETCH");
    assertEquals(errors, []);
    files["/c/.next/server/../BUILD_ID"] = "\n";
    const folders = ["/b/.next/server", "/c/.next/server"];
    for (const context of [{}, ...folders.map((serverDistDir) => ({ fs, serverDistDir }))]) {
      const request = new Read(context);
      assertEquals(await request.get("/page", PAGE), null);
      await request.set("/page", pageOf("of nothing"), CONTROL);
      assertEquals((await request.get("abc", FETCH))?.value?.kind, "FETCH");
    }
    assertEquals(errors.map((error) => error instanceof ValidationException), Array(6).fill(true));
  });
});

Deno.test("nextIncrementalCacheHandler() works without memcached, but revalidates nothing", async () => {
  let isAway = true;
  const fault = () => isAway ? { drop: "before" } as const : undefined;
  await using server = await MemcachedServer.listen({ fault });
  const errors: unknown[] = [];
  const Handler = nextIncrementalCacheHandler({
    servers: server.address,
    clientOptions: { failuresBeforeDead: 1000 },
    buildId: "1",
    onError: (error) => errors.push(error),
  });
  const request = new Handler();
  assertEquals(await request.get("/page", PAGE), null);
  await request.set("/page", pageOf("text"), CONTROL);
  await assertRejects(() => request.revalidateTag("a"), SocketError);
  assert(errors.length > 0 && errors.every((error) => error instanceof SocketError));
  isAway = false;
  await render(Handler, "/page", "text");
  assertEquals(await htmlOf(Handler), "text");
  const late = new Handler();
  await late.get("/page", PAGE);
  isAway = true;
  const before = errors.length;
  await late.set("/page", pageOf("dropped"), CONTROL);
  assertEquals(errors.length, before + 1);
  isAway = false;
  assertEquals(await htmlOf(Handler), "text");
  await Handler.close();
});

Deno.test("nextIncrementalCacheHandler() stores images again after memcached could not be reached", async () => {
  let isAway = false;
  const fault = () => isAway ? { drop: "before" } as const : undefined;
  await using server = await MemcachedServer.listen({ fault });
  const errors: unknown[] = [];
  const Handler = nextIncrementalCacheHandler({
    servers: server.address,
    clientOptions: { failuresBeforeDead: 1000 },
    buildId: "1",
    onError: (error) => errors.push(error),
  });
  // Next keeps this one for all images.
  const images = new Handler();
  const etagOf = async (key: string) => {
    return (await images.get(key, { kind: "IMAGE" }))?.value?.etag;
  };
  const set = async (key: string) => {
    const image = { kind: "IMAGE", etag: key, buffer: Buffer.from("png"), extension: "png" };
    assertEquals(await etagOf(key), undefined);
    await images.set(key, image, { ...CONTROL, kind: "IMAGE" });
  };
  await set("before");
  assertEquals(await etagOf("before"), "before");
  isAway = true;
  await new Handler().get("/page", PAGE);
  const count = errors.length;
  await set("meanwhile");
  assert(errors.length > count);
  isAway = false;
  errors.length = 0;
  assertEquals(await etagOf("meanwhile"), undefined);
  for (const key of ["meanwhile", "after"]) {
    await set(key);
    await new Handler().revalidateTag("menu");
    assertEquals(await etagOf(key), key);
  }
  assertEquals(errors, []);
  await Handler.close();
});

Deno.test("nextIncrementalCacheHandler() reports a lifetime that it cannot use", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const Handler = nextIncrementalCacheHandler({ client, buildId: "1", onError });
  const cacheControl = { revalidate: 60, expire: NaN };
  await new Handler().set("/page", pageOf("text"), { cacheControl });
  assertEquals(errors.map((error) => error instanceof ValidationException), [true]);
  assertEquals(await htmlOf(Handler), undefined);
});

Deno.test("nextIncrementalCacheHandler() reports what it cannot store or look for, and treats null as no value", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const Handler = nextIncrementalCacheHandler({ client, buildId: "1", onError });
  const nothing = null as unknown as undefined;
  const request = new Handler(nothing);
  const page = pageOf("text");
  const wrong: [data: unknown, context: unknown][] = [
    ...[undefined, "text", 5, [page], { segmentData: new Map([["/page", "text"]]) }].map((
      data,
    ): [unknown, unknown] => [data, CONTROL]),
    ...["menu", [5], NaN].map((tags): [unknown, unknown] => [page, { ...CONTROL, tags }]),
    ...[NaN, "60", true, null, undefined].map((revalidate): [unknown, unknown] => {
      return [page, { cacheControl: { revalidate, expire: 60 } }];
    }),
    [page, { cacheControl: { revalidate: 60, expire: "60" } }],
  ];
  for (const [data, context] of wrong) {
    await request.set("/page", data as typeof page, context as typeof CONTROL);
    assertEquals(await request.get("/page", nothing), null);
  }
  assertEquals(errors.map((error) => error instanceof ValidationException), wrong.map(() => true));
  errors.length = 0;
  await request.set(5 as unknown as string, page, CONTROL);
  assertEquals(await request.get(undefined as unknown as string, PAGE), null);
  for (const name of ["tags", "softTags"]) {
    for (const tags of ["menu", [5]]) {
      assertEquals(await request.get("/page", { ...PAGE, [name]: tags }), null);
    }
  }
  assertEquals(errors.map((error) => error instanceof ValidationException), Array(6).fill(true));
  errors.length = 0;
  for (const expire of [undefined, Infinity]) {
    await request.set("/page", page, { cacheControl: { revalidate: Infinity, expire } });
    assertEquals((await request.get("/page", PAGE))?.cacheControl, { revalidate: false });
  }
  await request.set("/none", page, nothing);
  await request.set("/none", null, { tags: nothing });
  const found = await new Handler().get("/none", { tags: nothing, softTags: nothing });
  assertEquals([found?.value, errors], [null, []]);
});

Deno.test("nextIncrementalCacheHandler() refuses to revalidate what is not a tag, or until no time", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const Handler = nextIncrementalCacheHandler({ client, buildId: "1" });
  await render(Handler, "/page", "text");
  const request = new Handler();
  for (const tags of [undefined, null, NaN, 5, [5], ["menu", null]]) {
    await assertRejects(() => request.revalidateTag(tags as string[]), ValidationException, "tags");
  }
  for (const durations of [5, "60", { expire: NaN }, { expire: "60" }]) {
    const given = durations as { expire?: number };
    const name = typeof durations === "object" ? "expire" : "durations";
    await assertRejects(() => request.revalidateTag("menu", given), ValidationException, name);
  }
  assertEquals(await htmlOf(Handler), "text");
});

Deno.test("nextIncrementalCacheHandler() does nothing in a build, and refuses what it cannot use", async () => {
  await using client = new Client(NOWHERE);
  const servers = NOWHERE;
  const wrong = [{ servers, client }, { servers, buildId: 1 }, { client, builId: "1" }, {
    servers,
    pendingTimeout: 1000,
  }];
  for (const options of [...wrong, { servers, buildId: "" }]) {
    const given = options as NextIncrementalCacheHandlerOptions;
    assertThrows(() => nextIncrementalCacheHandler(given), ValidationException);
  }
  const env = { NEXT_PHASE: "phase-production-build" };
  const Handler = inEnvironment(env, () => nextIncrementalCacheHandler());
  await render(Handler, "/page", "text");
  await new Handler().revalidateTag("a");
  new Handler().resetRequestCache();
  assertEquals(await htmlOf(Handler), undefined);
  await Handler.close();
});
