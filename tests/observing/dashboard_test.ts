import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client } from "../../mod.ts";
import { prometheus } from "../../src/observing/prometheus.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const DOCS = new URL("../../docs/", import.meta.url);

/** As much of a panel of Grafana's as is looked at. */
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly h: number;
    readonly w: number;
    readonly x: number;
    readonly y: number;
  };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const { panels, templating }: {
  panels: Panel[];
  templating: { list: { name: string; query: string | { query: string } }[] };
} = JSON.parse(await Deno.readTextFile(new URL("grafana-moecache.json", DOCS)));

/** The names of the metrics that the entry writes, and of the parts of histograms. */
async function metricNames(): Promise<Set<string>> {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await using lost = new Client("127.0.0.1:1");
  await client.set("key", 1);
  await client.getMany(["key", "none"]);
  await assertRejects(() => lost.get("key"));
  const text = await prometheus([client, lost], { servers: true });
  return new Set(text.match(/(?<=^(?:# TYPE )?)moecache_\w+/gm));
}

function namesIn(text: string): string[] {
  return text.match(/\bmoecache_\w+/g) ?? [];
}

Deno.test("every metric that the dashboard and the page name is written", async () => {
  const known = await metricNames();
  const asked = [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...templating.list.map(({ query }) => typeof query === "string" ? query : query.query),
  ];
  const named = asked.flatMap(namesIn);
  assert(named.length > 20);
  assertEquals(named.filter((name) => !known.has(name)), []);
  const page = namesIn(await Deno.readTextFile(new URL("observability.md", DOCS)));
  assert(page.length > 5);
  assertEquals(page.filter((name) => !known.has(name) && name !== "moecache_"), []);
});

Deno.test("every panel of the dashboard has an id and a place of its own, and asks something", () => {
  const ids = panels.map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  const cells = panels.flatMap(({ gridPos: { h, w, x, y } }) => {
    assert(x + w <= 24);
    return Array.from({ length: h * w }, (_, i) => `${x + i % w} ${y + Math.floor(i / w)}`);
  });
  assertEquals(new Set(cells).size, cells.length);
  for (const { type, title, targets = [] } of panels) {
    assert(type === "row" || targets.length > 0, title);
    const variables = targets.flatMap(({ expr }) => expr.match(/\$\w+/g) ?? []);
    const known = ["$__rate_interval", ...templating.list.map(({ name }) => `$${name}`)];
    assertEquals(variables.filter((variable) => !known.includes(variable)), []);
  }
});
