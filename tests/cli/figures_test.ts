/** What is made of two looks at a server. */

import { MemcachedServer } from "@moecache/moecache/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { changeOf, figuresOf, fleetFiguresOf, isRestarted } from "../../src/cli/figures.ts";
import { Fleet } from "../../src/cli/fleet.ts";
import { type Snapshot, takeSnapshot } from "../../src/cli/snapshot.ts";

const STATS = Object.fromEntries([["pid", "1"], ["uptime", "86400"], ["limit_maxbytes", "1000"]]);

function snapshot(at: number, stats: Record<string, number | string>, items?: object): Snapshot {
  const texts = Object.entries(stats).map(([name, value]) => [name, String(value)]);
  return {
    ...{ server: "a:1", at, stats: { ...STATS, ...Object.fromEntries(texts) }, refused: [] },
    ...items && { items: { ...items } },
  };
}

Deno.test("figuresOf divides what has changed by the time between two looks", () => {
  const before = snapshot(0, { cmd_get: 100, get_hits: 60, get_misses: 40, cmd_set: 5 });
  const after = snapshot(
    2000,
    {
      ...{ cmd_get: 300, get_hits: 200, get_misses: 80, get_expired: 30, cmd_set: 25 },
      ...{ evictions: 4, bytes: 250, curr_items: 7, curr_connections: 3 },
    },
    { "items:1:age": "10", "items:31:age": "90", "items:31:evicted": "4" },
  );
  const figures = figuresOf(before, after);
  assertEquals(figures.rates, {
    ...{ gets: 100, getHits: 70, getMisses: 20, expired: 15, flushed: 0, sets: 10, evictions: 2 },
  });
  assertEquals(
    [figures.fill, figures.items, figures.connections, figures.coldestAge, figures.uptime],
    [0.25, 7, 3, 90, 86_400],
  );
  // 20 reads of `gat` count neither as hits nor as misses.
  assertEquals([figures.hitRate, figures.missReason], [
    ...[0.777778, { reason: "expired" as const, share: 0.75 }],
  ]);
});

Deno.test("figuresOf has no rates without an earlier look, and no hit rate without reads", () => {
  const only = snapshot(0, { cmd_get: 100, get_hits: 100 });
  const { rates, hitRate, missReason, coldestAge } = figuresOf(undefined, only);
  assertEquals([rates, hitRate, missReason, coldestAge], Array(4).fill(undefined));
  const idle = figuresOf(only, snapshot(1000, { cmd_get: 100, get_hits: 100 }));
  assertEquals([idle.rates?.gets, idle.hitRate, idle.missReason], [0, undefined, undefined]);
});

Deno.test("a counter of a server that was restarted, or reset, counts from 0", () => {
  const before = snapshot(0, { cmd_get: 100 });
  assertEquals(changeOf(before, snapshot(1, { cmd_get: 140, pid: 2 }), "cmd_get"), 140);
  assertEquals(changeOf(before, snapshot(1, { cmd_get: 140, uptime: 1 }), "cmd_get"), 140);
  assertEquals(changeOf(before, snapshot(1, { cmd_get: 30 }), "cmd_get"), 30);
  assertEquals(changeOf(before, snapshot(1, { cmd_get: 140 }), "cmd_get"), 40);
});

Deno.test("figuresOf says why reads miss", () => {
  const reasonFor = (stats: Record<string, number>) =>
    figuresOf(snapshot(0, {}), snapshot(1000, stats)).missReason;
  assertEquals(reasonFor({ get_misses: 4 }), { reason: "absent", share: 1 });
  assertEquals(reasonFor({ get_misses: 4, uptime: 60 }), { reason: "warming", share: 1 });
  assertEquals(reasonFor({ get_misses: 4, get_flushed: 3 }), { reason: "flushed", share: 0.75 });
});

Deno.test("fleetFiguresOf adds up, and says how even the servers are", () => {
  const one = figuresOf(
    snapshot(0, {}),
    snapshot(1000, { cmd_get: 300, get_hits: 300, curr_items: 10, bytes: 900 }),
  );
  const other = figuresOf(
    snapshot(0, {}),
    snapshot(1000, { cmd_get: 100, get_misses: 100, curr_items: 30, bytes: 100 }),
  );
  const fleet = fleetFiguresOf([one, other]);
  assertEquals(
    [fleet.rates?.gets, fleet.hitRate, fleet.items, fleet.fill, fleet.getSpread, fleet.itemSpread],
    [400, 0.75, 40, 0.5, 1.5, 1.5],
  );
  const { rates, hitRate, getSpread, itemSpread, fill } = fleetFiguresOf([]);
  assertEquals([rates, hitRate, getSpread, itemSpread, fill], [
    ...[undefined, undefined, undefined, undefined, 0],
  ]);
});

Deno.test("takeSnapshot reports what a server refuses, and reads the rest", async () => {
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => line === "stats slabs" ? { reply: "ERROR" } : undefined,
  });
  const fleet = new Fleet([server.address], {});
  try {
    const taken = await takeSnapshot(fleet, server.address, ["items", "slabs", "settings"]);
    assertEquals([taken.items, taken.slabs, taken.conns], [{}, undefined, undefined]);
    assertEquals([taken.stats.curr_items, taken.settings?.maxbytes], ["0", "67108864"]);
    assertEquals(taken.refused.map(({ kind }) => kind), ["slabs"]);
    assertStringIncludes(taken.refused[0]?.message ?? "", server.address);
  } finally {
    await fleet.close();
  }
});

Deno.test("isRestarted finds a new process, also where each has the same number", () => {
  const stats = (pid: number, uptime: number, time: number) =>
    Object.fromEntries(Object.entries({ pid, uptime, time }).map(([name, n]) => [name, `${n}`]));
  const before = stats(1, 100, 10_000);
  for (const after of [stats(1, 100, 10_000), stats(1, 160, 10_060), stats(1, 159, 10_061)]) {
    assertEquals(isRestarted(before, after), false);
  }
  for (const after of [stats(2, 160, 10_060), stats(1, 5, 10_060), stats(1, 400, 10_900)]) {
    assertEquals(isRestarted(before, after), true);
  }
});
