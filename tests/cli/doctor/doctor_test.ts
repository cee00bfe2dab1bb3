/** `doctor`, on real servers. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { memcachedPath, MemcachedProcess } from "../../support/memcached.ts";
import { moecache } from "../fake_terminal.ts";

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

Deno.test("doctor says what is evicted while it looks", { ignore }, async () => {
  await using server = await MemcachedProcess.start(["-m", "2"]);
  await using client = new Client(server.address, { timeout: 10_000 });
  await client.set("large", "x".repeat(2 << 20)).catch(() => {});
  let isOver = false;
  const asked = moecache("doctor --for 500ms", { env: { MEMCACHED_SERVERS: server.address } })
    .finally(() => isOver = true);
  while (!isOver) await overfill(client);
  const { code, output } = await asked;
  assertEquals(code, 1);
  assertStringIncludes(output, `WARNING  ${server.address}`);
  assertStringIncludes(output, "evicts items that were used");
  assertStringIncludes(output, "1 store was refused: the item was larger than 1.0 MiB");
});

Deno.test("doctor says which key takes more than its share", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 10_000 });
  let isOver = false;
  const asked = moecache("doctor --for 500ms --json", {
    env: { MEMCACHED_SERVERS: server.address },
  }).finally(() => isOver = true);
  while (!isOver) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => client.get(`page:${i}`)));
    await Promise.all(Array.from({ length: 50 }, () => client.get("user:0")));
  }
  const { code, output } = await asked;
  const lines = linesOf(output);
  assertEquals([code, lines.map(({ rule }) => rule)], [1, ["hot-key"]]);
  assertEquals(lines[0]?.figures.key, "user:0");
});

Deno.test("doctor says that nothing is wrong", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  const text = await moecache("doctor --for 10ms", { env });
  assertEquals(text, { code: 0, output: "1 server: nothing is wrong\n", messages: "" });
  const json = await moecache("doctor --for 10ms --json", { env });
  assertEquals(json, { code: 0, output: "", messages: "" });
});

Deno.test("doctor goes on without what a server does not offer, and says so in one line", async () => {
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
