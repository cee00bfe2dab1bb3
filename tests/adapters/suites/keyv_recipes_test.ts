/** What uses Keyv, with the store as `docs/adapters.md` describes it. */

import "reflect-metadata";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyvAdapter } from "@apollo/utils.keyvadapter";
import { ErrorsAreMissesCache } from "@apollo/utils.keyvaluecache";
import { CACHE_MANAGER, CacheModule } from "@nestjs/cache-manager";
import { type INestApplicationContext, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { createCache } from "cache-manager";
import { Cacheable } from "cacheable";
import { Keyv } from "keyv";
import { Keyv as Keyv6 } from "keyv-6";
import { SocketError } from "@moecache/moecache";
import { KeyvMoecache } from "@moecache/moecache/keyv";
import { MemcachedServer } from "@moecache/moecache/testing";
import { SERVERS } from "./servers.ts";

const AWAY = "127.0.0.1:1";
const MINUTE = 60_000;

/** Makes a Keyv with the store, and a list of its errors. */
function keyvOn(servers: string, errors: unknown[] = []): Keyv {
  const keyv = new Keyv({ store: new KeyvMoecache({ servers }) });
  keyv.on("error", (error: unknown) => errors.push(error));
  return keyv;
}

/** The cache of an application of Nest, as `@Inject(CACHE_MANAGER)` gives it. */
async function nestOn(servers: string): Promise<{
  app: INestApplicationContext;
  cache: ReturnType<typeof createCache>;
}> {
  class AppModule {}
  const stores = [new KeyvMoecache({ servers })];
  Module({ imports: [CacheModule.register({ stores, ttl: MINUTE })] })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  return { app, cache: app.get(CACHE_MANAGER) };
}

/** Apollo's adapter has the types of Keyv for CommonJS, which differ from those for modules by their names alone. */
function apolloOn(keyv: unknown): KeyvAdapter<string> {
  return new KeyvAdapter(keyv as ConstructorParameters<typeof KeyvAdapter<string>>[0]);
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`cache-manager: two processes share values on ${kind}`, async () => {
    await using memcached = await start();
    const errors: unknown[] = [];
    const [one, two] = [1, 2].map(() =>
      createCache({ stores: [keyvOn(memcached.address, errors)], ttl: MINUTE })
    );
    assert(one && two);
    await one.set("users:1", { name: "Ada" });
    assertEquals(await two.get("users:1"), { name: "Ada" });
    await one.mset<unknown>([
      { key: "a b", value: 1 },
      { key: "é", value: [null], ttl: MINUTE },
    ]);
    assertEquals(await two.mget(["a b", "é", "none"]), [1, [null], undefined]);
    let loads = 0;
    const load = () => ++loads;
    assertEquals([await one.wrap("count", load), await two.wrap("count", load)], [1, 1]);
    await two.del("count");
    assertEquals(await one.wrap("count", load), 2);
    await two.mdel(["a b", "é"]);
    assertEquals(await one.mget(["a b", "é"]), [undefined, undefined]);
    const ends = await one.ttl("users:1");
    assert(ends !== undefined && ends > Date.now() && ends <= Date.now() + MINUTE);
    await one.clear();
    assertEquals(await two.get("users:1"), undefined);
    assertEquals(errors, []);
    await Promise.all([one.disconnect(), two.disconnect()]);
  });

  Deno.test(`cacheable: two processes share their second layer on ${kind}`, async () => {
    await using memcached = await start();
    const errors: unknown[] = [];
    const [one, two] = [1, 2].map(() => {
      return new Cacheable({ secondary: keyvOn(memcached.address, errors), ttl: MINUTE });
    });
    assert(one && two);
    await one.set("users:1", { name: "Ada" });
    assertEquals(await two.get("users:1"), { name: "Ada" });
    await one.setMany([{ key: "a", value: 1 }, { key: "b", value: 2 }]);
    assertEquals(await two.getMany(["a", "b", "none"]), [1, 2, undefined]);
    let loads = 0;
    const load = () => Promise.resolve(++loads);
    assertEquals([await one.getOrSet("n", load), await two.getOrSet("n", load)], [1, 1]);
    await one.delete("n");
    assertEquals(await keyvOn(memcached.address).get("n"), undefined);
    assertEquals(errors, []);
    await Promise.all([one.disconnect(), two.disconnect()]);
  });

  Deno.test(`@nestjs/cache-manager: two processes share values on ${kind}`, async () => {
    await using memcached = await start();
    const [one, two] = [await nestOn(memcached.address), await nestOn(memcached.address)];
    await one.cache.set("users:1", { name: "Ada" });
    assertEquals(await two.cache.get("users:1"), { name: "Ada" });
    await two.cache.del("users:1");
    assertEquals(await one.cache.get("users:1"), undefined);
    // Closes the store's client as well: its sockets would be left over.
    await one.app.close();
    await two.app.close();
  });

  Deno.test(`Apollo's KeyvAdapter: two processes share values on ${kind}`, async () => {
    await using memcached = await start();
    const keyvs = [keyvOn(memcached.address), keyvOn(memcached.address)];
    const [one, two] = keyvs.map(apolloOn);
    assert(one && two);
    await one.set("fqc:1", '{"data":1}', { ttl: 60 });
    await one.set("fqc:2", '{"data":2}', { ttl: null });
    const keys = ["fqc:1", "fqc:2", "none"];
    const found = await Promise.all(keys.map((key) => two.get(key)));
    assertEquals(found, ['{"data":1}', '{"data":2}', undefined]);
    assertEquals(await two.delete("fqc:1"), true);
    assertEquals(await one.get("fqc:1"), undefined);
    await Promise.all(keyvs.map((keyv) => keyv.disconnect()));
  });
}

