/** Options that are instances of a class: what its getters return counts everywhere. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  type ClientOptions,
  type KeyCommands,
  Namespace,
  rawTranscoder,
  type Transcoder,
  ValidationException,
} from "../mod.ts";
import { clientOptionsFrom } from "../src/adapters/adapter_options.ts";
import { moecacheDriver } from "../src/adapters/bentocache.ts";
import { MoecacheCacheStorage } from "../src/adapters/cache.ts";
import { KeyvMoecache } from "../src/adapters/keyv.ts";
import { Memcached } from "../src/adapters/memcached.ts";
import { Client as MemjsClient } from "../src/adapters/memjs.ts";
import { nextCacheHandler } from "../src/adapters/next.ts";
import { honoSessionStorage } from "../src/adapters/session.ts";
import unstorage from "../src/adapters/unstorage.ts";
import { memoize } from "../src/patterns/mod.ts";
import * as stacks from "../src/stacks/mod.ts";
import { MemcachedServer } from "../src/testing/mod.ts";
import { pymemcacheTranscoder } from "../src/transcoding/mod.ts";
import { hashedKeys, largeValues, nearCache, spread, tagged } from "../src/views/mod.ts";

const UNREACHABLE = "127.0.0.1:1";

/** Options whose values are private, and which its getters alone show. */
class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  static read(options: Options, name: string): unknown {
    return options.#values[name];
  }
}

/** An instance of a class with these getters. */
function instance(values: Readonly<Record<string, unknown>>): never {
  class Given extends Options {}
  for (const name of Object.keys(values)) {
    Object.defineProperty(Given.prototype, name, {
      get(this: Given) {
        return Options.read(this, name);
      },
    });
  }
  return new Given(values) as never;
}

Deno.test("every operation reads options that are getters of a class", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const places: KeyCommands[] = [
    client,
    client.namespace("names:"),
    hashedKeys(client),
    largeValues(client),
    nearCache(client, { maxBytes: 10_000, ttl: 1 }),
    spread(client, { copies: 2, keys: ["other"] }),
    tagged(client),
    hashedKeys(tagged(client.namespace("names:"))),
  ];
  const aborted = instance({ signal: AbortSignal.abort(new Error("ended")) });
  const wrong = instance({ exptime: NaN });
  for (const place of places) {
    await assertRejects(() => place.get("key", aborted), Error, "ended");
    await assertRejects(() => place.set("key", "value", 0, aborted), Error, "ended");
    await assertRejects(() => place.incr("key", 1n, aborted), Error, "ended");
    await assertRejects(() => place.getOrSet("key", () => 1, aborted), Error, "ended");
    await assertRejects(() => place.update("key", () => 1, aborted), Error, "ended");
    await assertRejects(() => place.invalidate("key", aborted), Error, "ended");
    await assertRejects(() => place.getOrSet("key", () => 1, wrong), ValidationException, "NaN");
    await assertRejects(() => place.update("key", () => 1, wrong), ValidationException, "NaN");
    const memoized = memoize(place, () => 1, instance({ key: () => "key", exptime: NaN }));
    await assertRejects(() => memoized(), ValidationException, "NaN");
  }
  await assertRejects(() => tagged(client).invalidateTag("tag", aborted), Error, "ended");
  await assertRejects(() => new Namespace(client, "n").invalidateAll(aborted), Error, "ended");
});

Deno.test("a view passes on what only another view knows, also from a getter", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const tags = tagged(client);
  const view = hashedKeys(tags);
  await view.set("key", "value", 0, instance({ tags: ["tag"] }));
  assertEquals(await view.get("key"), "value");
  await tags.invalidateTag("tag");
  assertEquals(await view.get("key"), undefined);
  assertEquals(await tags.incr("count", 1n, instance({ initial: 7n })), 7n);
  const own = { format: "mcrouter", chunkByteLength: 1024 };
  const large = largeValues(client, instance(own)).withTranscoder(rawTranscoder);
  await large.set("large", new Uint8Array(5000));
  assertEquals(await large.get("large"), new Uint8Array(5000));
  assertEquals((await client.inspect("large"))!.size! < 1024, true);
});

