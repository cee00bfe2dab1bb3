import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, ValidationException } from "../../mod.ts";
import { MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { moecacheDriver as bentoDriver } from "../../src/adapters/bentocache.ts";
import { KeyvMoecache, type KeyvMoecacheOptions } from "../../src/adapters/keyv.ts";
import { Memcached } from "../../src/adapters/memcached.ts";
import { Client as MemjsClient } from "../../src/adapters/memjs.ts";
import { nextCacheHandler } from "../../src/adapters/next.ts";
import { RateLimitStore } from "../../src/adapters/rate_limit.ts";
import { honoSessionsStore, moecacheSessionStore } from "../../src/adapters/session.ts";
import moecacheDriver, { type MoecacheDriverOptions } from "../../src/adapters/unstorage.ts";
import { dns } from "../../src/discovery/mod.ts";
import { hashedKeys } from "../../src/views/mod.ts";

const UNREACHABLE = "127.0.0.1:1";

type Make = (options: Record<string, unknown>) => unknown;

/** Makes each adapter, on servers or with a client, of options that are to be refused. */
function makers(client: Client): Record<string, Make> {
  return {
    keyv: (options) => new KeyvMoecache({ servers: UNREACHABLE, ...options }),
    "keyv with an address": (options) => new KeyvMoecache(UNREACHABLE, options),
    unstorage: (options) => moecacheDriver({ servers: UNREACHABLE, ...options }),
    cache: (options) => new MoecacheCacheStorage(client, options),
  };
}

Deno.test("an adapter refuses options that it does not know, and says which was meant", async () => {
  await using client = new Client(UNREACHABLE);
  for (const make of Object.values(makers(client))) {
    assertThrows(() => make({ nonsense: 1 }), ValidationException, 'unknown option "nonsense"');
    assertThrows(() => make({ toString: 1 }), ValidationException, 'unknown option "toString"');
  }
  const { keyv, unstorage, cache } = makers(client);
  const meant: [Make | undefined, string, string][] = [
    [keyv, "prefx", "prefix"],
    [keyv, "Prefix", "prefix"],
    [keyv, "clientOption", "clientOptions"],
    [keyv, "nmaespace", "namespace"],
    [unstorage, "tll", "ttl"],
    [unstorage, "bsae", "base"],
    [cache, "chunkBytelength", "chunkByteLength"],
  ];
  for (const [make, name, right] of meant) {
    const wanted = `unknown option "${name}": did you mean "${right}"?`;
    assertThrows(() => make?.({ [name]: 1 }), ValidationException, wanted);
  }
});

Deno.test("an adapter refuses options of another type, and treats undefined as left out", async () => {
  await using client = new Client(UNREACHABLE);
  const wrong: Record<string, Record<string, unknown[]>> = {
    keyv: { prefix: [5, null, ["a"]], namespace: [5, null, {}] },
    unstorage: { base: [5, null], ttl: ["60", NaN, null, 60n] },
    cache: { prefix: [5, null], chunkByteLength: ["1024", NaN, null], now: [5, null] },
  };
  for (const [kind, options] of Object.entries(wrong)) {
    const make = makers(client)[kind]!;
    for (const [name, values] of Object.entries(options)) {
      for (const value of values) {
        assertThrows(() => make({ [name]: value }), ValidationException, `Cannot use ${name} `);
      }
      make({ [name]: undefined });
    }
  }
  for (const options of [5, "a", null, true, () => {}] as unknown as undefined[]) {
    const make = () => new MoecacheCacheStorage(client, options);
    assertThrows(make, ValidationException, "it must be a plain object");
  }
});

Deno.test("an adapter says what is missing", async () => {
  await using client = new Client(UNREACHABLE);
  const neither = "either a client or servers";
  for (const nothing of [undefined, null, {}]) {
    const options = nothing as KeyvMoecacheOptions & MoecacheDriverOptions;
    assertThrows(() => new KeyvMoecache(options), ValidationException, neither);
    assertThrows(() => moecacheDriver(options), ValidationException, neither);
  }
  const both = { client, servers: UNREACHABLE };
  assertThrows(() => new KeyvMoecache(both), ValidationException, neither);
  assertThrows(() => moecacheDriver(both), ValidationException, neither);
  const useless = { client, clientOptions: {} };
  assertThrows(() => new KeyvMoecache(useless), ValidationException, "clientOptions");
  const missing = () => new MoecacheCacheStorage(undefined as unknown as Client);
  assertThrows(missing, ValidationException, "it needs a client");
  for (const other of [UNREACHABLE, {}, 5, null] as unknown as Client[]) {
    assertThrows(() => new MoecacheCacheStorage(other), ValidationException, "must be a Client");
    assertThrows(
      () => new KeyvMoecache({ client: other }),
      ValidationException,
      "must be a Client",
    );
  }
  const options = { servers: UNREACHABLE, clientOptions: { timeout: "soon" } } as unknown as {
    servers: string;
  };
  assertThrows(() => new KeyvMoecache(options), ValidationException, "timeout");
});

Deno.test("a cache refuses a query that it does not know", async () => {
  await using client = new Client(UNREACHABLE);
  const caches = new MoecacheCacheStorage(client);
  const queries = [
    ...[{ ignoreCase: true }, { ignoreVary: 1 }, { cacheName: 5 }, 5, null],
  ] as unknown as undefined[];
  for (const query of queries) {
    await assertRejects(() => caches.match("https://a.b/", query), ValidationException);
  }
  const misspelt = { ignoresearch: true } as unknown as undefined;
  const wanted = 'did you mean "ignoreSearch"?';
  await assertRejects(() => caches.match("https://a.b/", misspelt), ValidationException, wanted);
});

Deno.test("an operation refuses a lifetime of another type", async () => {
  await using store = new KeyvMoecache(UNREACHABLE);
  const driver = moecacheDriver({ servers: UNREACHABLE });
  for (const life of ["60", NaN, null, 60n] as unknown as number[]) {
    await assertRejects(() => store.set("key", "value", life), ValidationException);
    const entry = { key: "key", value: "value", ttl: life };
    await assertRejects(() => store.setMany([entry]), ValidationException, "Cannot use ttl ");
    const setting = () => driver.setItem("key", "value", { ttl: life });
    await assertRejects(setting, ValidationException, "Cannot use ttl ");
  }
  await driver.dispose();
  assertEquals(driver.options, { servers: UNREACHABLE });
});

Deno.test("unstorage's driver refuses options of an item that are no object", async () => {
  const driver = moecacheDriver({ servers: UNREACHABLE });
  for (const options of [60, "60", null, true, [60], new Map([["ttl", 60]])] as never[]) {
    const item = { key: "key", value: "value" };
    const calls = [
      () => driver.setItem("key", "value", options),
      () => driver.setItemRaw("key", "value", options),
      () => driver.setItems([item], options),
      () => driver.setItems([{ ...item, options }], { ttl: 60 }),
    ];
    for (const call of calls) {
      await assertRejects(call, ValidationException, "it must be a plain object such as { ttl }");
    }
  }
  await driver.dispose();
});

Deno.test("an adapter says what it was given instead of an entry", async () => {
  await using store = new KeyvMoecache(UNREACHABLE);
  for (
    const [entry, what] of [[[], "a list"], [null, "null"], [5, "number"]] as [never, string][]
  ) {
    const message = `Cannot store entry: it must be an object, not ${what}`;
    await assertRejects(() => store.setMany([entry]), ValidationException, message);
  }
});

Deno.test("the errors of adapters show no password", async () => {
  await using client = new Client(UNREACHABLE);
  const auth = { username: "ada", password: "s3cret" };
  const makes = [
    () => new KeyvMoecache({ client, clientOptions: { auth } }),
    () => moecacheDriver({ client, clientOptions: { auth } }),
    () => MemjsClient.create("ada:s3cret@host:x"),
    () => MemjsClient.create("ada:s3@cret@host:1:2"),
    () => new Memcached("ada:s3cret@host:1", { clientOptions: { auth } }),
    () => new Memcached([{ hostname: "host", auth }] as never),
    () => MemjsClient.create(new URL("memcached://ada:s3cret@host") as never),
    () => new MemjsClient("ada:s3cret@host" as never),
    () => new MoecacheCacheStorage("memcached://ada:s3cret@host" as never),
    () => new KeyvMoecache({ client: { hostname: "host", auth } as never }),
    () => new KeyvMoecache({ client, servers: "memcached://ada:s3cret@host" }),
    () => hashedKeys("memcached://ada:s3cret@host" as never),
    () => dns("memcached://ada:s3cret@host"),
    () => moecacheDriver("memcached://ada:s3cret@host" as never),
    () => new RateLimitStore("memcached://ada:s3cret@host" as never),
    () => moecacheSessionStore({ Store: Object }, "memcached://ada:s3cret@host" as never),
    () => moecacheSessionStore({ servers: "memcached://ada:s3cret@host" } as never, {}),
    () => honoSessionsStore("memcached://ada:s3cret@host" as never),
    () => nextCacheHandler("memcached://ada:s3cret@host" as never),
    () => bentoDriver("memcached://ada:s3cret@host" as never),
    () => new Memcached("host", "memcached://ada:s3cret@host" as never),
    () => new Client("host", { discovery: "memcached://ada:s3cret@host" as never }),
  ];
  for (const make of makes) {
    const error = assertThrows(make, ValidationException);
    assertEquals(Deno.inspect(error, { depth: 9 }).includes("cret@"), false, `${make}`);
    assertEquals(Deno.inspect(error.item, { depth: 9 }).includes("cret"), false);
  }
});

Deno.test("an adapter shows no password where it is printed", async () => {
  const servers = "memcached://ada:s3cret@127.0.0.1:1";
  const driver = moecacheDriver({ servers });
  const memjs = MemjsClient.create("ada:s3cret@127.0.0.1:1");
  for (const printed of [driver, memjs, bentoDriver({ servers }), new KeyvMoecache(servers)]) {
    assertEquals(Deno.inspect(printed, { depth: 9 }).includes("s3cret"), false);
    assertEquals(JSON.stringify(printed).includes("s3cret"), false);
  }
  assertEquals([driver.options.servers, memjs.servers[0]?.password], [servers, "s3cret"]);
  await driver.dispose();
  memjs.close();
});
