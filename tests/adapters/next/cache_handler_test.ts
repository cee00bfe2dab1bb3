import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { stub } from "@std/testing/mock";
import {
  Client,
  type KeyCommands,
  rawTranscoder,
  SocketError,
  type Transcoder,
  ValidationException,
} from "../../../mod.ts";
import { MemcachedServer } from "../../../src/testing/mod.ts";
import {
  type NextCacheEntry,
  type NextCacheHandler,
  nextCacheHandler,
  type NextCacheHandlerOptions,
  nextIncrementalCacheHandler,
} from "../../../src/adapters/next.ts";
import { onEveryServer } from "../../support/every_server.ts";
import { inEnvironment } from "./in_environment.ts";

const NOWHERE = "127.0.0.1:1";

function time(): number {
  return performance.timeOrigin + performance.now();
}

function entryOf(text: string, changes: Partial<NextCacheEntry> = {}): NextCacheEntry {
  const value = new Response(text).body ?? new ReadableStream();
  return {
    value,
    tags: [],
    stale: 30,
    timestamp: time(),
    expire: 3600,
    revalidate: 60,
    ...changes,
  };
}

/** Renders an entry as Next does: it reads the tags first. */
async function render(
  handler: NextCacheHandler,
  key: string,
  text: string,
  changes: Partial<NextCacheEntry> = {},
): Promise<NextCacheEntry> {
  await handler.refreshTags();
  const entry = entryOf(text, changes);
  await handler.set(key, Promise.resolve(entry));
  return entry;
}

async function textOf(
  handler: NextCacheHandler,
  key: string,
  softTags: string[] = [],
): Promise<string | undefined> {
  const entry = await handler.get(key, softTags);
  return entry && await new Response(entry.value).text();
}

/** Deletes the items whose keys match; what a memcached does that needs the room. */
async function evict(client: Client, keys: RegExp): Promise<number> {
  const found = [];
  for await (const { key } of client.items()) if (keys.test(key)) found.push(key);
  await client.deleteMany(found);
  return found.length;
}

