import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  jsonTranscoder,
  type KeyCommands,
  Namespace,
  PartialClientException,
  PartialSocketError,
  rawTranscoder,
  SocketError,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { hashedKeys } from "../../src/views/mod.ts";
import { onEveryServer } from "../support/every_server.ts";

onEveryServer("A namespace", (test) => {
  test("has the methods of a client", async (client) => {
    const names = client.namespace("n:");
    assertEquals(await names.get("a"), undefined);
    await names.set("a", 1, 60);
    assertEquals(await names.get("a"), 1);
    assertEquals(await names.add("a", 2), false);
    assertEquals(await names.replace("a", "b"), true);
    assertEquals(await names.append("a", "c"), true);
    assertEquals(await names.prepend("a", "a"), true);
    const item = await names.gets<string>("a");
    assertEquals(item?.value, "abc");
    assertEquals(await names.cas("a", "d", item!.cas), "stored");
    assertEquals(await names.getAndTouch("a", 60), "d");
    assertEquals(await names.touch("a", 60), true);
    assertEquals(await names.incr("count", 1, { initial: 5 }), 5n);
    assertEquals(await names.decr("count"), 4n);
    assertEquals(await names.invalidate("a"), true);
    assertEquals(await names.getOrSet("a", () => "e"), "e");
    assertEquals(await names.update<string>("a", (old) => `${old}f`), "ef");
    assertEquals(await names.delete("a"), true);
    assertEquals(await names.get("a"), undefined);
  });

  test("takes many keys, and gives them back without the prefix", async (client) => {
    const names = client.namespace("n:");
    await names.setMany({ a: 1, b: 2 }, 60);
    await names.setMany([["c", 3], ["c", 4]]);
    assertEquals(await names.getMany(["a", "c", "d"]), new Map([["a", 1], ["c", 4]]));
    const deleted = await names.deleteMany(new Set(["a", "d"]));
    assertEquals(deleted, new Map([["a", true], ["d", false]]));
    const large = "x".repeat(1_100_000);
    const store = () => names.setMany({ small: 1, large });
    const error = await assertRejects(store, PartialClientException, `the first "large"`);
    assertEquals(error.item, ["large"]);
    assertEquals([...error.results.keys()], ["small"]);
  });

  test("keeps its keys apart from others", async (client) => {
    await client.set("a", "client's");
    await client.namespace("m:").set("a", "m's");
    await client.namespace("n:").set("a", "n's");
    assertEquals(await client.get("a"), "client's");
    assertEquals(await client.namespace("m:").get("a"), "m's");
    await client.namespace("m:").invalidateAll();
    assertEquals(await client.namespace("m:").get("a"), undefined);
    assertEquals(await client.namespace("n:").get("a"), "n's");
  });

  test("misses what was stored before another client's invalidateAll", async (first, second) => {
    const [mine, theirs] = [first.namespace("n:"), second.namespace("n:")];
    for (let round = 0; round < 10; round++) {
      await mine.setMany({ a: round, b: round });
      assertEquals(await theirs.get("a"), round);
      await theirs.invalidateAll();
      assertEquals(await mine.get("a"), undefined);
      assertEquals(await mine.getMany(["a", "b"]), new Map());
    }
  });

  test("stores under the current generation", async (first, second) => {
    const [mine, theirs] = [first.namespace("n:"), second.namespace("n:")];
    await mine.set("a", "old");
    await theirs.invalidateAll();
    await mine.set("a", "new");
    assertEquals(await theirs.get("a"), "new");
    await theirs.invalidateAll();
    assertEquals(await mine.add("a", "newer"), true);
    assertEquals(await theirs.get("a"), "newer");
  });

  test("loads and changes values once, under the current generation", async (first, second) => {
    const [mine, theirs] = [first.namespace("n:"), second.namespace("n:")];
    let calls = 0;
    await mine.get("a");
    await theirs.invalidateAll();
    assertEquals(await mine.getOrSet("a", () => ++calls), 1);
    assertEquals(await theirs.get("a"), 1);
    await theirs.invalidateAll();
    assertEquals(await mine.update("a", (old = "none") => [old, ++calls]), ["none", 2]);
    assertEquals(await theirs.get("a"), ["none", 2]);
  });

  test("never goes back to a generation that was used", async (client) => {
    const names = client.namespace("n:");
    await names.set("a", "old");
    await client.delete("n:~moecache-generation");
    assertEquals(await names.get("a"), undefined);
  });

  test("asks for the generation once in a turn, in one write with the data", async (client) => {
    const names = client.namespace("n:");
    await names.set("a", 1);
    const generation = await client.get<string>("n:~moecache-generation");
    const [before] = await client.stats();
    await Promise.all([names.get("a"), names.get("b")]);
    const [after] = await client.stats();
    const keys = `n:${generation}:a n:${generation}:b`;
    const bytes = `incr n:~moecache-generation 0\r\nget ${keys}\r\nstats\r\n`.length;
    assertEquals(Number(after?.bytes_read) - Number(before?.bytes_read), bytes);
  });

  test("refuses keys and prefixes that are too long", async (client) => {
    const names = client.namespace("n".repeat(200));
    await names.set("k".repeat(29), 1);
    assertEquals(await names.get("k".repeat(29)), 1);
    const message = "its keys must not be longer than 29 characters";
    await assertRejects(() => names.get("k".repeat(30)), ValidationException, message);
    await assertRejects(() => names.getMany(["a", "b c"]), ValidationException, "whitespace");
    await assertRejects(() => names.set("", 1), ValidationException, "empty");
    for (const prefix of ["", "a b", "é", "n".repeat(229), 1]) {
      assertThrows(() => client.namespace(prefix as string), ValidationException);
    }
  });

  test("tells the length of the longest key, also in another one", async (client) => {
    const outer = client.namespace("outer:");
    const inner = new Namespace(outer, "inner:");
    assertEquals([outer.longestKey, inner.longestKey], [250 - 27, 250 - 27 - 27]);
    for (const names of [outer, inner, inner.withTranscoder(rawTranscoder)]) {
      const key = "k".repeat(names.longestKey);
      await names.set(key, new Uint8Array(1));
      assertEquals(await names.delete(key), true);
      const message = `its keys must not be longer than ${names.longestKey} characters`;
      await assertRejects(() => names.get(`${key}k`), ValidationException, message);
    }
    assertThrows(() => new Namespace(inner, "p".repeat(180)), ValidationException, "no room");
  });

  test("ends with its signal, and passes on what goes wrong", async (client) => {
    const names = client.namespace("n:");
    const signal = AbortSignal.abort("enough");
    assertEquals(await names.get("a", { signal }).catch((reason) => reason), "enough");
    const fail = () => Promise.reject(new RangeError("no"));
    await assertRejects(() => names.getOrSet("a", fail), RangeError);
    await assertRejects(() => names.getOrSet("a", fail), RangeError);
    await assertRejects(() => names.set("a", () => {}), ValidationException);
  });
});

