/** `top` without a terminal, and its figures beside those of memcached's own tool. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { Fleet } from "../../../src/cli/fleet.ts";
import { FleetWatch } from "../../../src/cli/fleet_watch.ts";
import { memcachedPath, MemcachedProcess } from "../../support/memcached.ts";
import { moecache } from "../fake_terminal.ts";
import { memcachedTool, TOOL } from "./memcached_tool.ts";

/** Runs `top` until what it has written is as it should be; gives that, and the last piece of it. */
async function topUntil(
  line: string,
  isSo: (piece: string, pieces: number) => boolean,
): Promise<{ code: number; pieces: number; last: string }> {
  const interruption = new AbortController();
  let [pieces, last] = [0, ""];
  const { code } = await moecache(line, {
    interrupted: interruption.signal,
    onOutput: (text) => {
      if (interruption.signal.aborted) return;
      pieces++;
      last = text;
      if (isSo(text, pieces)) interruption.abort();
    },
  });
  return { code, pieces, last };
}

Deno.test("top writes a frame each time where there is no terminal", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("user:1", "Ada");
  const timer = setInterval(() => client.get("user:1").catch(() => {}), 5);
  const { code, pieces, last: frame } = await topUntil(
    `top --every 200ms -s ${server.address}`,
    (piece, pieces) => pieces > 1 && piece.includes("user:1"),
  ).finally(() => clearInterval(timer));
  assertEquals([code, pieces > 1], [0, true]);
  // deno-lint-ignore no-control-regex -- that is what must not be there
  assertEquals(/\x1b/.test(frame), false);
  const lines = frame.split("\n");
  assert(/^moecache top · 1 server · \S+ · every 200ms · \d{4}-.*Z$/.test(lines[0] ?? ""), frame);
  assertStringIncludes(lines[1] ?? "", "AGE(cold)");
  assertStringIncludes(lines[2] ?? "", server.address);
  assert(/^HOT \(10 s, 100% seen\) {2}user:1 /m.test(frame), frame);
});

Deno.test("top --once writes one frame, also on a terminal", async () => {
  await using server = await MemcachedServer.listen();
  const line = `top --once --every 100ms --no-keys -s ${server.address}`;
  const { code, output, messages } = await moecache(line, { isTerminal: true });
  assertEquals([code, messages], [0, ""]);
  assertEquals(output.match(/moecache top/g)?.length, 1);
  assert(/ADVICE {2}nothing is wrong\n\n$/.test(output), output);
  assertEquals(output.includes("HOT"), false);
});

Deno.test("top ends with 3 where a server has not answered", async () => {
  await using server = await MemcachedServer.listen();
  await using frozen = await MemcachedServer.listen({ fault: () => ({ delay: Infinity }) });
  const line = `top --once --every 100ms --no-keys -s ${server.address},${frozen.address}`;
  const { code, output, messages } = await moecache(line);
  assertEquals([code, messages], [3, `moecache: ${frozen.address} has not answered\n`]);
  assertStringIncludes(output, "no answer yet");
});

Deno.test("top --once has a line for each of many servers", async () => {
  const servers = Array.from({ length: 250 }, (_, i) => `127.0.0.1:${i + 1}`);
  const line = `top --once --every 100ms -s ${servers.join()}`;
  const { output } = await moecache(line);
  assertEquals(servers.filter((server) => !output.includes(` ${server} `)), []);
});

Deno.test("top --json writes a line each time, and --csv one for each server", async () => {
  await using server = await MemcachedServer.listen();
  const gone = await MemcachedServer.listen();
  await gone.close();
  const both = `${server.address},${gone.address}`;
  const { code, last } = await topUntil(
    `top --every 100ms --json -s ${both}`,
    (piece, pieces) => pieces > 1 && JSON.parse(piece).hot !== null,
  );
  assertEquals(code, 3);
  const record = JSON.parse(last);
  const [up, down] = record.servers;
  assertEquals([up.server, up.state, up.items, up.getsPerSecond, up.hitRate], [
    ...[server.address, "up", 0, 0, null],
  ]);
  assertEquals([down.server, down.state, down.items], [gone.address, "down", null]);
  assertStringIncludes(down.message, gone.address);
  assertEquals([record.fleet.items, record.advice, record.notes, record.big], [0, [], [], []]);
  assertEquals(record.hot.keys, []);
  const csv = await moecache(`top --once --every 100ms --csv -s ${both}`);
  const [head = "", ...rows] = csv.output.trimEnd().split("\n");
  assertEquals([csv.code, rows.length], [3, 2]);
  assertStringIncludes(head, "time,server,state,message,version,uptime,");
});

