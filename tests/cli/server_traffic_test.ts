/** Watching a server with many events only part of the time. */

import { Client, ClientException } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertAlmostEquals, assertEquals, assertInstanceOf } from "@std/assert";
import { ServerTraffic } from "../../src/cli/server_traffic.ts";
import { type KeyEvent, Stretch } from "../../src/cli/stretch.ts";
import { SERVERS } from "../support/every_server.ts";
import { turn, until } from "../support/turns.ts";

const KINDS = ["fetchers", "mutations"];
/** Ten events at once, and then one in an hour. */
const LIMITS = { perSecond: 1 / 3600, burst: 10, longestRest: Infinity };

/** A traffic that rests for as long as the test wants. */
class RestingTraffic {
  readonly faults: unknown[] = [];
  readonly traffic: ServerTraffic;
  rests = 0;
  endRest: () => void = () => {};

  constructor(client: Client) {
    this.traffic = new ServerTraffic(client, {
      ...{ kinds: KINDS, limits: LIMITS, nameOf: ({ key }) => key },
      onFault: (error) => this.faults.push(error),
      pause: (_, signal) => {
        this.rests++;
        return new Promise((resolve) => {
          this.endRest = resolve;
          signal.addEventListener("abort", () => resolve());
        });
      },
    });
  }
}

