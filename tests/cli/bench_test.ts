/** `bench`. */

import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Fleet } from "../../src/cli/fleet.ts";
import { moecache } from "./fake_terminal.ts";

Deno.test("bench counts what the server counts, and shows percentiles", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  const line = "bench --for 200ms --clients 3 --keys 50 --size 10-20 --reads 0.5 --zipf 1 --json";
  const { code, output, messages } = await moecache(line, { env });
  const [get, set] = output.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, messages, get.operation, set.operation], [0, "", "get", "set"]);
  assert(get.n > 0 && set.n > 0 && get.hits <= get.n);
  assert(get.p50 <= get.p99 && get.p99 <= get.max);
  const stats = JSON.parse((await moecache("stats --json", { env })).output);
  assertEquals([stats.cmd_get, stats.cmd_set, stats.get_hits], [get.n, set.n, get.hits]);
  assert(stats.curr_items <= 50);
  const reads = await moecache("bench --for 50ms --clients 1 --reads 1 --json", { env });
  const { n, p50, max } = JSON.parse(reads.output.trimEnd().split("\n")[1]!);
  assertEquals([n, p50, max], [0, null, null], "nothing has no percentiles");
});

Deno.test("bench does not count the time that closing its clients takes", async () => {
  await using server = await MemcachedServer.listen();
  const { close } = Fleet.prototype;
  const now = performance.now.bind(performance);
  let closing = 0;
  performance.now = () => now() + closing;
  Fleet.prototype.close = async function () {
    closing += 3_600_000;
    await close.call(this);
  };
  try {
    const line = `bench --for 50ms --clients 1 --reads 1 --json -s ${server.address}`;
    const { output } = await moecache(line);
    const { n, perSecond } = JSON.parse(output.split("\n")[0] ?? "");
    assert(n / perSecond < 3600, output);
  } finally {
    Fleet.prototype.close = close;
    performance.now = now;
  }
});

Deno.test("bench refuses invalid options, and reports a server that cannot be reached", async () => {
  for (const option of ["--reads 2", "--size 20-10", "--zipf much", "--clients 0"]) {
    assertEquals((await moecache(`bench ${option}`)).code, 2, option);
  }
  const { code, messages } = await moecache("bench --for 50ms --clients 1 -s 127.0.0.1:1");
  assertEquals(code, 3);
  assertMatch(
    messages,
    /^moecache: \d+ operations? failed; the first: Cannot [^,]* 127\.0\.0\.1:1: /,
  );
});
