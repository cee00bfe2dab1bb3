/** The adapters on clients that make keys as another client does. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, ClientException, type KeyFormat, ValidationException } from "../../mod.ts";
import { moecacheDriver as bentoDriver } from "../../src/adapters/bentocache.ts";
import { MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { nextCacheHandler } from "../../src/adapters/next.ts";
import { RateLimitStore } from "../../src/adapters/rate_limit.ts";
import { moecacheSessionStore } from "../../src/adapters/session.ts";
import moecacheDriver from "../../src/adapters/unstorage.ts";
import {
  dalliKeys,
  djangoKeys,
  enyimKeys,
  npmMemcachedKeys,
  prefixedKeys,
  pymemcacheKeys,
  railsKeys,
  spymemcachedKeys,
  utf8Keys,
} from "../../src/keys/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const FORMATS: Readonly<Record<string, KeyFormat>> = {
  "djangoKeys()": djangoKeys(),
  "djangoKeys with a long prefix": djangoKeys({ prefix: "p".repeat(40) }),
  "dalliKeys": dalliKeys({ namespace: "app" }),
  "prefixedKeys": prefixedKeys("shop:"),
  "pymemcacheKeys": pymemcacheKeys({ prefix: "shop:" }),
  "railsKeys": railsKeys({ namespace: "50%off" }),
  "spymemcachedKeys": spymemcachedKeys,
  "npmMemcachedKeys": npmMemcachedKeys,
  "utf8Keys": utf8Keys,
  "enyimKeys, base64": enyimKeys({ transformer: "base64" }),
  "enyimKeys, sha1": enyimKeys({ transformer: "sha1" }),
  "enyimKeys, hybrid": enyimKeys({ transformer: "tiger", longerThan: 40 }),
};

/** Of one character each, around every length at which a format may have no room left. */
const LENGTHS = [
  1,
  60,
  95,
  96,
  110,
  130,
  150,
  170,
  185,
  186,
  200,
  210,
  222,
  229,
  230,
  235,
  250,
  400,
];
const KEYS = LENGTHS.flatMap((length) =>
  ["k", "é", "%"].map((character) => character.repeat(length))
);

async function* keysOf(store: KeyvMoecache): AsyncGenerator<string> {
  for await (const [key] of store.iterator()) yield key;
}

/** Puts something in under each key, and takes it out again. */
const USES: Readonly<Record<string, (client: Client) => Promise<void>>> = {
  async KeyvMoecache(client) {
    const store = new KeyvMoecache({ client });
    await store.setMany(KEYS.map((key, index) => ({ key, value: `${index}` })));
    assertEquals(await store.getMany(KEYS), KEYS.map((_, index) => `${index}`));
  },
  async moecacheDriver(client) {
    const driver = moecacheDriver({ client });
    await Promise.all(KEYS.map((key) => driver.setItem(key, key)));
    assertEquals(await Promise.all(KEYS.map((key) => driver.getItem(key))), KEYS);
  },
  async MoecacheCacheStorage(client) {
    const cache = await new MoecacheCacheStorage(client).open("é".repeat(50));
    const headers = { "Cache-Control": "max-age=60" };
    const urls = KEYS.map((key) => `https://example.com/?${encodeURIComponent(key)}`);
    await Promise.all(urls.map((url) => cache.put(url, new Response(url, { headers }))));
    const found = await Promise.all(urls.map(async (url) => (await cache.match(url))?.text()));
    assertEquals(found, urls);
  },
  async moecacheSessionStore(client) {
    const store = moecacheSessionStore({ Store: class {} }, { client });
    for (const key of KEYS) {
      const session = { cookie: { expires: new Date(Date.now() + 60_000) }, key };
      const fault = await new Promise((resolve) => store.set(key, session, resolve));
      assertEquals(fault ?? null, null);
      const found = await new Promise((resolve) =>
        store.get(key, (_, session) => resolve(session))
      );
      assertEquals((found as typeof session | undefined)?.key, key);
    }
  },
  async RateLimitStore(client) {
    const store = new RateLimitStore({ client });
    store.init({ windowMs: 2 ** 31 - 1 });
    for (const total of [1, 2]) {
      const counts = await Promise.all(KEYS.map((key) => store.increment(key)));
      assertEquals(counts.map(({ totalHits }) => totalHits), KEYS.map(() => total));
    }
  },
  async bentocache(client) {
    const { factory, options } = bentoDriver({ client });
    const driver = factory({ prefix: "bento", ...options });
    for (const place of [driver, driver.namespace("users"), driver.namespace("a:b:c:d")]) {
      await Promise.all(KEYS.map((key) => place.set(key, key)));
      assertEquals(await Promise.all(KEYS.map((key) => place.get(key))), KEYS);
    }
  },
  async nextCacheHandler(client) {
    const handler = nextCacheHandler({ client });
    await handler.refreshTags();
    const timestamp = performance.timeOrigin + performance.now();
    const times = { stale: 30, timestamp, expire: 3600, revalidate: 60 };
    for (const key of KEYS) {
      const value = new Response(key).body ?? new ReadableStream();
      await handler.set(key, Promise.resolve({ value, tags: [key], ...times }));
      assertEquals(await new Response((await handler.get(key, []))?.value).text(), key);
    }
  },
};