Deno.test("A namespace in another one stores what is still being encoded", async () => {
  await using server = await MemcachedServer.listen();
  const transcoder: Transcoder = {
    encode: (value) => Promise.resolve(jsonTranscoder.encode(value)),
    decode: (item) => jsonTranscoder.decode(item),
  };
  await using client = new Client(server.address, { transcoder });
  const inner = new Namespace(client.namespace("n:"), "m:");
  await inner.set("a", 1);
  assertEquals([await inner.add("b", 2), await inner.replace("a", 3)], [true, true]);
  const found = await inner.gets("a");
  assertEquals([found?.value, await inner.cas("a", 4, found?.cas ?? 0n)], [3, "stored"]);
  assertEquals(await inner.getMany(["a", "b"]), new Map([["a", 4], ["b", 2]]));
});

Deno.test("A namespace refuses invalid keys and entries", async () => {
  await using client = new Client("127.0.0.1:1");
  const names = client.namespace("n:");
  for (const keys of [undefined, null, 7, "key", [7], ["a b"]] as never[]) {
    await assertRejects(() => names.getMany(keys), ValidationException);
    await assertRejects(() => names.deleteMany(keys), ValidationException);
  }
  for (const entries of [undefined, null, 7, "entries", ["key"], [[7, 7]]] as never[]) {
    await assertRejects(() => names.setMany(entries), ValidationException);
  }
});

Deno.test("A namespace's getOrSet does not wait for a load of an old generation", async () => {
  await using server = await MemcachedServer.listen();
  await using first = new Client(server.address, { timeout: 10_000 });
  await using second = new Client(server.address, { timeout: 10_000 });
  const [mine, theirs] = [first.namespace("n:"), second.namespace("n:")];
  await mine.set("other", 1);
  const begun = Promise.withResolvers<void>();
  const old = Promise.withResolvers<string>();
  const held = theirs.getOrSet("a", () => {
    begun.resolve();
    return old.promise;
  });
  await begun.promise;
  await theirs.invalidateAll();
  assertEquals(await mine.getOrSet("a", () => "new", { waitFor: 2_592_000 }), "new");
  old.resolve("old");
  assertEquals(await held, "old");
  assertEquals(await mine.get("a"), "new");
});

Deno.test("A namespace names the keys that could not be reached", async () => {
  await using server = await MemcachedServer.listen();
  const locator = () => ({ locate: (key: string) => key.endsWith(":lost") ? 1 : 0 });
  await using client = new Client([server.address, "127.0.0.1:1"], { locator });
  const names = client.namespace("n:");
  await names.set("a", 1);
  const error = await assertRejects(() => names.getMany(["a", "lost"]), PartialSocketError);
  assertEquals([...error.failures.keys()], ["lost"]);
  assertEquals(error.results, new Map([["a", 1]]));
});

Deno.test("A namespace fails when its generation cannot be reached", async () => {
  await using server = await MemcachedServer.listen();
  const locator = () => ({ locate: (key: string) => key.endsWith("generation") ? 1 : 0 });
  await using client = new Client([server.address, "127.0.0.1:1"], { locator });
  await assertRejects(() => client.namespace("n:").get("a"), SocketError);
});

for (const drop of ["before", "after"] as const) {
  Deno.test(`A namespace fails when its first generation is lost ${drop} it is stored`, async () => {
    const views: Record<string, (client: Client) => KeyCommands> = {
      client: (client) => client.namespace("n:"),
      namespace: (client) => new Namespace(client.namespace("m:"), "n:"),
      view: (client) => new Namespace(hashedKeys(client), "n:"),
    };
    for (const [of, make] of Object.entries(views)) {
      let isLost = false;
      await using server = await MemcachedServer.listen({
        fault: ({ command, keys: [key = ""] }) =>
          isLost && command === "add" && key.includes("generation") ? { drop } : undefined,
      });
      await using client = new Client(server.address);
      const names = make(client);
      if (of === "namespace") await client.namespace("m:").set("other", 1);
      isLost = true;
      await assertRejects(() => names.set("a", 1), SocketError, undefined, of);
      if (drop === "before") await assertRejects(() => names.get("a"), SocketError, undefined, of);
      isLost = false;
      await names.set("a", 2);
      assertEquals(await names.get("a"), 2, of);
    }
  });
}