onEveryServer("nextCacheHandler()", (test) => {
  test("gives an entry back in every process, as often as asked", async (client, other) => {
    const one = nextCacheHandler({ client });
    const two = nextCacheHandler({ client: other });
    for (const key of ["key", '["build","id",[{"a":"ä b"}]]', "long".repeat(1000)]) {
      assertEquals(await one.get(key, []), undefined);
      const { value: _, ...rest } = await render(one, key, `<p>${key}</p>`, { tags: ["a", "ä b"] });
      for (const handler of [one, two, one]) {
        const found = await handler.get(key, ["_N_T_/layout"]);
        assert(found !== undefined);
        const { value, ...other } = found;
        assertEquals(other, rest);
        assertEquals(await new Response(value).text(), `<p>${key}</p>`);
      }
    }
    const endless = { stale: Infinity, expire: Infinity, revalidate: Infinity, timestamp: time() };
    await render(one, "endless", "", endless);
    const { value, ...found } = await two.get("endless", []) ?? entryOf("");
    assertEquals(await new Response(value).text(), "");
    assertEquals(found, { tags: [], ...endless });
    assertEquals(await one.getExpiration(["a"]), Infinity);
    await one.updateTags([]);
  });

  test("revalidates tags and paths in every process", async (client, other) => {
    const one = nextCacheHandler({ client });
    const two = nextCacheHandler({ client: other });
    const apart = nextCacheHandler({ client, prefix: "other:" });
    const path = ["_N_T_/layout", "_N_T_/a"];
    for (const tag of ["menu", "_N_T_/a"]) {
      for (const handler of [one, two, apart]) {
        await render(handler, handler === two ? "two" : "one", "old", { tags: ["menu", "other"] });
      }
      assertEquals([await textOf(one, "two", path), await textOf(two, "one", path)], [
        "old",
        "old",
      ]);
      await two.updateTags([tag]);
      assertEquals(await textOf(one, "one", path), undefined);
      assertEquals(await textOf(two, "two", path), undefined);
      assertEquals(await textOf(apart, "one", path), "old");
      if (tag !== "menu") assertEquals(await textOf(one, "one", ["_N_T_/b"]), "old");
      await render(one, "one", "new", { tags: ["menu"] });
      assertEquals(await textOf(two, "one", path), "new");
    }
  });

  test("serves a stale entry, but no expired one", async (client, other) => {
    const one = nextCacheHandler({ client });
    const two = nextCacheHandler({ client: other });
    await render(one, "key", "old", { tags: ["a"] });
    await one.updateTags(["a"], { expire: 3600 });
    assertEquals((await two.get("key", []))?.revalidate, -1);
    await one.updateTags(["b"], {});
    assertEquals((await two.get("key", ["b"]))?.revalidate, -1);
    await one.updateTags(["a"], { expire: 0 });
    assertEquals(await two.get("key", []), undefined);
    await render(one, "key", "new", { tags: ["a"] });
    assertEquals((await two.get("key", ["b"]))?.revalidate, 60);
  });

  test("stores nothing under a tag that was revalidated during the load", async (client, other) => {
    const one = nextCacheHandler({ client });
    const two = nextCacheHandler({ client: other });
    await one.refreshTags();
    const entry = entryOf("read before the change", { tags: ["a"] });
    await two.updateTags(["a"]);
    // Another request of the process learns of it.
    await one.refreshTags();
    await one.set("key", Promise.resolve(entry));
    assertEquals([await textOf(one, "key"), await textOf(two, "key")], [undefined, undefined]);
    // An action that revalidates and renders again in the same request.
    await one.updateTags(["a"]);
    await one.set("key", Promise.resolve(entryOf("read after it", { tags: ["a"] })));
    assertEquals(await textOf(two, "key"), "read after it");
  });

  test(
    "takes entries without being asked first, and times of the other clock",
    async (client, other) => {
      const one = nextCacheHandler({ client });
      const two = nextCacheHandler({ client: other });
      for (const timestamp of [Date.now() - 60_000, Date.now()]) {
        await one.set("key", Promise.resolve(entryOf("text", { timestamp, tags: ["a"] })));
        assertEquals(await textOf(two, "key"), "text");
      }
      for (const handler of [one, two]) {
        await two.updateTags(["a"]);
        assertEquals([await textOf(one, "key"), await textOf(two, "key")], [undefined, undefined]);
        const entry = entryOf("new", { timestamp: Date.now(), tags: ["a"] });
        await handler.set("key", Promise.resolve(entry));
        assertEquals([await textOf(one, "key"), await textOf(two, "key")], ["new", "new"]);
      }
    },
  );

  test("waits for an entry that is being stored", async (client) => {
    const handler = nextCacheHandler({ client });
    await handler.refreshTags();
    const pending = Promise.withResolvers<NextCacheEntry>();
    const setting = handler.set("key", pending.promise);
    const getting = textOf(handler, "key");
    pending.resolve(entryOf("done"));
    assertEquals(await getting, "done");
    await setting;
  });

  test("does not store an entry that is interrupted", async (client) => {
    const errors: unknown[] = [];
    const handler = nextCacheHandler({ client, onError: (error) => errors.push(error) });
    await render(handler, "key", "before");
    for (const length of [10, 3_000_000]) {
      let count = 0;
      const value = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (count++ < 3) controller.enqueue(new Uint8Array(length));
          else controller.error(new Error("The render was aborted"));
        },
      });
      await render(handler, "key", "", { value });
      assertEquals(await textOf(handler, "key"), "before");
    }
    await handler.set("key", Promise.reject(new Error("The render failed")));
    // Next renders this one each time.
    await render(handler, "key", "after", { expire: 0 });
    assertEquals([await textOf(handler, "key"), errors], ["before", []]);
  });

  test("stores one branch of a stream that was teed", async (client) => {
    const handler = nextCacheHandler({ client });
    const text = "text ".repeat(500_000);
    const [branch, value] = entryOf(text).value.tee();
    const [served] = await Promise.all([
      new Response(branch).text(),
      render(handler, "key", "", { value }),
    ]);
    assert(served === text && await textOf(handler, "key") === text);
    // What is not stored is cancelled, and does not wait for the other branch.
    const [open, dropped] = entryOf("dropped").value.tee();
    await render(handler, "key", "", { value: dropped, expire: 0 });
    assertEquals(await new Response(open).text(), "dropped");
  });

  test("keeps an entry of megabytes whole, or drops it", async (client, other) => {
    const errors: unknown[] = [];
    const one = nextCacheHandler({ client, onError: (error) => errors.push(error) });
    const two = nextCacheHandler({ client: other, onError: (error) => errors.push(error) });
    const text = Array.from({ length: 300_000 }, (_, i) => `line ${i}\n`).join("");
    await render(one, "key", text, { tags: ["a"] });
    assert(await textOf(two, "key") === text);
    assertEquals(await evict(client, /~moecache-1:/), 1);
    assertEquals([await textOf(one, "key"), await textOf(two, "key")], [undefined, undefined]);
    await render(two, "key", text, { tags: ["a"] });
    assert(await textOf(one, "key") === text);
    await two.updateTags(["a"]);
    assertEquals([await textOf(one, "key"), errors], [undefined, []]);
  });

  test(
    "forgets no revalidation when memcached evicts what it knows of them",
    async (client, other) => {
      const one = nextCacheHandler({ client });
      const two = nextCacheHandler({ client: other });
      await render(one, "kept", "kept", { tags: ["kept"] });
      await render(one, "key", "old", { tags: ["a"] });
      await two.updateTags(["a"]);
      assertEquals(await evict(client, /^next:tags:/), 256);
      assertEquals([await textOf(one, "key"), await textOf(two, "key")], [undefined, undefined]);
      // It is not known whether this one was revalidated.
      assertEquals(await textOf(one, "kept"), undefined);
      await render(one, "key", "new", { tags: ["a"] });
      assertEquals(await textOf(two, "key", ["_N_T_/never/seen"]), "new");
      // The counter begins again at the time, which is more than any number it has had.
      assertEquals(await evict(client, /generation$/), 1);
      assertEquals(await textOf(two, "key"), "new");
      const fresh = nextCacheHandler({ client });
      await fresh.updateTags(["a"]);
      assertEquals(await textOf(two, "key"), undefined);
      await render(two, "key", "newer", { tags: ["a"] });
      assertEquals(await textOf(one, "key"), "newer");
    },
  );

  test("does not trust a server that comes back with old values", async (client, other) => {
    const one = nextCacheHandler({ client });
    await render(one, "key", "old", { tags: ["a"] });
    assertEquals(await textOf(one, "key"), "old");
    const raw = other.withTranscoder(rawTranscoder({ withFlags: true }));
    const keys = Array.from({ length: 256 }, (_, part) => `next:tags:${part}`);
    const before = await raw.getMany(keys);
    assertEquals(before.size, 256);
    await one.updateTags(["a"]);
    assertEquals(await textOf(one, "key"), undefined);
    await raw.setMany(before);
    assertEquals(await textOf(one, "key"), undefined);
    // From then on, those that knew nothing know as well.
    assertEquals(await textOf(nextCacheHandler({ client: other }), "key"), undefined);
  });

  test("shares revalidations between entries and pages of one prefix", async (client) => {
    const handler = nextCacheHandler({ client });
    const Handler = nextIncrementalCacheHandler({ client, buildId: "1" });
    await render(handler, "key", "old", { tags: ["a"] });
    await new Handler().revalidateTag(["b", "a"]);
    assertEquals(await textOf(handler, "key"), undefined);
  });
});

