import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  Client,
  ClientException,
  type ClientOptions,
  type KeyFormat,
  PartialClientException,
  ValidationException,
} from "../../mod.ts";
import {
  dalliKeys,
  djangoKeys,
  enyimKeys,
  npmMemcachedKeys,
  prefixedKeys,
  pymemcacheKeys,
  railsKey,
  railsKeys,
  spymemcachedKeys,
  utf8Keys,
} from "../../src/keys/mod.ts";
import { lock, once, rateLimit } from "../../src/patterns/mod.ts";
import { ketama, migrate } from "../../src/routing/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { hashedKeys, largeValues } from "../../src/views/mod.ts";

Deno.test("every command sends the key of the format, and answers by the caller's", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { keys: djangoKeys({ prefix: "app" }) });
  await using plain = new Client(server.address);

  await client.set("a", "1");
  await client.setMany({ b: "2", c: "3" });
  assertEquals(await plain.get("app:1:b"), "2");
  assertEquals(
    await client.getMany(["a", "b", "missing", "c"]),
    new Map([["a", "1"], ["b", "2"], ["c", "3"]]),
  );
  assertEquals(await client.add("a", "x"), false);
  assertEquals(await client.replace("a", "4"), true);
  assertEquals(await client.append("a", "5"), true);
  assertEquals(await client.incr("a"), 46n);
  const { cas, value } = (await client.gets("a"))!;
  assertEquals(value, "46");
  assertEquals(await client.cas("a", "7", cas), "stored");
  assertEquals(await client.touch("a", 60), true);
  assertEquals(await client.getAndTouch("a", 60), "7");
  assertEquals((await client.inspect("a"))?.size, 1);
  assertEquals(await client.getOrSet("made", () => "new", { exptime: 60 }), "new");
  assertEquals(await plain.get("app:1:made"), "new");
  assertEquals(await client.update("a", () => "8"), "8");
  assertEquals((await client.meta("mg", "a", ["v"])).status, "VA");
  await plain.set("foreign", "x");
  const keys: string[] = [];
  for await (const { key } of client.items()) keys.push(key);
  assertEquals(keys.toSorted(), ["a", "b", "c", "made"]);
  assertEquals((await Array.fromAsync(client.keys())).flat().toSorted(), keys.toSorted());
  assertEquals(
    await client.deleteMany(["a", "missing"]),
    new Map([["a", true], ["missing", false]]),
  );
  assertEquals(await client.delete("b"), true);
  assertEquals(await plain.get("app:1:b"), undefined);
  const pages = client.namespace("pages:");
  await pages.set("home", "hello");
  assertEquals(await pages.get("home"), "hello");
  assertEquals(client.locate("c").key, "c");
});

Deno.test("a ring gets the key with its prefix or without, as the format says", () => {
  const servers = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
  const plain = new Client(servers, { locator: ketama });
  const unhashed = new Client(servers, { locator: ketama, keys: prefixedKeys("p:") });
  const hashed = new Client(servers, {
    locator: ketama,
    keys: prefixedKeys("p:", { hashPrefix: true }),
  });
  for (let i = 0; i < 100; i++) {
    const key = `key${i}`;
    assertEquals(unhashed.locate(key), plain.locate(key));
    assertEquals(hashed.locate(key).server, plain.locate(`p:${key}`).server);
    assertEquals(hashed.explain(key).keyHash, plain.explain(`p:${key}`).keyHash);
    assertEquals(hashed.explain(key).key, key);
  }
});

Deno.test("keys that are longer, or not ASCII, are what the format takes", async () => {
  await using server = await MemcachedServer.listen();
  await using long = new Client(server.address, { keys: dalliKeys({ namespace: "app" }) });
  const keys = Array.from({ length: 200 }, (_, i) => `${"x".repeat(300)}${i}`);
  await long.setMany(keys.map((key) => [key, key.length] as const));
  assertEquals((await long.getMany(keys)).size, 200);
  await using unicode = new Client(server.address, {
    keys: pymemcacheKeys({ allowUnicodeKeys: true }),
  });
  await unicode.set("café", 1);
  await unicode.set("日本", 2);
  assertEquals(await unicode.getMany(["café", "日本"]), new Map([["café", 1], ["日本", 2]]));
  const listed: string[] = [];
  for await (const { key } of unicode.items()) listed.push(key);
  assertEquals(listed.filter((key) => !key.startsWith("app:")).toSorted(), ["café", "日本"]);
});