for (const [name, use] of Object.entries(USES)) {
  Deno.test(`${name} takes any key, whatever format the client gives its keys`, async () => {
    for (const [format, keys] of Object.entries(FORMATS)) {
      await using server = await MemcachedServer.listen();
      await using client = new Client(server.address, { keys, timeout: 10_000 });
      try {
        await use(client);
      } catch (error) {
        throw new Error(`with ${format}`, { cause: error });
      }
    }
  });
}

Deno.test("adapters list the keys behind every format, and say when it has digests only", async () => {
  for (const [format, keys] of Object.entries(FORMATS)) {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address, { keys, timeout: 10_000 });
    const store = new KeyvMoecache({ client });
    const driver = moecacheDriver({ client });
    await store.setMany(KEYS.map((key) => ({ key, value: "v" })));
    await Promise.all(KEYS.map((key) => driver.setItem(key, "v")));
    if (/sha1|hybrid/.test(format)) {
      const why = "sent as digests";
      await assertRejects(() => Array.fromAsync(keysOf(store)), ClientException, why);
      await assertRejects(() => driver.getKeys(), ClientException, why);
      await assertRejects(() => driver.clear("k"), ClientException, why);
      continue;
    }
    assertEquals((await Array.fromAsync(keysOf(store))).toSorted(), KEYS.toSorted(), format);
    assertEquals((await driver.getKeys()).toSorted(), KEYS.toSorted(), format);
    await driver.clear("k");
    assertEquals((await driver.getKeys()).length, KEYS.length - LENGTHS.length, format);
  }
});

Deno.test("adapters hash a key that the client's format makes too long, and no shorter one", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { keys: railsKeys() });
  const store = new KeyvMoecache({ client });
  // As it is stored, the second one has 240 characters, and as Rails sends it, 400.
  for (const key of ["50% off", "%".repeat(80)]) await store.set(key, "value");
  const keys: string[] = [];
  for await (const { key } of client.items()) {
    if (!key.endsWith("-generation")) keys.push(key.split(":").at(-1) ?? "");
  }
  const [hashed, readable] = keys.toSorted();
  assertEquals([hashed?.slice(0, 2), hashed?.length, readable], ["%#", 45, "50%25%20off"]);
});

Deno.test("adapters refuse a client whose keys leave no room", async () => {
  await using server = await MemcachedServer.listen();
  const keys = djangoKeys({ prefix: "p".repeat(180) });
  await using client = new Client(server.address, { keys });
  assertThrows(() => moecacheDriver({ client }), ValidationException, "leaves");
  assertThrows(() => new RateLimitStore({ client }), ValidationException, "leaves");
});