async function getTimes(client: Client, key: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await client.get(key);
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`ServerTraffic is right about a server that it watches only at times, on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address);
    const keys = [..."aacabdaebfabcagdhbec"];
    let gets = 0;
    const get = async () => {
      await Promise.all(
        Array.from({ length: 10 }, () => keys.map((key) => client.get(key))).flat(),
      );
      gets += 200;
    };
    let rests = 0;
    const faults: unknown[] = [];
    const traffic = new ServerTraffic(client, {
      ...{ kinds: KINDS, nameOf: ({ key }) => key },
      onFault: (error) => faults.push(error),
      limits: { ...LIMITS, burst: 500 },
      pause: async (_, signal) => {
        rests++;
        const end = gets + 1000;
        await until(() => signal.aborted || (rests < 10 && gets >= end));
      },
    });
    const began = performance.now();
    await traffic.start();
    const started = performance.now();
    while (rests < 10) await get();
    for (let i = 0; i < 5; i++) await get();
    const ended = performance.now();
    await traffic.account();
    const accounted = performance.now();
    const { came, events, seconds, total } = traffic.usage();
    const counts = Array.from(new Set(keys), (name) => [name, traffic.countOf(name)] as const);
    await traffic.close();
    assertEquals([faults, Math.round(events), Math.round(total)], [[], gets, gets]);
    assertEquals(came, 5010);
    assert(seconds * 1000 >= ended - started && seconds * 1000 <= accounted - began);
    for (const [name, count] of counts) {
      const share = keys.filter((key) => key === name).length / keys.length;
      assertAlmostEquals(count / total, share, 0.005, name);
    }
  });
}

Deno.test("ServerTraffic counts for a rest what the server says it did in it", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const one = new RestingTraffic(client);
  await one.traffic.start();
  await getTimes(client, "key", 8);
  await getTimes(client, "other", 4);
  await until(() => one.rests === 1);
  await getTimes(client, "unseen", 48);
  await one.traffic.account();
  const { came, counted, events } = one.traffic.usage();
  // The eleventh was too much, and may be part of a store; the twelfth may have come as well, but is not read.
  assertEquals([came, counted, events], [11, 10, 60]);
  assertEquals([...one.traffic.names()].map(([name, count]) => [name, Math.round(count)]), [
    ["key", 48],
    ["other", 12],
  ]);
  one.endRest();
  await until(async () => {
    await client.get("later");
    return one.traffic.countOf("later") > 0;
  });
  assertEquals(one.faults, []);
  await one.traffic.close();
});

Deno.test("ServerTraffic keeps what it has counted of a server that is not there after a rest", async () => {
  let watches = 0;
  const refusing = await MemcachedServer.listen({
    fault: ({ line }) =>
      line.startsWith("watch") && ++watches > 1
        ? { reply: "CLIENT_ERROR too many watchers" }
        : undefined,
  });
  const leaving = await MemcachedServer.listen();
  for (const server of [refusing, leaving]) {
    await using client = new Client(server.address);
    const one = new RestingTraffic(client);
    await one.traffic.start();
    await getTimes(client, "key", 20);
    await until(() => one.rests === 1);
    await one.traffic.account();
    const before = [...one.traffic.names()];
    if (server === leaving) await server.close();
    one.endRest();
    await until(() => one.faults.length > 0);
    if (server === refusing) assertInstanceOf(one.faults[0], ClientException);
    await one.traffic.close();
    const after = one.traffic.usage();
    assertEquals([after.came, after.events, [...one.traffic.names()]], [11, 20, before]);
    assertEquals(one.faults.length, 1);
    await server.close();
  }
});

Deno.test("ServerTraffic is closed at once in a rest, and while it opens a watch", async () => {
  let isSilent = false;
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => isSilent && line.startsWith("watch") ? { delay: Infinity } : undefined,
  });
  await using client = new Client(server.address, { timeout: 600_000 });
  for (const isOpening of [false, true]) {
    isSilent = false;
    const one = new RestingTraffic(client);
    await one.traffic.start();
    await getTimes(client, "key", 11);
    await until(() => one.rests === 1);
    if (isOpening) {
      isSilent = true;
      one.endRest();
      await turn();
    }
    await one.traffic.close();
    assertEquals(one.faults, []);
    one.endRest();
    await turn();
    assertEquals(one.rests, 1);
  }
});

Deno.test("ServerTraffic is closed while it asks how many events there were", async () => {
  let asked = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => line === "stats" && ++asked > 1 ? { delay: Infinity } : undefined,
  });
  await using client = new Client(server.address, { timeout: 600_000 });
  const { traffic, faults } = new RestingTraffic(client);
  await traffic.start();
  const accounting = traffic.account();
  await until(() => asked > 1);
  await traffic.close();
  // As for `hot`, when the server is lost at its end.
  await accounting;
  assertEquals(faults, []);
});

/** A stretch that counts events by their type, and a function that gives it one. */
function countedByType() {
  const stretch = new Stretch(({ type }) => type, LIMITS, { at: 0, events: 0, dropped: 0 }, 0);
  const take = (type: KeyEvent["type"], key: string, connection: number) => {
    const item = { server: "a:1", time: 0, gid: 1, key, slabClass: 1, connection, size: 1 };
    stretch.take({
      ...{ ...item, status: "found" },
      ...type === "item_get" ? { type } : { type, command: "set", ttl: 0 },
    }, 1);
  };
  return { stretch, take };
}

Deno.test("Stretch counts a look-up at its end, and not with a store that follows", () => {
  const { stretch, take } = countedByType();
  take("item_get", "a", 1);
  take("item_store", "a", 1);
  take("item_get", "b", 1);
  assertEquals([...stretch.counts.entries()], [["item_store", 1]]);
  take("item_store", "c", 2);
  stretch.end(1);
  assertEquals([...stretch.counts.entries()], [["item_store", 2], ["item_get", 1]]);
});

Deno.test("Stretch does not count a look-up whose store may have been cut off", () => {
  const { stretch, take } = countedByType();
  take("item_get", "a", 1);
  take("item_get", "b", 2);
  stretch.end(1);
  assertEquals([...stretch.counts.entries()], [["item_get", 1]]);
  stretch.measure({ at: 1, events: 3, dropped: 0 });
  assertEquals(stretch.weight, 3);
});

Deno.test("Stretch takes no measure that is older than one before, and no drops of a rest", () => {
  const stretch = new Stretch(({ key }) => key, LIMITS, { at: 100, events: 10, dropped: 5 }, 120);
  const event = {
    type: "item_get",
    status: "found",
    slabClass: 1,
    size: 1,
    time: 0,
    gid: 1,
  } as const;
  stretch.take({ ...event, server: "a:1", key: "a", connection: 1 }, 150);
  stretch.take({ ...event, server: "a:1", key: "a", connection: 2 }, 150);
  stretch.measure({ at: 90, events: 5, dropped: 1 });
  stretch.measure({ at: 200, events: 20, dropped: 7 });
  assertEquals([stretch.events, stretch.weight], [4, 2]);
  stretch.end(300);
  stretch.measure({ at: 300, events: 30, dropped: 8 });
  stretch.measure({ at: 1100, events: 110, dropped: 1000 });
  assertEquals([stretch.events, stretch.seconds, stretch.weight], [100, 1, 100]);
});
