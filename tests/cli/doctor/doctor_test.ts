/** `doctor`, on real servers. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { memcachedPath, MemcachedProcess } from "../../support/memcached.ts";
import { moecache } from "../fake_terminal.ts";
import { until } from "../../support/turns.ts";

const ignore = memcachedPath() === undefined;

interface Line {
  readonly rule: string;
  readonly server: string;
  readonly severity: string;
  readonly finding: string;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly action: string;
}

function linesOf(output: string): Line[] {
  return output.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** Stores more than the server has memory for. */
async function overfill(client: Client): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const keys = Array.from({ length: 2000 }, (_, i) => `item:${round}:${i}`);
    await client.setMany(keys.map((key) => [key, "x".repeat(900)] as const));
    await client.getMany(keys);
  }
}

Deno.test("doctor says that memcached evicts what was just read", { ignore }, async () => {
  await using server = await MemcachedProcess.start(["-m", "2"]);
  await using client = new Client(server.address, { timeout: 10_000 });
  await overfill(client);
  const env = { MEMCACHED_SERVERS: server.address };
  const { code, output, messages } = await moecache("doctor --for 100ms --json", { env });
  assertEquals([code, messages], [1, ""]);
  const lines = linesOf(output);
  const found = lines.find(({ rule }) => rule === "evicts-used");
  assert(found !== undefined, output);
  const { figures, severity, finding, server: name } = found;
  assertEquals([severity, name], ["warning", server.address]);
  const [stats] = await client.stats();
  assertEquals(figures.evicted, Number(stats?.evictions));
  assert(Number(figures.evicted) > Number(figures.evicted_unfetched));
  assertStringIncludes(finding, "has evicted items that were used");
  assert(lines.some(({ rule }) => rule === "direct-reclaims"), output);
});

/** What `doctor` says about something that happens between its two looks. */
async function doctorDuring(client: Client, address: string, work: () => Promise<void>) {
  const interruption = new AbortController();
  const asked = moecache("doctor --for 10m", {
    env: { MEMCACHED_SERVERS: address },
    interrupted: interruption.signal,
    // On a busy machine, the second look takes longer than it has by default.
    lastMoment: 60_000,
  });
  // It watches as soon as it has looked for the first time.
  await until(async () => Number((await client.stats())[0]?.log_watchers) > 0);
  await work();
  interruption.abort();
  return await asked;
}

Deno.test("doctor says what is evicted while it looks", { ignore }, async () => {
  await using server = await MemcachedProcess.start(["-m", "2"]);
  await using client = new Client(server.address, { timeout: 10_000 });
  await client.set("large", "x".repeat(2 << 20)).catch(() => {});
  const { code, output } = await doctorDuring(client, server.address, () => overfill(client));
  assertEquals(code, 1);
  assertStringIncludes(output, `WARNING  ${server.address}`);
  assertStringIncludes(output, "evicts items that were used");
  assertStringIncludes(output, "1 store was refused: the item was larger than 1.0 MiB");
});

Deno.test("doctor says which key takes more than its share", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 10_000 });
  const { code, output } = await doctorDuring(client, server.address, async () => {
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => client.get(`page:${i}`)));
      await Promise.all(Array.from({ length: 50 }, () => client.get("user:0")));
    }
  });
  assertEquals(code, 1);
  assertStringIncludes(output, "user:0 alone is used");
  assertStringIncludes(output, "findings: 1\n");
});

Deno.test("doctor says that nothing is wrong", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  const text = await moecache("doctor --for 10ms", { env });
  assertEquals(text, { code: 0, output: "1 server: nothing is wrong\n", messages: "" });
  const json = await moecache("doctor --for 10ms --json", { env });
  assertEquals(json, { code: 0, output: "", messages: "" });
});

Deno.test("doctor continues without what a server does not offer, and reports it in one line", async () => {
  await using server = await MemcachedServer.listen({
    fault: ({ line }) =>
      /^(watch|stats (items|slabs|settings|conns))/.test(line) ? { reply: "ERROR" } : undefined,
  });
  await using client = new Client(server.address);
  await client.set("large", "x".repeat(2 << 20)).catch(() => {});
  const env = { MEMCACHED_SERVERS: server.address };
  const { code, output, messages } = await moecache("doctor --for 10ms --csv", { env });
  const lines = messages.trimEnd().split("\n");
  assertEquals([code, lines.length], [0, 5]);
  assertStringIncludes(lines[0] ?? "", `${server.address} does not offer stats items`);
  const [head, ...rows] = output.trimEnd().split("\n");
  assertEquals([head, rows.length], ["server,severity,rule,finding,figures,action", 1]);
  assertStringIncludes(rows[0] ?? "", `${server.address},notice,too-large,`);
});

Deno.test("doctor says which server cannot be reached, and looks at the others", async () => {
  await using server = await MemcachedServer.listen();
  const gone = await MemcachedServer.listen();
  const { address } = gone;
  await gone.close();
  const both = `${address},${server.address}`;
  const { code, output, messages } = await moecache(`doctor --for 10ms -s ${both}`);
  assertEquals([code, output], [3, "1 server: nothing is wrong\n"]);
  assertStringIncludes(messages, address);
  assertEquals((await moecache(`doctor --for 10ms -s ${address}`)).code, 3);
});

Deno.test("doctor reports a server that is started again while it looks", { ignore }, async () => {
  await using first = await MemcachedProcess.start();
  await using client = new Client(first.address, { timeout: 10_000 });
  let second: MemcachedProcess | undefined;
  try {
    const { code, messages } = await doctorDuring(client, first.address, async () => {
      await first.kill("SIGKILL");
      second = await MemcachedProcess.start([], { port: first.port });
    });
    const line = `${first.address} was started again meanwhile: its figures are those since then`;
    assertEquals([code, messages], [3, `moecache: ${line}\n`]);
  } finally {
    await second?.kill("SIGKILL");
  }
});

Deno.test("doctor reports a server that closes connections once, whatever waits for its answer", async () => {
  await using server = await MemcachedServer.listen();
  await using closing = await MemcachedServer.listen({ fault: () => ({ drop: "before" }) });
  const both = `${closing.address},${server.address}`;
  const { code, messages } = await moecache(`doctor --for 10ms -s ${both}`);
  assertEquals([code, messages.trimEnd().split("\n").length], [3, 1], messages);
});