/** Calls `wrap` twice, and says what was loaded, and whether it is known when it expires. */
async function wrapTwice(
  keyv: unknown,
): Promise<[first: number, second: number, hasTime: boolean]> {
  // The types are those of Keyv 5.
  const cache = createCache({ stores: [keyv as Keyv], ttl: MINUTE });
  let loads = 0;
  const wrap = () => cache.wrap("key", () => ++loads);
  const loaded = [await wrap(), await wrap()] as const;
  const ends = await cache.ttl("key");
  await cache.disconnect();
  return [...loaded, ends !== undefined];
}

Deno.test("with Keyv 6, cache-manager loads at each wrap, whatever the store; with Keyv 5, once", async () => {
  await using server = await MemcachedServer.listen();
  const makeStore = () => new KeyvMoecache({ servers: server.address });
  assertEquals(await wrapTwice(new Keyv6()), [1, 2, false]);
  assertEquals(await wrapTwice(new Keyv6({ store: makeStore(), namespace: "six" })), [1, 2, false]);
  assertEquals(await wrapTwice(new Keyv()), [1, 1, true]);
  assertEquals(await wrapTwice(new Keyv({ store: makeStore(), namespace: "five" })), [1, 1, true]);
});

Deno.test("cacheable and Apollo's KeyvAdapter work with Keyv 6 too", async () => {
  await using server = await MemcachedServer.listen();
  const makeKeyv = () => new Keyv6({ store: new KeyvMoecache({ servers: server.address }) });
  const [one, two] = [1, 2].map(() =>
    new Cacheable({ secondary: makeKeyv() as unknown as Keyv, ttl: MINUTE })
  );
  assert(one && two);
  let loads = 0;
  const load = () => Promise.resolve(++loads);
  assertEquals([await one.getOrSet("n", load), await two.getOrSet("n", load)], [1, 1]);
  await Promise.all([one.disconnect(), two.disconnect()]);
  const keyv = makeKeyv();
  const apollo = apolloOn(keyv);
  await apollo.set("fqc:1", '{"data":1}', { ttl: 60 });
  const found = await Promise.all(["fqc:1", "none"].map((key) => apollo.get(key)));
  assertEquals(found, ['{"data":1}', undefined]);
  assertEquals([await apollo.delete("fqc:1"), await apollo.get("fqc:1")], [true, undefined]);
  await keyv.disconnect();
});

Deno.test("programs that use Keyv continue without memcached, and report it", async () => {
  const errors: unknown[] = [];
  const reported = (count: number) => {
    assert(errors.length >= count && errors.every((error) => error instanceof SocketError));
    errors.length = 0;
  };
  const manager = createCache({ stores: [keyvOn(AWAY, errors)] });
  assertEquals(await manager.get("key"), undefined);
  assertEquals(await manager.wrap("key", () => "loaded"), "loaded");
  reported(2);
  await manager.disconnect();

  const cacheable = new Cacheable({ secondary: keyvOn(AWAY, errors) });
  assertEquals(await cacheable.getOrSet("key", () => Promise.resolve("loaded")), "loaded");
  assertEquals(await cacheable.get("key"), "loaded");
  reported(1);
  await cacheable.disconnect();

  const nest = await nestOn(AWAY);
  assertEquals(await nest.cache.get("key"), undefined);
  assertEquals(await nest.cache.wrap("key", () => "loaded"), "loaded");
  await nest.app.close();

  const keyv = keyvOn(AWAY, errors);
  // Keyv 5 catches no errors of reads of many keys, which this adapter gathers.
  const apollo = apolloOn(keyv);
  await assertRejects(() => apollo.get("key"), SocketError);
  await apollo.set("key", "value");
  reported(1);
  assertEquals(await new ErrorsAreMissesCache(apollo).get("key"), undefined);
  await keyv.disconnect();
});