Deno.test("top continues without what a server does not offer", async () => {
  await using server = await MemcachedServer.listen({
    fault: ({ line }) =>
      /^(watch|stats (items|slabs|settings|conns))/.test(line) ? { reply: "ERROR" } : undefined,
  });
  const { last: frame } = await topUntil(
    `top --every 100ms -s ${server.address}`,
    (piece) => piece.includes("watch"),
  );
  assertStringIncludes(frame, `${server.address} does not offer stats items`);
  assert(new RegExp(`${server.address} .* - +\\d+ `).test(frame), frame);
});

Deno.test("top refuses an interval that is too short", async () => {
  assertEquals((await moecache("top --every 50ms")).code, 2);
});

const ignore = TOOL === undefined || memcachedPath() === undefined;

Deno.test("top has the figures of memcached-tool stats", { ignore }, async () => {
  await using server = await MemcachedProcess.start(["-m", "2"]);
  await using client = new Client(server.address, { timeout: 10_000 });
  const fleet = new Fleet([server.address], {});
  const watch = new FleetWatch(fleet, { keys: false });
  const never = new AbortController().signal;
  await client.set("key", "value");
  await watch.look(10_000, never);
  const before = await memcachedTool(server.address);
  // Evictions, hits, misses: between two calls of the tool, and between two looks.
  const keys = Array.from({ length: 5000 }, (_, i) => `item:${i}`);
  await client.setMany(keys.map((key) => [key, "x".repeat(900)] as const));
  await client.getMany(keys);
  await client.getAndTouch("item:4999", 60);
  const after = await memcachedTool(server.address);
  const { servers: [view], fleet: all } = await watch.look(10_000, never);
  assert(view?.state === "up");
  const { figures, look: { before: first, now } } = view;
  assert(first !== undefined && figures.rates !== undefined);
  const seconds = (now.at - first.at) / 1000;
  const grown = (statistic: string) => Number(after[statistic]) - Number(before[statistic]);
  const { gets, getHits, getMisses, sets, evictions } = figures.rates;
  assertAlmostEquals(gets * seconds, grown("cmd_get"), 1e-6);
  assertAlmostEquals(getHits * seconds, grown("get_hits"), 1e-6);
  assertAlmostEquals(getMisses * seconds, grown("get_misses"), 1e-6);
  assertAlmostEquals(sets * seconds, grown("cmd_set"), 1e-6);
  assertAlmostEquals(evictions * seconds, grown("evictions"), 1e-6);
  assert(evictions > 0 && getMisses > 0);
  // As damemtop computes it.
  const hits = grown("get_hits");
  assertAlmostEquals(figures.hitRate ?? NaN, hits / (hits + grown("get_misses")), 1e-6);
  for (const each of [figures, all]) {
    assertEquals(
      [each.items, each.fill],
      [Number(after.curr_items), Number(after.bytes) / Number(after.limit_maxbytes)],
    );
  }
  assertEquals(figures.version, after.version);
  assert(Math.abs(figures.uptime - Number(after.uptime)) <= 1);
  await watch.close();
  await fleet.close();
  // What is printed is this, too.
  const once = await moecache(`top --once --every 100ms --no-keys --json -s ${server.address}`);
  const [printed] = JSON.parse(once.output).servers;
  const last = await memcachedTool(server.address);
  assertEquals(
    [printed.items, printed.bytes, printed.limit, printed.version],
    [Number(last.curr_items), Number(last.bytes), Number(last.limit_maxbytes), last.version],
  );
});
