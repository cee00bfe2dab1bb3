/** Looking at all servers again and again. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { FleetWatch } from "../../src/cli/fleet_watch.ts";
import { Fleet } from "../../src/cli/fleet.ts";
import { LargestValues } from "../../src/cli/largest_values.ts";
import type { Overview, ServerView } from "../../src/cli/overview.ts";
import { Trend } from "../../src/cli/trend.ts";

const NEVER = new AbortController().signal;
const PATIENCE = 5000;

/** Looks until something is so. */
async function lookUntil(
  watch: FleetWatch,
  isSo: (overview: Overview) => boolean,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Overview> {
  while (true) {
    const overview = await watch.look(PATIENCE, NEVER);
    if (isSo(overview)) return overview;
    await between();
  }
}

function stateOf({ servers }: Overview): ServerView["state"][] {
  return servers.map(({ state }) => state);
}

Deno.test("FleetWatch compares each look with the one before", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const fleet = new Fleet([server.address], {});
  const watch = new FleetWatch(fleet, { keys: false });
  const first = await watch.look(PATIENCE, NEVER);
  assertEquals([stateOf(first), first.fleet.rates, first.hot], [["up"], undefined, undefined]);
  await client.set("key", "value");
  for (let i = 0; i < 40; i++) await client.get(i % 4 === 0 ? "none" : "key");
  const { fleet: all, servers: [view] } = await watch.look(PATIENCE, NEVER);
  assert(view?.state === "up");
  const { before, now } = view.look;
  assert(before !== undefined);
  assertAlmostEquals(all.rates?.gets ?? 0, 40 / ((now.at - before.at) / 1000));
  assertEquals([all.hitRate, all.items, view.figures.missReason?.reason], [0.75, 1, "warming"]);
  await watch.close();
  await fleet.close();
});

Deno.test("FleetWatch shows a server that cannot be reached as down, and as up when it is back", async () => {
  let server = await MemcachedServer.listen();
  await using other = await MemcachedServer.listen();
  const fleet = new Fleet([server.address, other.address], {});
  const watch = new FleetWatch(fleet, { keys: true });
  await using client = new Client(other.address);
  const hot = ({ hot }: Overview) => hot?.keys.map(({ key }) => key) ?? [];
  await lookUntil(watch, (overview) => hot(overview).includes("key"), () => client.get("key"));
  await server.close();
  const gone = await lookUntil(watch, (overview) => stateOf(overview)[0] === "down");
  assertEquals(stateOf(gone), ["down", "up"]);
  assertEquals(gone.fleet.connections > 0, true);
  const [down] = gone.servers;
  assertStringIncludes(down?.state === "down" ? down.message : "", server.address);
  server = await MemcachedServer.listen({ port: server.port });
  const back = await lookUntil(watch, (overview) => stateOf(overview)[0] === "up");
  const [up] = back.servers;
  assertEquals(up?.state === "up" && up.figures.rates, undefined);
  await watch.close();
  await fleet.close();
  await server.close();
});

Deno.test("FleetWatch does not wait for a server that is silent", async () => {
  let isSilent = false;
  await using server = await MemcachedServer.listen({
    fault: () => isSilent ? { delay: Infinity } : undefined,
  });
  const fleet = new Fleet([server.address], {});
  const watch = new FleetWatch(fleet, { keys: false });
  await watch.look(PATIENCE, NEVER);
  isSilent = true;
  const { servers: [view] } = await watch.look(10, NEVER);
  assert(view?.state === "up" && view.silent > 0);
  const { servers: [again] } = await watch.look(10, NEVER);
  assert(again?.state === "up" && again.silent > view.silent);
  await watch.close();
  await fleet.close();
});

Deno.test("FleetWatch finds hot keys, large values and advice, and asks once for what is refused", async () => {
  const asked: string[] = [];
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => {
      if (line === "stats items") asked.push(line);
      return line === "stats items" ? { reply: "ERROR" } : undefined;
    },
  });
  await using client = new Client(server.address);
  const fleet = new Fleet([server.address], {});
  const watch = new FleetWatch(fleet, { keys: true });
  const overview = await lookUntil(
    watch,
    ({ big, hot, advice }) => big.length > 1 && hot !== undefined && advice.length > 0,
    async () => {
      await client.set("large", "x".repeat(5000));
      for (let i = 0; i < 200; i++) await client.get("large");
      await client.set("small", "x");
    },
  );
  assertEquals(overview.big.map(({ key, size }) => [key, size]), [["large", 5000], ["small", 1]]);
  assertEquals(overview.hot?.keys[0]?.key, "large");
  assertEquals(overview.advice.map(({ rule }) => rule), ["hot-key"]);
  assertEquals(overview.notes.length, 1);
  assertEquals(asked.length, 1);
  await watch.close();
  await fleet.close();
});

Deno.test("FleetWatch says once why a server is down, and watches it when it has come back", async () => {
  const options = { auth: { username: "app", password: "secret" } };
  let server = await MemcachedServer.listen(options);
  const { address, port } = server;
  const fleet = new Fleet([address], {});
  const watch = new FleetWatch(fleet, { keys: true, watchInterval: 0 });
  const closed = await watch.look(PATIENCE, NEVER);
  assertEquals([stateOf(closed), closed.notes], [["down"], []]);
  const again = await watch.look(PATIENCE, NEVER);
  assertEquals([stateOf(again), again.notes], [["down"], []]);
  await server.close();
  server = await MemcachedServer.listen({ port });
  await using client = new Client(address);
  const seen = await lookUntil(
    watch,
    ({ hot }) => hot?.keys.some(({ key }) => key === "key") ?? false,
    () => client.get("key"),
  );
  assertEquals(stateOf(seen), ["up"]);
  await watch.close();
  await fleet.close();
  await server.close();
});

Deno.test("LargestValues keeps the largest, and forgets what is old", () => {
  const values = new LargestValues(2);
  for (const size of [5, 9, 1, 7]) values.add(`key:${size}`, size);
  values.add("key:9", 9);
  assertEquals(values.largest(3), [
    { key: "key:9", size: 9, times: 2 },
    { key: "key:7", size: 7, times: 1 },
  ]);
  assertEquals([values.isLarge(6), values.isLarge(7), values.isLarge(0)], [false, true, false]);
  values.age(0.2);
  assertEquals(values.largest(3).map(({ key }) => key), ["key:9"]);
  assert(values.isLarge(1));
});

Deno.test("Trend gives the average of the figures before", () => {
  const trend = new Trend(6);
  for (const figure of [1, 2, 3, 4, 5]) assertEquals(trend.add(figure), undefined);
  assertEquals([trend.add(9), trend.add(1), trend.add(1)], [3, 4, 4]);
});
