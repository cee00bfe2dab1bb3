/** `latency` and `stat`. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Latencies } from "../../src/cli/latencies.ts";
import { faultIn } from "../../src/cli/messages.ts";
import { moecache } from "./fake_terminal.ts";

Deno.test("percentiles are right to two percent and more", () => {
  const latencies = new Latencies();
  for (let i = 1; i <= 10_000; i++) latencies.add(i / 100);
  for (const share of [0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = share * 100;
    assert(Math.abs(latencies.percentile(share) - exact) / exact < 0.025, `${share}`);
  }
  assertEquals([latencies.count, latencies.max], [10_000, 100]);
  const counts = Array.from(latencies.doublings().values());
  assertEquals(counts.reduce((sum, count) => sum + count), 10_000);
});

Deno.test("latency measures each server", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  const { code, output } = await moecache("latency --for 100ms --json", { env });
  const { n, p50, p99, max } = JSON.parse(output);
  assertEquals([code, n > 0, p50 <= p99, p99 <= max], [0, true, true, true]);
});

Deno.test("latency shows what it had measured of a server that is lost midway", async () => {
  let asked = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ command }) => command === "version" && ++asked > 20 ? { drop: "before" } : undefined,
  });
  const { code, output, messages } = await moecache(`latency --json -s ${server.address}`);
  // The first answer is that of connecting.
  assertEquals([code, JSON.parse(output).n], [3, 19]);
  assertStringIncludes(messages, server.address);
  // It has answered the same command before.
  assert(!messages.includes("does not know"), messages);
});

Deno.test("latency --dist has plain numbers for long times too", async () => {
  await using server = await MemcachedServer.listen({
    fault: ({ command }) => command === "version" ? { delay: 140 } : undefined,
  });
  const { output } = await moecache(`latency --for 100ms --dist -s ${server.address}`);
  // However long it takes on a busy machine.
  assertMatch(output, /^up to \d{3,} +1 /m);
});

Deno.test("latency asks one server at a time, so that answers do not wait for each other", async () => {
  const fault = ({ command }: { readonly command: string }) =>
    command === "version" ? { delay: 5 } : undefined;
  await using one = await MemcachedServer.listen({ fault });
  await using two = await MemcachedServer.listen({ fault });
  await using three = await MemcachedServer.listen({ fault });
  const servers = [one, two, three].map(({ address }) => address).join();
  const { output } = await moecache(`latency --for 300ms --json -s ${servers}`);
  const counts = output.trimEnd().split("\n").map((line): number => JSON.parse(line).n);
  // At the same time, each would have 60.
  assert(counts.length === 3 && counts.every((n) => n > 0 && n < 40), output);
});

Deno.test("latency does not let other servers wait for one that is slow", async () => {
  await using fast = await MemcachedServer.listen();
  await using slow = await MemcachedServer.listen({ fault: () => ({ delay: 200 }) });
  const line = `latency --for 400ms --json -s ${slow.address},${fast.address}`;
  const [late, soon] = (await moecache(line)).output.trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  assert(soon.n > 10 * late.n, JSON.stringify([late, soon]));
});

Deno.test("stat goes on with the other servers while one does not answer", async () => {
  await using server = await MemcachedServer.listen();
  await using frozen = await MemcachedServer.listen({ fault: () => ({ delay: Infinity }) });
  const interruption = new AbortController();
  let lines = 0;
  const { code, messages } = await moecache(
    `stat --every 10ms --json --timeout 60s -s ${server.address},${frozen.address}`,
    {
      interrupted: interruption.signal,
      onOutput: (text) => {
        const { up, servers } = JSON.parse(text);
        assertEquals(servers, 2);
        if (up === 1 && ++lines === 2) interruption.abort();
      },
    },
  );
  assertEquals([code, lines], [3, 2]);
  // Said once, for all lines.
  const line = `moecache: No reply from ${frozen.address} within 1000 ms\n`;
  assertEquals(messages.split(line).length, 2, messages);
});

Deno.test("stat reports a server that does not answer once, however often it is asked", async () => {
  await using frozen = await MemcachedServer.listen({ fault: () => ({ delay: Infinity }) });
  const line = `stat --every 10ms --count 10 --timeout 20ms -s ${frozen.address}`;
  const { code, messages } = await moecache(line);
  // After some failures the client does not try each time: that is no other fault.
  assertEquals([code, messages.trimEnd().split("\n").length], [3, 1], messages);
});

Deno.test("stat reports each of two faults once that take turns", async () => {
  let asked = 0;
  await using server = await MemcachedServer.listen({
    fault: () => ++asked % 2 === 0 ? { reply: "SERVER_ERROR busy" } : { reply: "SERVER_ERROR off" },
  });
  const { messages } = await moecache(`stat --every 10ms --count 6 -s ${server.address}`);
  assertEquals(messages.trimEnd().split("\n").length, 2, messages);
});

Deno.test("what a message is about depends on no command, time or number of failures", () => {
  const why = "No reply from a:1 within 500 ms";
  const same = [
    why,
    `${why}, under way: stats`,
    "No reply from a:1 within 1000 ms",
    `Cannot use a:1: it is down after 3 failures in a row, the last: ${why}, not sent: stats`,
  ];
  assertEquals(new Set(same.map(faultIn)), new Set(["No reply from a:1"]));
  assertEquals(
    faultIn("Cannot connect to a:1: refused, not sent: stats"),
    "Cannot connect to a:1: refused",
  );
});

Deno.test("stat counts what happens between two lines", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.setMany({ a: 1, b: 2, c: 3 });
  const env = { MEMCACHED_SERVERS: server.address };
  let isAsked = false;
  const asked = moecache("stat --every 200ms --count 1 --json", { env }).finally(() => {
    isAsked = true;
  });
  // A request is counted whole, so three of four keys are hits whenever the server is asked.
  while (!isAsked) await client.getMany(["a", "b", "c", "none"]);
  const { code, output } = await asked;
  const { up, items, gets, hits } = JSON.parse(output);
  assertEquals([code, up, items, gets > 0, hits], [0, 1, 3, true, 0.75]);
});

Deno.test("stat takes a server that has answered before for no proxy when it hangs up", async () => {
  let asked = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ command }) => command === "stats" && ++asked > 2 ? { drop: "before" } : undefined,
  });
  const line = `stat --every 10ms --count 3 -s ${server.address}`;
  const { code, messages } = await moecache(line);
  assertEquals(code, 3);
  assertStringIncludes(messages, `Connection to ${server.address} ended`);
  assert(!messages.includes("does not know"), messages);
});
