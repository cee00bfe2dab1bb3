import { assert, assertEquals, assertRejects } from "@std/assert";
import { type OperationOptions, ValidationException } from "../../mod.ts";
import { rateLimit } from "../../src/patterns/mod.ts";
import { onEveryServer } from "../support/every_server.ts";
import { assertTtl } from "../support/ttl.ts";

onEveryServer("rateLimit", (test) => {
  test("allows as many as the limit says", async (first, second) => {
    const options = { limit: 10, window: 60, now: () => 1_700_000_000_000 };
    const asked = Array.from({ length: 30 }, (_, i) => {
      return rateLimit(i % 2 === 0 ? first : second, "key", options);
    });
    const allowed = (await Promise.all(asked)).filter(({ allowed }) => allowed);
    assert(allowed.length <= 10, `${allowed.length}`);
    let result = await rateLimit(first, "key", options);
    while (result.allowed) {
      allowed.push(result);
      result = await rateLimit(first, "key", options);
    }
    assertEquals(allowed.length, 10);
  });

  test("slides from one window to the next", async (client) => {
    let now = 60_000 * 1000;
    const ask = () => rateLimit(client, "key", { limit: 4, window: 60, now: () => now });
    for (const remaining of [3, 2, 1]) {
      assertEquals(await ask(), { allowed: true, remaining, resetAfter: 0 });
    }
    // One more as soon as one of the four has slid out: a quarter into the next window.
    assertEquals(await ask(), { allowed: true, remaining: 0, resetAfter: 75 });
    assertEquals(await ask(), { allowed: false, remaining: 0, resetAfter: 75 });
    now += 74_999;
    assertEquals(await ask(), { allowed: false, remaining: 0, resetAfter: 0.001 });
    now += 1;
    assertEquals(await ask(), { allowed: true, remaining: 0, resetAfter: 15 });
    now += 15_000;
    assertEquals(await ask(), { allowed: true, remaining: 0, resetAfter: 15 });
    now += 60_000;
    // Two were counted in the window before, and half of them has slid out.
    assertEquals(await ask(), { allowed: true, remaining: 2, resetAfter: 0 });
    now += 120_000;
    assertEquals(await ask(), { allowed: true, remaining: 3, resetAfter: 0 });
  });

  test("allows one more after resetAfter, and none a millisecond before", async (client) => {
    for (const [limit, window] of [[3, 7], [10, 1], [49, 11], [7, 3600]] as const) {
      let now = 1_700_000_000_123;
      const ask = () => rateLimit(client, `${limit}`, { limit, window, now: () => now });
      for (let i = 0; i < limit; i++) assertEquals((await ask()).allowed, true);
      for (let i = 0; i < limit; i++) {
        const { allowed, resetAfter } = await ask();
        assertEquals(allowed, false);
        now += Math.round(resetAfter * 1000) - 1;
        assertEquals(await ask(), { allowed: false, remaining: 0, resetAfter: 0.001 });
        now += 1;
        assertEquals((await ask()).allowed, true, `${limit} in ${window} s`);
      }
    }
  });

  test("refuses a clock that gives no time", async (client) => {
    for (const time of [NaN, Infinity, -Infinity]) {
      const ask = () => rateLimit(client, "key", { limit: 1, window: 60, now: () => time });
      await assertRejects(ask, ValidationException, `Cannot use now: it returned ${time}`);
    }
  });

  test("limits each key separately, in a namespace too", async (client) => {
    const options = { limit: 1, window: 60, now: () => 0 };
    const namespace = client.namespace("n:");
    assertEquals((await rateLimit(client, "a", options)).allowed, true);
    assertEquals((await rateLimit(client, "b", options)).allowed, true);
    assertEquals((await rateLimit(namespace, "a", options)).allowed, true);
    assertEquals((await rateLimit(client, "a", options)).allowed, false);
    assertEquals((await rateLimit(namespace, "a", options)).allowed, false);
  });

  test("keeps its counters for two windows", async (client) => {
    await rateLimit(client, "key", { limit: 1, window: 60, now: () => 0 });
    await assertTtl(client, "key:0", 121);
    await rateLimit(client, "long", { limit: 1, window: 1_000_000, now: () => 0 });
    await assertTtl(client, "long:0", 2_000_001);
  });

  test("refuses what makes no sense", async (client) => {
    const valid = { limit: 1, window: 60 };
    for (const value of [0, -1, 1.5, NaN, "1", undefined, 2 ** 53]) {
      for (const name of ["limit", "window"]) {
        const ask = () => rateLimit(client, "key", { ...valid, [name]: value });
        await assertRejects(ask, ValidationException, `Cannot use ${name}`);
      }
    }
    await assertRejects(() => rateLimit(client, "a b", valid), ValidationException, "limit");
    await assertRejects(() => rateLimit(client, "k".repeat(234), valid), ValidationException);
    const signal = AbortSignal.abort("enough");
    const ask = rateLimit(client, "key", { ...valid, signal });
    assertEquals(await ask.catch((reason) => reason), "enough");
  });
});

Deno.test("rateLimit does not treat a window that cannot be reached as empty", async () => {
  const asked: unknown[] = [];
  const client = {
    incr(_key: string, _delta?: bigint | number, options?: OperationOptions): Promise<bigint> {
      asked.push(options?.failover);
      return Promise.resolve(2n);
    },
    decr(_key: string, _delta?: bigint | number, options?: OperationOptions): Promise<bigint> {
      asked.push(options?.failover);
      return Promise.resolve(1n);
    },
  };
  await rateLimit(client, "key", { limit: 1, window: 60 });
  assertEquals(asked, ["error", "error", "error"]);
});