Deno.test("nextCacheHandler() works without memcached, but revalidates nothing", async () => {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  await using away = nextCacheHandler({ servers: NOWHERE, onError });
  await away.refreshTags();
  assertEquals(await away.get("key", ["a"]), undefined);
  // What was rendered without knowledge of the tags is not sent at all.
  await render(away, "key", "text");
  await assertRejects(() => away.updateTags(["a"]), SocketError);
  assertEquals(await away.getExpiration(["a"]), Infinity);
  assert(errors.length > 0 && errors.every((error) => error instanceof SocketError));
  await using client = new Client(NOWHERE, { failover: "miss" });
  const missing = nextCacheHandler({ client, onError });
  assertEquals(await textOf(missing, "key", ["a"]), undefined);
  await render(missing, "key", "text");
  await assertRejects(() => missing.updateTags(["a"]), SocketError);
});

Deno.test("nextCacheHandler() drops an entry when memcached goes down, and repeats a revalidation later", async () => {
  let isAway = false;
  const fault = () => isAway ? { drop: "before" } as const : undefined;
  await using server = await MemcachedServer.listen({ fault });
  const errors: unknown[] = [];
  const clientOptions = { failuresBeforeDead: 1000 };
  const options = { servers: server.address, clientOptions };
  await using one = nextCacheHandler({ ...options, onError: (error) => errors.push(error) });
  await using two = nextCacheHandler(options);
  await render(one, "key", "old", { tags: ["a"] });
  assertEquals(await textOf(two, "key"), "old");
  await one.refreshTags();
  isAway = true;
  const large = "text".repeat(1_000_000);
  for (const text of ["small", large]) await one.set("key", Promise.resolve(entryOf(text)));
  assertEquals(await textOf(one, "key"), undefined);
  assert(errors.length >= 3 && errors.every((error) => error instanceof SocketError));
  await assertRejects(() => one.updateTags(["a", "b"]), SocketError);
  await assertRejects(() => one.updateTags(["a"], { expire: 60 }), SocketError);
  assertEquals(await textOf(one, "other"), undefined);
  isAway = false;
  assertEquals(await textOf(one, "key"), undefined);
  assertEquals(await textOf(two, "key"), undefined);
  await render(two, "key", "new", { tags: ["a"] });
  assertEquals(await textOf(one, "key"), "new");
});

