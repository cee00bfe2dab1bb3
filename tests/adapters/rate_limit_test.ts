import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, SocketError, ValidationException } from "../../mod.ts";
import {
  type FastifyRateLimitParameters,
  type FastifyRateLimitStore,
  fastifyRateLimitStore,
  RateLimitStore,
  type RateLimitStoreOptions,
} from "../../src/adapters/rate_limit.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { SERVERS } from "../support/every_server.ts";

/** So long that no test meets its end. */
const WINDOW = 2 ** 31 - 1;

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`RateLimitStore counts for all processes on ${kind}`, async () => {
    await using server = await start();
    await using one = new RateLimitStore({ servers: server.address });
    await using two = new RateLimitStore({ servers: server.address });
    await using apart = new RateLimitStore({ servers: server.address, prefix: "other:" });
    for (const store of [one, two, apart]) store.init({ windowMs: WINDOW });
    for (const key of ["ada", "::1 /56", "long".repeat(100)]) {
      assertEquals(await one.get(key), undefined);
      const { totalHits, resetTime } = await one.increment(key);
      assertEquals(totalHits, 1);
      assert(resetTime.getTime() > Date.now() && resetTime.getTime() % WINDOW === 0);
      assertEquals((await two.increment(key)).totalHits, 2);
      await one.decrement(key);
      assertEquals(await two.get(key), { totalHits: 1, resetTime });
      assertEquals(await apart.get(key), undefined);
      await two.resetKey(key);
      assertEquals(await one.get(key), undefined);
      await one.decrement(key);
      assertEquals((await one.increment(key)).totalHits, 1);
    }
    await apart.increment("ada");
    await one.resetAll();
    assertEquals([await two.get("ada"), (await apart.get("ada"))?.totalHits], [undefined, 1]);
    const herd = await Promise.all(Array.from({ length: 100 }, () => one.increment("herd")));
    assertEquals(new Set(herd.map(({ totalHits }) => totalHits)).size, 100);
  });
}

Deno.test("RateLimitStore rejects when memcached cannot be reached, also where a fault is a miss", async () => {
  await using client = new Client("127.0.0.1:1", { failover: "miss" });
  await using away = new RateLimitStore({ client });
  await assertRejects(() => away.increment("ada"), SocketError);
  await assertRejects(() => away.get("ada"), SocketError);
  await assertRejects(() => away.decrement("ada"), SocketError);
  await assertRejects(() => away.resetKey("ada"), SocketError);
  await assertRejects(() => away.resetAll(), SocketError);
});

Deno.test("fastifyRateLimitStore() counts routes apart, and those of a group together", async () => {
  await using server = await MemcachedServer.listen();
  const Store = fastifyRateLimitStore({ servers: server.address });
  const store = new Store({});
  const count = (parameters: FastifyRateLimitParameters) =>
    new Promise<number | undefined>((resolve, reject) => {
      store.child(parameters).incr("ada", (error, result) => {
        if (error) reject(error);
        else resolve(result?.current);
      }, WINDOW);
    });
  const [send, again] = [{ method: "GET", url: "/send" }, {
    method: "GET",
    url: "/again",
  }] as const;
  assertEquals([await count({ routeInfo: send }), await count({ routeInfo: again })], [1, 1]);
  const counts = [];
  for (const groupId of ["a", "a", "b", "a b"]) {
    counts.push(
      await count({ routeInfo: send, groupId }),
      await count({ routeInfo: again, groupId }),
    );
  }
  assertEquals(counts, [1, 2, 3, 4, 1, 2, 1, 2]);
  assertEquals(await count({ routeInfo: send }), 2);
  await Store.close();
});

/** The program's clock, which a test sets. */
class TestClock implements Disposable {
  readonly #now = Date.now;
  #time = Date.now();

  constructor() {
    Date.now = () => this.#time;
  }

  advance(milliseconds: number): void {
    this.#time += milliseconds;
  }

  [Symbol.dispose](): void {
    Date.now = this.#now;
  }
}