Deno.test("stacks and formats read options that are getters of a class", () => {
  const makers: [make: (options: never) => unknown, name: string][] = [
    [stacks.php, "compression"],
    [stacks.php, "hash"],
    [stacks.rails, "compressThreshold"],
    [stacks.spring, "hash"],
    [stacks.spring, "kind"],
    [stacks.djangoPylibmc, "hash"],
    [stacks.djangoPylibmc, "version"],
    [stacks.enyim, "integers"],
    [stacks.enyimCore, "arrays"],
    [pymemcacheTranscoder as (options: never) => Transcoder, "pickleProtocol"],
  ];
  for (const [make, name] of makers) {
    assertThrows(() => make({ [name]: "wrong" } as never), ValidationException, name);
    assertThrows(() => make(instance({ [name]: "wrong" })), ValidationException, name);
  }
});

/** What makes a client for an adapter. */
const ADAPTERS: Record<string, (clientOptions: never) => unknown> = {
  keyv: (clientOptions) => new KeyvMoecache({ servers: UNREACHABLE, clientOptions }),
  next: (clientOptions) => nextCacheHandler({ servers: UNREACHABLE, clientOptions }),
  memjs: (clientOptions) => MemjsClient.create(UNREACHABLE, { clientOptions }),
  memcached: (clientOptions) => new Memcached(UNREACHABLE, { clientOptions }),
};

Deno.test("adapters read a client's options that are getters, and refuse what is no object", () => {
  for (const [name, make] of Object.entries(ADAPTERS)) {
    assertThrows(() => make(instance({ timeout: 0 })), ValidationException, "timeout 0", name);
    for (const wrong of [5, "x", true, [], new Map()] as never[]) {
      assertThrows(() => make(wrong), ValidationException, "object", name);
    }
    // As in memjs, an option of the drop-in that is null counts as left out.
    if (name === "memjs") continue;
    assertThrows(() => make(null as never), ValidationException, "object", name);
  }
});

Deno.test("adapters read their own options that are getters, also where others spread them", async () => {
  const servers = UNREACHABLE;
  assertThrows(() => new Memcached(servers, instance({ retries: -1 })), ValidationException);
  assertThrows(() => new Memcached(servers, 5 as never), ValidationException, "a plain object");
  const onError = () => {};
  await using storage = honoSessionStorage(instance({ servers, onError }));
  assertEquals(typeof storage.get, "function");
  const { options, factory } = moecacheDriver(instance({ servers, prefix: "b" }));
  await using driver = factory({ ...options });
  assertEquals(driver.type, "l2");
  assertThrows(() => moecacheDriver(null as never), ValidationException, "a plain object");
  await using keyv = new KeyvMoecache(servers, instance({ namespace: "names" }));
  assertEquals(keyv.namespace, "names");
});

Deno.test("a storage of caches reads a query whose options are getters", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const caches = new MoecacheCacheStorage(client);
  const cache = await caches.open("pages");
  await cache.put("https://example.com/?a", new Response("page"));
  const query = instance({ ignoreSearch: true });
  for (const place of [cache, caches]) {
    const found = await place.match("https://example.com/?b", query);
    assertEquals(await found?.text(), "page");
  }
});

Deno.test("an option that is undefined leaves an adapter's default in place", async () => {
  await using server = await MemcachedServer.listen();
  const unset = { timeout: undefined, retries: 1 } as unknown as ClientOptions;
  assertEquals(clientOptionsFrom(unset, { timeout: 5 }), { timeout: 5, retries: 1 });
  const driver = unstorage({ servers: server.address });
  const item = { key: "key", value: "value", options: { ttl: undefined } as never };
  await driver.setItems([item], { ttl: 60 });
  await using client = new Client(server.address);
  for await (const { key, exptime } of client.items()) {
    // The counter of the driver's keys never expires.
    assertEquals(exptime !== undefined, key.endsWith(":key"), key);
  }
  await driver.dispose();
});
