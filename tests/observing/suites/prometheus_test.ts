/** What Prometheus' own `promtool`, and a parser from npm, make of `./prometheus`. */

import { assert, assertEquals } from "@std/assert";
import parse from "parse-prometheus-text-format";
import { Client } from "@moecache/moecache";
import { prometheus } from "@moecache/moecache/prometheus";
import { exec } from "../../package/exec.ts";
import { MemcachedProcess } from "../../support/memcached.ts";

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly {
    readonly labels?: Record<string, string>;
    readonly value?: string;
    readonly count?: string;
  }[];
}

/** Writes the metrics of clients of a server that answers, and of one that does not. */
async function writeMetrics(): Promise<string> {
  await using memcached = await MemcachedProcess.start();
  await using client = new Client([memcached.address, "127.0.0.1:1"], { clientName: "two" });
  await using single = new Client(memcached.address, { timeout: 10_000 });
  await single.set("key", 1);
  await single.getMany(["key", "none"]);
  await client.setMany({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8 }).catch(() => {});
  return await prometheus([client, single], { servers: true });
}

Deno.test("promtool has nothing to say about the metrics", async () => {
  const text = await writeMetrics();
  assert(text.includes("moecache_server_up") && text.includes("moecache_errors_total"));
  assertEquals(await exec("promtool", ["check", "metrics"], { input: text }), "");
});

Deno.test("a parser from npm reads the metrics", async () => {
  const metrics: Metric[] = parse(await writeMetrics());
  const find = (name: string) => metrics.find((metric) => metric.name === `moecache_${name}`);
  assertEquals(find("hits_total")?.type, "COUNTER");
  const of = (client: string) => ({ labels }: Metric["metrics"][number]) =>
    labels?.client === client;
  assertEquals(find("hits_total")?.metrics.find(of("moecache"))?.value, "1");
  assertEquals(find("misses_total")?.metrics.find(of("moecache"))?.value, "1");
  const up = find("server_up")?.metrics.filter(of("two")).map(({ value }) => value);
  assertEquals(up, ["1", "0"]);
  assertEquals(find("request_duration_seconds")?.type, "HISTOGRAM");
  assertEquals(find("server_items")?.type, "GAUGE");
});

Deno.test("promtool understands what the dashboard asks", async () => {
  const path = new URL("../../../docs/grafana-moecache.json", import.meta.url);
  const { panels }: { panels: { targets?: { expr: string }[] }[] } = JSON.parse(
    await Deno.readTextFile(path),
  );
  const rules = panels.flatMap(({ targets = [] }) => targets).map(({ expr }, i) => {
    return { record: `asked:${i}`, expr: expr.replaceAll("$__rate_interval", "1m") };
  });
  const file = await Deno.makeTempFile({ suffix: ".json" });
  // What is JSON is YAML.
  await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  const said = await exec("promtool", ["check", "rules", file]);
  await Deno.remove(file);
  assert(said.includes(`SUCCESS: ${rules.length} rules found`), said);
});