/** What a store answers to a hit of some caller, or to a look at the hits. */
function ask(
  store: FastifyRateLimitStore,
  method: "incr" | "read",
  max: number,
): Promise<{ current: number; ttl: number } | undefined> {
  return new Promise((resolve, reject) => {
    store[method]("ada", (error, hits) => error ? reject(error) : resolve(hits), 60_000, max);
  });
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`fastifyRateLimitStore() begins windows again with continueExceeding on ${kind}`, async () => {
    await using server = await start();
    const [one, two] = [1, 2].map(() => fastifyRateLimitStore({ servers: server.address }));
    assert(one !== undefined && two !== undefined);
    // It comes before the other option.
    const options = { continueExceeding: true, exponentialBackoff: true };
    const [store, other] = [new one(options), new two({}).child(options)];
    {
      using clock = new TestClock();
      assertEquals(await ask(store, "read", 2), { current: 0, ttl: 0 });
      assertEquals(await ask(store, "incr", 2), { current: 1, ttl: 60_000 });
      clock.advance(10_000);
      assertEquals(await ask(store, "incr", 2), { current: 2, ttl: 50_000 });
      for (const current of [3, 4, 5]) {
        assertEquals(await ask(store, "incr", 2), { current, ttl: 60_000 });
        clock.advance(59_999);
        assertEquals(await ask(store, "read", 2), { current, ttl: 1 });
      }
      clock.advance(1);
      assertEquals(await ask(store, "read", 2), { current: 0, ttl: 0 });
      assertEquals(await ask(store, "incr", 2), { current: 1, ttl: 60_000 });
      assertEquals(await ask(other, "incr", 0), { current: 1, ttl: 60_000 });
    }
    await one.close();
    await two.close();
  });

  Deno.test(`fastifyRateLimitStore() doubles windows with exponentialBackoff on ${kind}`, async () => {
    await using server = await start();
    const Store = fastifyRateLimitStore({ servers: server.address });
    const store = new Store({ exponentialBackoff: true });
    {
      using clock = new TestClock();
      const ttls = [];
      for (let hit = 0; hit < 5; hit++) ttls.push((await ask(store, "incr", 2))?.ttl);
      assertEquals(ttls, [60_000, 60_000, 60_000, 120_000, 240_000]);
      clock.advance(239_999);
      assertEquals(await ask(store, "read", 2), { current: 5, ttl: 1 });
      clock.advance(1);
      assertEquals(await ask(store, "incr", 2), { current: 1, ttl: 60_000 });
      // A thousand doublings are more milliseconds than a number can count.
      for (let hit = 2; hit < 1100; hit++) await ask(store, "incr", 2);
      const longest = Number.MAX_SAFE_INTEGER - Date.now();
      assertEquals(await ask(store, "incr", 2), { current: 1100, ttl: longest });
    }
    await Store.close();
  });

  Deno.test(`fastifyRateLimitStore() counts each of many hits at once in windows that grow on ${kind}`, async () => {
    await using server = await start();
    const Stores = [1, 2].map(() => fastifyRateLimitStore({ servers: server.address }));
    const stores = Stores.map((Store) => new Store({ continueExceeding: true }));
    const hits = await Promise.all(
      Array.from({ length: 200 }, (_, i) => ask(stores[i % 2]!, "incr", 10)),
    );
    const counts = hits.map((hit) => hit?.current ?? 0).toSorted((a, b) => a - b);
    assertEquals(counts, Array.from({ length: 200 }, (_, i) => i + 1));
    for (const Store of Stores) await Store.close();
  });
}

Deno.test("fastifyRateLimitStore() gives a fault to the callback with windows that grow", async () => {
  await using client = new Client("127.0.0.1:1", { failover: "miss" });
  const Store = fastifyRateLimitStore({ client });
  const store = new Store({ continueExceeding: true });
  await assertRejects(() => ask(store, "incr", 1), SocketError);
  await assertRejects(() => ask(store, "read", 1), SocketError);
});

Deno.test("the stores for rate limits refuse what they cannot use", async () => {
  const servers = "127.0.0.1:1";
  for (const options of [{}, { servers, prefix: "" }, { servers, prefx: "a" }]) {
    const given = options as RateLimitStoreOptions;
    assertThrows(() => new RateLimitStore(given), ValidationException);
    assertThrows(() => fastifyRateLimitStore(given), ValidationException);
  }
  await using store = new RateLimitStore({ servers });
  for (const windowMs of [0, 0.5, NaN, 2 ** 31, 30 * 86_400_000, "1m" as unknown as number]) {
    assertThrows(() => store.init({ windowMs }), ValidationException, "window");
    // express-rate-limit logs that and goes on: the hits must not count in another window.
    await assertRejects(() => store.increment("ada"), ValidationException, "window");
  }
});
