/** What Prometheus' own `promtool`, and a parser from npm, make of `./prometheus` and of `exporter`. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import parse from "parse-prometheus-text-format";
import { Client } from "@moecache/moecache";
import { prometheus } from "@moecache/moecache/prometheus";
import { fileURLToPath } from "node:url";
import { Program } from "../../examples/program.ts";
import { exec } from "../../package/exec.ts";
import { MemcachedProcess, programPath } from "../../support/memcached.ts";

const DOCS = new URL("../../../docs/", import.meta.url);

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly {
    readonly labels?: Record<string, string>;
    readonly value?: string;
    readonly count?: string;
  }[];
}

/** Registers a test that needs promtool; the lane that runs it installs it, or says that it is missing. */
function testPromtool(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: programPath("promtool") === undefined, fn });
}

/** Writes the metrics of clients of a server that answers, and of one that does not. */
async function writeMetrics(): Promise<string> {
  await using memcached = await MemcachedProcess.start();
  await using client = new Client([memcached.address, "127.0.0.1:1"], { clientName: "two" });
  await using single = new Client(memcached.address, { timeout: 10_000 });
  await single.set("key", 1);
  await single.getMany(["key", "none"]);
  await using lost = new Client("127.0.0.1:1");
  await assertRejects(() => lost.get("key"));
  return await prometheus([client, single, lost], { servers: true });
}

testPromtool("promtool has nothing to say about the metrics", async () => {
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

/** Checks expressions by promtool, and fails unless it understands all of them. */
async function assertUnderstood(expressions: readonly string[]): Promise<void> {
  assert(expressions.length > 0);
  const rules = expressions.map((expr, i) => ({ record: `asked:${i}`, expr }));
  const file = await Deno.makeTempFile({ suffix: ".json" });
  // What is JSON is YAML.
  await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "asked", rules }] }));
  const said = await exec("promtool", ["check", "rules", file]);
  await Deno.remove(file);
  assert(said.includes(`SUCCESS: ${rules.length} rules found`), said);
}

testPromtool("promtool understands what the dashboard asks", async () => {
  const text = await Deno.readTextFile(new URL("grafana-moecache.json", DOCS));
  const { panels }: { panels: { targets?: { expr: string }[] }[] } = JSON.parse(text);
  const asked = panels.flatMap(({ targets = [] }) => targets).map(({ expr }) => expr);
  await assertUnderstood(asked.map((expr) => expr.replaceAll("$__rate_interval", "1m")));
});

testPromtool("promtool understands the alerts of the documentation", async () => {
  const page = await Deno.readTextFile(new URL("observability.md", DOCS));
  const [, section = ""] = page.split("\n## What to alert on\n");
  await assertUnderstood(
    [...section.matchAll(/^\|[^|`]*\| `([^`]+)` *\|$/gm)].map(([, expr = ""]) => expr),
  );
  await assertRejects(() => assertUnderstood(["sum(rate(moecache_hits_total[5m])"]));
});

/** What promtool finds in metrics that it can read; what it cannot read is an error. */
async function lint(text: string): Promise<string[]> {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, text);
  const args = ["-c", `promtool check metrics < "$1" 2>&1 || test $? = 3`, "sh", file];
  const found = await exec("sh", args);
  await Deno.remove(file);
  return found.split("\n").filter((line) => line !== "");
}

testPromtool(
  "promtool reads what exporter serves, whose names are those of memcached_exporter",
  async () => {
    await using memcached = await MemcachedProcess.start();
    await using client = new Client(memcached.address);
    await client.set("key", 1);
    const root = fileURLToPath(new URL("../../../", import.meta.url));
    const cli = [
      "run",
      "--allow-all",
      "--quiet",
      "--config",
      `${root}deno.json`,
      `${root}src/cli/mod.ts`,
    ];
    const args = [...cli, "--servers", memcached.address, "exporter", "--listen", "127.0.0.1:0"];
    await using exporter = new Program(Deno.execPath(), args, {});
    const url = await exporter.prints(/(http:\/\/\S+)/);
    const text = await (await fetch(url)).text();
    assert(text.includes('memcached_slab_current_items{slab="1"} 1'), text);
    // memcached_exporter has these counters without "_total".
    const usual =
      /^memcached_(uptime_seconds|slab_items_(evicted_time_seconds|moves_\w+)) .* "_total" suffix$/;
    assertEquals((await lint(text)).filter((line) => !usual.test(line)), []);
    await assertRejects(() => lint(`${text}memcached_up{ 1\n`), Error, "error while linting");
  },
);