Deno.test("nextCacheHandler() writes a revalidation that failed while an equal one was written again", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await using other = new Client(server.address);
  let isAway = false;
  const waiting = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const one = nextCacheHandler({ client: onItsWay(client) });
  const two = nextCacheHandler({ client: other });
  await two.updateTags(["others"]);
  isAway = true;
  await assertRejects(() => one.updateTags(["a"]), SocketError);
  isAway = false;
  const reading = one.get("key", ["a"]);
  await reached.promise;
  await render(two, "key", "old", { tags: ["a"] });
  isAway = true;
  await assertRejects(() => one.updateTags(["a"]), SocketError);
  isAway = false;
  waiting.resolve();
  await reading;
  assertEquals([await textOf(one, "key"), await textOf(two, "key")], [undefined, undefined]);

  /** A client that fails to read while it is away, and that waits before it changes a part of the table. */
  function onItsWay(client: KeyCommands): KeyCommands {
    return new Proxy(client, {
      get(target, name) {
        if (name === "withTranscoder") {
          return (transcoder: Transcoder) => onItsWay(target.withTranscoder(transcoder));
        }
        if (name === "getMany" && isAway) {
          return () => Promise.reject(new SocketError("Cannot read: the server is away"));
        }
        if (name === "update") {
          return async (...args: Parameters<KeyCommands["update"]>) => {
            reached.resolve();
            await waiting.promise;
            return await target.update(...args);
          };
        }
        const member = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }
});

Deno.test("nextCacheHandler() reports an entry that it cannot store, and stops reading it", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const errors: unknown[] = [];
  const handler = nextCacheHandler({ client, onError: (error) => errors.push(error) });
  await handler.refreshTags();
  for (const changes of [{ timestamp: NaN }, { timestamp: undefined as unknown as number }]) {
    const cancelled = Promise.withResolvers<void>();
    const value = new ReadableStream<Uint8Array>({ cancel: () => cancelled.resolve() });
    await handler.set("key", Promise.resolve(entryOf("", { value, ...changes })));
    await cancelled.promise;
    assertEquals(await handler.get("key", []), undefined);
  }
  assertEquals(errors.map((error) => error instanceof ValidationException), [true, true]);
  await render(handler, "key", "text");
  assertEquals(await textOf(handler, "key"), "text");
});

Deno.test("nextCacheHandler() reports an entry with an invalid part, and accepts one without tags", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const errors: unknown[] = [];
  const handler = nextCacheHandler({ client, onError: (error) => errors.push(error) });
  await handler.refreshTags();
  const wrong: unknown[] = [
    ...[null, undefined, "text", []],
    ...["text", null, undefined].map((value) => ({ ...entryOf(""), value })),
    ...["menu", [5], { 0: "menu" }].map((tags) => ({ ...entryOf(""), tags })),
    ...["stale", "expire", "revalidate"].flatMap((name) => {
      return [NaN, "60", null, undefined].map((time) => ({ ...entryOf(""), [name]: time }));
    }),
  ];
  for (const entry of wrong) {
    await handler.set("key", Promise.resolve(entry as NextCacheEntry));
    assertEquals(await handler.get("key", []), undefined);
  }
  assertEquals(errors.map((error) => error instanceof ValidationException), wrong.map(() => true));
  errors.length = 0;
  for (const tags of [undefined, null]) {
    await render(handler, "key", "text", { tags: tags as unknown as string[] });
    const found = await handler.get("key", tags as unknown as string[]);
    assertEquals(found?.tags, []);
  }
  assertEquals(errors, []);
  for (const softTags of ["menu", [5], NaN]) {
    assertEquals(await handler.get("key", softTags as unknown as string[]), undefined);
  }
  assertEquals(await handler.get(5 as unknown as string, []), undefined);
  assertEquals(errors.map((error) => error instanceof ValidationException), Array(4).fill(true));
});