Deno.test("a key that the format refuses is an error with the caller's key", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { keys: prefixedKeys("p:") });
  for (const key of ["a b", "x".repeat(249), "", "\n", "é".repeat(10) + " "]) {
    const error = await assertRejects(() => client.get(key), ValidationException);
    assertStringIncludes(error.message, JSON.stringify(key).slice(0, 5));
  }
  await client.set("text", "no number");
  const error = await assertRejects(() => client.incr("text"));
  assertStringIncludes((error as Error).message, 'key "text"');
  const partial = await assertRejects(
    () => client.setMany({ fine: "x", large: "x".repeat(2_000_000) }),
    PartialClientException,
  );
  assertEquals([...partial.failures.keys()], ["large"]);
  await assertRejects(() => client.meta("mg", "YQ==", ["b"]), ValidationException, "flag b");
});

Deno.test("a format that decodes a key to no text, or throws, is an error of the list", async () => {
  await using server = await MemcachedServer.listen();
  await using plain = new Client(server.address);
  await plain.set("key", "value");
  const results = [null, 5, Promise.resolve("key")];
  const decoders = [...results.map((key) => () => key), () => {
    throw new Error("broken");
  }];
  for (const decode of decoders) {
    const keys = { encode: (key: string) => key, decode } as unknown as KeyFormat;
    await using client = new Client(server.address, { keys });
    for (const list of [client.items(), client.keys()]) {
      await assertRejects(() => list.next(), ClientException, 'Cannot decode key "key": ');
    }
  }
});

Deno.test("railsKey refuses what Rails makes other texts of, which were all the same key", () => {
  const parts = [undefined, Symbol("key"), () => {}, new Date(0), new Map(), Promise.resolve()];
  for (const part of [...parts, { ids: [1, 2] }, { at: new Date(0) }, { a: { b: 1 } }]) {
    for (const key of [part, ["page", part]]) {
      assertThrows(() => railsKey(key as never), ValidationException, "Cannot use key part");
    }
  }
});

/** Formats, and the longest keys that each takes, or such as are cut where others are not. */
const LONG_KEYS: Readonly<Record<string, readonly [KeyFormat, ...string[]]>> = {
  djangoKeys: [djangoKeys({ prefix: "app" }), "k".repeat(230), "k".repeat(244)],
  dalliKeys: [dalliKeys({ namespace: "app" }), "k".repeat(246), "k".repeat(400)],
  prefixedKeys: [prefixedKeys("a-longer-prefix:", { hashPrefix: true }), "k".repeat(234)],
  "enyimKeys base64": [enyimKeys({ transformer: "base64" }), "k".repeat(174), "k".repeat(186)],
  "enyimKeys tiger": [enyimKeys({ transformer: "tiger" }), "ké".repeat(300)],
  railsKeys: [railsKeys({ namespace: "shop" }), "é ".repeat(27), "é ".repeat(300)],
  spymemcachedKeys: [spymemcachedKeys, "😀".repeat(59), "é".repeat(125), "x" + "😀".repeat(62)],
  npmMemcachedKeys: [npmMemcachedKeys, "😀".repeat(62), "x" + "😀".repeat(300)],
  pymemcacheKeys: [
    pymemcacheKeys({ prefix: "p:", allowUnicodeKeys: true, bytes: true }),
    "é".repeat(124),
  ],
};

/** Everything that puts another key beside the caller's. */
async function useKeyEverywhere(client: Client, other: Client, key: string): Promise<void> {
  const options = { exptime: 60, staleFor: 30 };
  assertEquals(await client.getOrSet(key, () => "old", options), "old");
  assertEquals(await client.invalidate(key), true);
  let loads = 0;
  const load = () => Promise.resolve(`new ${++loads}`);
  const values = await Promise.all(
    [client, other].map((each) => each.getOrSet(key, load, options)),
  );
  assertEquals([loads, values.includes("new 1")], [1, true]);
  assertEquals(await other.getOrSet(key, load, options), "new 1");
  assertEquals(await client.invalidate(key, { staleFor: 5 }), true);
  assertEquals(await other.getOrSet(key, load, options), "new 2");
  assertEquals(await client.delete(key), true);
  await (await lock(client, key, { ttl: 5 })).release();
  assertEquals(await once(client, key, () => 1), 1);
  assertEquals(await once(other, key, () => 2), 1);
  assertEquals(await client.delete(key), true);
}

for (const [name, [keys, ...longest]] of Object.entries(LONG_KEYS)) {
  const dialects: readonly ClientOptions[] = [{}, { dialect: "classic" }];
  for (const dialect of dialects) {
    Deno.test(`what is kept beside a key has room in the format: ${name}, ${Deno.inspect(dialect)}`, async () => {
      await using server = await MemcachedServer.listen();
      await using next = await MemcachedServer.listen();
      const options = { ...dialect, keys };
      await using client = new Client(server.address, options);
      await using other = new Client(server.address, options);
      await using moving = new Client([server.address, next.address], {
        ...options,
        locator: migrate({ servers: [server.address] }, { servers: [next.address] }),
      });
      for (const key of longest) {
        await useKeyEverywhere(client, other, key);
        // What is marked as stale is not brought over.
        await client.set(key, "stale", 60);
        await client.invalidate(key);
        assertEquals(await moving.getOrSet(key, () => "fresh"), "fresh");
      }
    });
  }
}

