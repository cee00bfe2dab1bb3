/** `hot` and `monitor`. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { HeavyHitters, mostFrequent } from "../../src/cli/heavy_hitters.ts";
import { HotKeys } from "../../src/cli/hot_keys.ts";
import { Fleet } from "../../src/cli/fleet.ts";
import { SERVERS } from "../support/every_server.ts";
import { turn } from "../support/turns.ts";
import { withSeed } from "../chaos/random.ts";
import { moecache } from "./fake_terminal.ts";

Deno.test("HeavyHitters finds the most frequent of more names than it keeps", async () => {
  await withSeed((seed) => {
    const random = randomOf(seed);
    const counts = new HeavyHitters(500);
    const exact = new Map<string, number>();
    const events = 100_000;
    for (let i = 0; i < events; i++) {
      // The frequent ones are far apart, and most names are seen once or twice.
      const place = random();
      const name = place < 0.3 ? `hot:${Math.floor(Math.sqrt(place / 0.3) * 5)}` : `key:${place}`;
      exact.set(name, (exact.get(name) ?? 0) + 1);
      counts.add(name);
    }
    assert(counts.size <= 1000);
    assertEquals(counts.total, events);
    const found = mostFrequent(counts.entries(), 5);
    assertEquals(found.map(([name]) => name), mostFrequent(exact, 5).map(([name]) => name));
    for (const [name, count] of counts.entries()) {
      const real = exact.get(name) ?? 0;
      assert(count <= real && real - count <= events / 500, name);
    }
    return Promise.resolve();
  });
});

Deno.test("HeavyHitters forgets what is old", () => {
  const counts = new HeavyHitters(10);
  counts.add("old", 100);
  counts.age(0.5);
  counts.add("new", 60);
  assertEquals(mostFrequent(counts.entries(), 2), [["new", 60], ["old", 50]]);
  counts.age(0);
  assertEquals([counts.total, counts.size], [0, 0]);
});

Deno.test("mostFrequent finds the same as sorting all does", async () => {
  await withSeed((seed) => {
    const random = randomOf(seed);
    const counts = Array.from({ length: 1000 }, (_, i) => {
      return [`key:${i}`, Math.floor(random() * 50)] as const;
    });
    const sorted = counts.toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    for (const most of [0, 1, 5, 999, 1000, Infinity]) {
      assertEquals(mostFrequent(counts, most), sorted.slice(0, most), String(most));
    }
    return Promise.resolve();
  });
});

Deno.test("HotKeys scales by what the servers have dropped", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const fleet = new Fleet([server.address], {});
  const counting = new HotKeys(fleet, { reads: true, writes: false, misses: false });
  await counting.start();
  for (let i = 0; i < 40; i++) await client.get(i % 4 === 0 ? "rare" : "frequent");
  while (counting.report(1).events < 40) await client.version();
  assertEquals(counting.report(1).seen, 1);
  counting.addStats(server.address, { log_worker_dropped: "120" });
  const { keys, seen } = counting.report(5);
  assertEquals([seen, keys.map(({ key, share }) => [key, share])], [
    0.25,
    [["frequent", 0.75], ["rare", 0.25]],
  ]);
  await counting.close();
  await fleet.close();
});

Deno.test("HotKeys counts no time in which a server could not be watched any more", async () => {
  const server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const fleet = new Fleet([server.address], {});
  const counting = new HotKeys(fleet, { reads: true, writes: false, misses: false });
  try {
    await counting.start();
    await client.get("key");
    while (counting.report(1).events < 1) await client.version();
    await server.close();
    while (counting.faults.length === 0) await turn();
    const before = counting.report(1).keys;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(counting.report(1).keys, before);
    // What is shown of the last seconds becomes less all the same.
    counting.age(0.5);
    const [key] = counting.report(1).keys;
    assert(key!.perSecond < before[0]!.perSecond);
  } finally {
    await counting.close();
    await fleet.close();
    await server.close();
  }
});

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`hot shows the keys and prefixes that are used most, on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address);
    await client.set("user:1", 1);
    const env = { MEMCACHED_SERVERS: server.address };
    const during = async (line: string) => {
      let isOver = false;
      const asked = moecache(`${line} --for 300ms --json`, { env }).finally(() => isOver = true);
      while (!isOver) {
        const gets = ["user:1", "user:1", "user:1", "user:2", "page:1"];
        await Promise.all([
          ...gets.map((key) => client.get(key)),
          client.meta("ms", btoa("\xc3\xa9"), ["b"], "a key of other bytes"),
        ]);
      }
      const { code, output, messages } = await asked;
      assertEquals([code, messages], [0, ""]);
      return output.trimEnd().split("\n").map((text) => JSON.parse(text));
    };
    const reads = await during("hot --reads");
    assertEquals(reads[0].key, "user:1");
    assert(Math.abs(reads[0].share - 0.6) < 0.05, `${reads[0].share}`);
    assertEquals([reads.length, reads[0].servers], [3, [server.address]]);
    assertEquals((await during("hot --writes")).map(({ key }) => key), ["é"]);
    const misses = await during("hot --misses");
    assertEquals(misses.map(({ key }) => key).sort(), ["page:1", "user:2"]);
    const [users] = await during("hot --by prefix");
    assertEquals(users.prefix, "user:*");
  });
}

Deno.test("hot says which server cannot be watched, and watches the others", async () => {
  await using old = await MemcachedServer.listen({ imitate: "1.4.20" });
  await using recent = await MemcachedServer.listen();
  await using client = new Client(recent.address);
  const timer = setInterval(() => client.get("key").catch(() => {}), 5);
  const { code, output, messages } = await moecache("hot --for 300ms", {
    env: { MEMCACHED_SERVERS: `${old.address},${recent.address}` },
  }).finally(() => clearInterval(timer));
  assertEquals([code, messages.trimEnd().split("\n").length], [3, 1]);
  assertStringIncludes(messages, old.address);
  assertStringIncludes(output, "key");
  assertStringIncludes(output, "100.0% of the events were seen");
});

Deno.test("hot says that it has not seen all, and why", async () => {
  let dropped = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ line }) =>
      line === "stats" ? { reply: `STAT log_worker_dropped ${dropped += 900}\r\nEND` } : undefined,
  });
  await using client = new Client(server.address);
  const timer = setInterval(() => client.get("key").catch(() => {}), 5);
  const { code, output } = await moecache(`hot --for 300ms -s ${server.address}`)
    .finally(() => clearInterval(timer));
  const [, seen, why] = /(\S+)% of the events were seen(.*)\n$/.exec(output) ?? [];
  assertEquals([code, Number(seen) > 0 && Number(seen) < 50], [0, true]);
  assertStringIncludes(why ?? "", "the figures are scaled by it");
});

Deno.test("hot refuses what excludes each other", async () => {
  assertEquals((await moecache("hot --misses --writes")).code, 2);
  assertEquals((await moecache("hot --by server")).code, 2);
});

Deno.test("monitor prints what happens, without control characters", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const env = { MEMCACHED_SERVERS: server.address };
  const work = async () => {
    await client.set("user:1", "value");
    await client.get("user:1");
    await client.get("page:1");
  };
  const timer = setInterval(() => work().catch(() => {}), 10);
  const text = await moecache("monitor -n 9", { env });
  const json = await moecache("monitor --match page:* -n 2 --json", { env })
    .finally(() => clearInterval(timer));
  assertEquals([text.code, text.output.trimEnd().split("\n").length], [0, 9]);
  for (const part of ["hit", "miss not_found", "set", "user:1"]) {
    assertStringIncludes(text.output, part);
  }
  const [event] = json.output.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([json.code, event.key, event.type, event.status], [
    ...[0, "page:1", "item_get", "not_found"],
  ]);
});

Deno.test("monitor says how many events a server has dropped, which only its statistics tell", async () => {
  let dropped = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ line }) =>
      line === "stats" ? { reply: `STAT log_worker_dropped ${dropped += 4}\r\nEND` } : undefined,
  });
  await using client = new Client(server.address);
  const timer = setInterval(() => client.get("key").catch(() => {}), 5);
  const { messages } = await moecache(`monitor -n 1 -s ${server.address}`)
    .finally(() => clearInterval(timer));
  assertEquals(messages, `moecache: ${server.address} left 4 events out\n`);
});

Deno.test("monitor ends with Ctrl-C, and with 3 where nothing can be watched", async () => {
  await using old = await MemcachedServer.listen({ imitate: "1.4.20" });
  assertEquals((await moecache(`monitor -s ${old.address}`)).code, 3);
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const interruption = new AbortController();
  const timer = setInterval(() => client.get("key").catch(() => {}), 5);
  const { code } = await moecache(`monitor -s ${server.address}`, {
    interrupted: interruption.signal,
    onOutput: () => interruption.abort(),
  }).finally(() => clearInterval(timer));
  assertEquals(code, 0);
});

/** Numbers from 0 to 1 that a seed repeats. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