Deno.test("nextCacheHandler() refuses to revalidate what is not a tag, or until no time", async () => {
  await using server = await MemcachedServer.listen();
  await using handler = nextCacheHandler({ servers: server.address });
  await render(handler, "key", "text", { tags: ["a"] });
  for (const tags of [undefined, null, NaN, 5, "a", [5], ["a", null], [["a"]], new Set(["a"])]) {
    await assertRejects(() => handler.updateTags(tags as string[]), ValidationException, "tags");
  }
  for (const durations of [5, "60", [], { expire: NaN }, { expire: "60" }]) {
    const given = durations as { expire?: number };
    const name = typeof durations === "object" && "expire" in durations ? "expire" : "durations";
    await assertRejects(() => handler.updateTags(["a"], given), ValidationException, name);
  }
  assertEquals((await handler.get("key", []))?.revalidate, 60);
  await handler.updateTags(["a"], null as unknown as undefined);
  assertEquals(await handler.get("key", []), undefined);
});

Deno.test("nextCacheHandler() does not wait for an entry that never ends", async () => {
  await using server = await MemcachedServer.listen();
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  await using handler = nextCacheHandler({ servers: server.address, pendingTimeout: 20, onError });
  await render(handler, "key", "before");
  const endless = entryOf("", { value: new ReadableStream<Uint8Array>() });
  for (const pending of [Promise.resolve(endless), new Promise<NextCacheEntry>(() => {})]) {
    void handler.set("key", pending);
    assertEquals(await Promise.all([textOf(handler, "key"), textOf(handler, "key")]), [
      "before",
      "before",
    ]);
    assertEquals(await textOf(handler, "key"), "before");
  }
  assertEquals(errors.map((error) => `${error}`), [
    "ClientException: Cannot wait for entry: it has not ended for 20 ms",
    "ClientException: Cannot wait for entry: it has not ended for 20 ms",
  ]);
});