Deno.test("patterns take the keys of the format, and views leave room for it", async () => {
  await using server = await MemcachedServer.listen();
  await using rails = new Client(server.address, { keys: railsKeys() });
  assertEquals(
    (await rateLimit(rails, "café ".repeat(90), { limit: 1, window: 60 })).allowed,
    true,
  );
  await using plain = new Client(server.address);
  await assertRejects(() => lock(plain, "café", { ttl: 5 }), ValidationException, "must be ASCII");
  for (const keys of [djangoKeys({ prefix: "app" }), enyimKeys({ transformer: "base64" })]) {
    await using client = new Client(server.address, { keys });
    const any = hashedKeys(client);
    const large = largeValues(hashedKeys(client), { chunkByteLength: 1024 });
    const namespaced = hashedKeys(client.namespace("n:"));
    for (const length of [160, 186, 215, 244, 245, 249, 250, 251]) {
      const key = "k".repeat(length);
      for (const view of [any, large, namespaced]) {
        await view.set(key, "v".repeat(3000));
        assertEquals(await view.get(key), "v".repeat(3000));
      }
    }
  }
  const short: KeyFormat = {
    encode: (key) => {
      if (key.length > 9) throw new ValidationException("Too long", key);
      return key;
    },
  };
  await using client = new Client(server.address, { keys: short });
  await hashedKeys(client).set("key", 1);
  assertEquals(await client.get("key"), 1);
});

Deno.test("options of key formats are checked", () => {
  const refused = (make: () => unknown) => assertThrows(make, ValidationException);
  refused(() => new Client("a", { keys: {} as never }));
  refused(() => prefixedKeys(""));
  refused(() => prefixedKeys("a b"));
  refused(() => prefixedKeys("a\x7f"));
  refused(() => prefixedKeys("\ud800"));
  refused(() => prefixedKeys("é".repeat(125)));
  refused(() => pymemcacheKeys({ prefix: "é" }));
  refused(() => railsKeys({ namespace: "é".repeat(42) }));
  refused(() => railsKeys({ namespace: "" }));
  refused(() => djangoKeys({ prefix: 1 as never }));
  refused(() => prefixedKeys("a", { hashPrefix: 1 as never }));
  refused(() => dalliKeys({ namespace: "" }));
  refused(() => djangoKeys({ version: -1 }));
  refused(() => djangoKeys({ prefix: "a b" }));
  refused(() => djangoKeys({ versions: 1 } as never));
  refused(() => pymemcacheKeys({ bytes: 1 as never }));
  refused(() => enyimKeys({} as never));
  refused(() => enyimKeys({ transformer: "sha256" as never }));
  refused(() => enyimKeys({ transformer: "sha1", longerThan: 251 }));
  refused(() => railsKeys({ digest: "crc" as never }));
  refused(() => railsKeys({ separator: ":" as never }));
  const malformed = [railsKeys(), enyimKeys({ transformer: "tiger" }), spymemcachedKeys];
  for (const { encode } of malformed) refused(() => encode("\ud800"));
});

Deno.test("a namespace takes the keys that the client's format takes", async () => {
  await using server = await MemcachedServer.listen();
  for (const keys of [utf8Keys, djangoKeys(), dalliKeys({ namespace: "app" })]) {
    await using client = new Client(server.address, { keys });
    const pages = client.namespace("pages:");
    await pages.set("café", 1);
    await pages.setMany({ "日本": 2, "b": 3 });
    assertEquals(
      await pages.getMany(["café", "日本", "b"]),
      new Map([["café", 1], ["日本", 2], ["b", 3]]),
    );
    assertEquals(await pages.getOrSet("😀", () => 4, { exptime: 60 }), 4);
    assertEquals(await pages.deleteMany(["café"]), new Map([["café", true]]));
    for (const key of ["a b", "", "é".repeat(150)]) {
      const error = await assertRejects(() => pages.get(key), ValidationException);
      assertStringIncludes(error.message, `key ${JSON.stringify(key).slice(0, 20)}`.slice(0, 20));
    }
    await pages.invalidateAll();
    assertEquals(await pages.get("日本"), undefined);
  }
  await using client = new Client(server.address, { keys: railsKeys() });
  const pages = client.namespace("pages:");
  await pages.set("a search", 1);
  assertEquals(await pages.getMany(["a search"]), new Map([["a search", 1]]));
});