Deno.test("nextCacheHandler() writes what one process revalidates at the same time once, and no caller fails", async () => {
  let writes = 0;
  await using server = await MemcachedServer.listen({
    fault({ line }) {
      // Changes, and not what begins a part of the table.
      if (/^(cas|set|append) next:tags:|^ms next:tags:.* C/.test(line)) writes++;
      return undefined;
    },
  });
  const options = { servers: server.address };
  await using one = nextCacheHandler(options);
  await using two = nextCacheHandler(options);
  const handlers = Array.from({ length: 200 }, (_, i) => i % 2 === 0 ? one : two);
  await Promise.all(handlers.map((handler) => handler.updateTags(["a"])));
  assert(writes > 0 && writes <= 20, `${writes} writes`);
  await render(one, "key", "text", { tags: ["a"] });
  await render(two, "other", "text", { tags: ["b"] });
  assertEquals([await textOf(two, "key"), await textOf(one, "other")], ["text", "text"]);
  await Promise.all(handlers.map((handler) => handler.updateTags(["a"])));
  assertEquals([await textOf(one, "key"), await textOf(two, "key")], [undefined, undefined]);
  assertEquals(await textOf(one, "other"), "text");
});

Deno.test("nextCacheHandler() begins its record of revalidations once for all that read it first", async () => {
  let asked = 0;
  await using server = await MemcachedServer.listen({
    fault({ keys }) {
      asked += keys.filter((key) => key.startsWith("next:tags:")).length;
      return undefined;
    },
  });
  await using handler = nextCacheHandler({ servers: server.address });
  await Promise.all(Array.from({ length: 100 }, (_, i) => handler.get(`${i}`, ["a", "b"])));
  // Each of the 256 parts is read and added.
  assert(asked < 2000, `${asked} keys`);
});

Deno.test("nextCacheHandler() logs the first of many errors", async () => {
  using warn = stub(console, "warn");
  await using away = nextCacheHandler({ servers: NOWHERE });
  for (let i = 0; i < 3; i++) await away.get("key", []);
  assertEquals(warn.calls.length, 1);
  assertMatch(`${warn.calls[0]?.args[0]}`, /^moecache: .*, because of \w+Error: Cannot /);
});

Deno.test("nextCacheHandler() reports an entry that it cannot read", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const errors: unknown[] = [];
  const handler = nextCacheHandler({ client, onError: (error) => errors.push(`${error}`) });
  await render(handler, "key", "text");
  const bytes = client.withTranscoder(rawTranscoder({ withFlags: true }));
  const item = await bytes.get<{ flags: number }>("next:entry:key");
  for (const data of [[0], [0, 0, 0, 9, 1], [0, 0, 0, 1, 0x7b]]) {
    await bytes.set("next:entry:key", { flags: item?.flags ?? 0, data: new Uint8Array(data) });
    assertEquals(await handler.get("key", []), undefined);
  }
  assertEquals(errors.length, 3);
});

Deno.test("nextCacheHandler() reads the servers from the environment, and does nothing in a build", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  await using handler = inEnvironment(env, () => nextCacheHandler());
  await render(handler, "key", "text");
  assertEquals(await textOf(handler, "key"), "text");
  for (const servers of [{}, env]) {
    const build = { ...servers, NEXT_PHASE: "phase-production-build" };
    await using building = inEnvironment(build, () => nextCacheHandler());
    await render(building, "key", "other");
    await building.set("key", Promise.reject(new Error("The render failed")));
    await building.updateTags(["a"]);
    assertEquals([await building.get("key", []), await building.getExpiration([])], [undefined, 0]);
    assertEquals(await textOf(handler, "key"), "text");
  }
  const make = () => inEnvironment({}, () => nextCacheHandler());
  assertThrows(make, ValidationException, "MEMCACHED_SERVERS");
});

Deno.test("nextCacheHandler() refuses what it cannot use", () => {
  const servers = NOWHERE;
  const wrong: unknown[] = [
    null,
    { servers, prefix: "a b" },
    { servers, prefx: "a" },
    ...[0, -1, 1.5, NaN, Infinity, "1000", null].map((pendingTimeout) => ({
      servers,
      pendingTimeout,
    })),
    { servers, onError: "log" },
    { servers, clientOptions: { timeout: 0 } },
    { client: {} },
    { servers: "host:port" },
    { client: 1, servers },
  ];
  for (const options of wrong) {
    const make = () => nextCacheHandler(options as NextCacheHandlerOptions);
    assertThrows(make, ValidationException);
  }
});
