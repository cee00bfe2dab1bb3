/** The files of the page, and the modules that are made of them. */

import { assert, assertEquals } from "@std/assert";
import { CHART_FILES } from "../../../src/cli/web/chart_files.ts";
import { PAGE_FILES } from "../../../src/cli/web/page_files.ts";
import { History } from "../../../src/cli/web/history.ts";
import { slabRows } from "../../../src/cli/web/slab_rows.ts";
import { figuresOf, fleetFiguresOf } from "../../../src/cli/figures.ts";
import type { Snapshot } from "../../../src/cli/snapshot.ts";
import { hasBrowser } from "./browser.ts";
import { brief } from "../../../src/cli/web/page/show.js";
import { chartModule, pageModule } from "./page_modules.ts";

Deno.test("the module of the page's files is what deno task page makes", async () => {
  const { place, text } = await pageModule();
  const isFresh = await Deno.readTextFile(place) === text;
  assert(isFresh, "Run deno task page, and commit what it makes");
});

Deno.test({
  name: "the module of the charts is what npm has",
  ignore: !hasBrowser(),
  async fn() {
    const { place, text } = await chartModule();
    assert(await Deno.readTextFile(place) === text, "Run deno task page, and commit what it makes");
  },
});

Deno.test("the figures of advice have no exponent", () => {
  const shown = [1, 0.12345, 3000.4, 41_234.5, "1.6.18"].map((figure) => `${brief(figure)}`);
  assertEquals(shown, ["1", "0.123", "3000", "41200", "1.6.18"]);
});

Deno.test("the page never turns strings into markup, and loads nothing from other hosts", () => {
  const risky =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|Function\(/;
  for (const [path, { text }] of Object.entries(PAGE_FILES)) {
    assertEquals(risky.exec(text)?.[0], undefined, path);
    const elsewhere = text.replace("http://www.w3.org/2000/svg", "").match(/https?:|\/\/\w+\.\w+/);
    assertEquals(elsewhere?.[0], undefined, path);
  }
  const page = PAGE_FILES["/"]?.text ?? "";
  assertEquals(page.match(/\sstyle=|\son\w+=|<style|<script(?! src="\/)/g), null);
  const named = Array.from(page.matchAll(/(?:src|href)="(\/[^"]+)"/g), ([, path]) => path ?? "");
  const files = { ...PAGE_FILES, ...CHART_FILES };
  assertEquals(named.filter((path) => !(path in files)), []);
  const scripts = Object.values(PAGE_FILES).flatMap(({ text }) =>
    Array.from(text.matchAll(/from "\.(\/[^"]+)"/g), ([, path]) => path ?? "")
  );
  assert(scripts.length > 0);
  assertEquals(scripts.filter((path) => !(path in files)), []);
});

Deno.test("every element that the page's script looks up is there, and has its own id", () => {
  const page = PAGE_FILES["/"]?.text ?? "";
  const ids = Array.from(page.matchAll(/\sid="([^"]+)"/g), ([, id]) => id ?? "");
  assertEquals(new Set(ids).size, ids.length);
  const asked = Object.values(PAGE_FILES).flatMap(({ text }) =>
    Array.from(text.matchAll(/byId\("([^"]+)"\)/g), ([, id]) => id ?? "")
  );
  assertEquals(asked.filter((id) => !ids.includes(id)), []);
  const labels = Array.from(page.matchAll(/aria-labelledby="([^"]+)"/g), ([, id]) => id ?? "");
  assertEquals(labels.filter((id) => !ids.includes(id)), []);
});

Deno.test("what npm has of the charts comes with its licence", () => {
  for (const { text } of Object.values(CHART_FILES)) {
    assert(/uPlot \d+\.\d+\.\d+/.test(text) && text.includes("The MIT License"));
  }
});

function snapshot(at: number, stats: Record<string, string>, more: Partial<Snapshot>): Snapshot {
  return { server: "a:1", at, stats: { pid: "1", uptime: "90", ...stats }, refused: [], ...more };
}

Deno.test("slabRows puts what a server says of its slab classes in their order", () => {
  const slabs = {
    ...{ "10:chunk_size": "752", "10:total_pages": "2", "10:used_chunks": "30" },
    ...{ "10:total_chunks": "120", "10:free_chunks": "90", "2:chunk_size": "120" },
  };
  const items = (evicted: string) => ({
    ...{ "items:10:number": "30", "items:10:evicted": evicted, "items:10:age": "7" },
    "items:10:evicted_unfetched": "3",
  });
  const before = snapshot(0, {}, { slabs, items: items("10") });
  const now = snapshot(2000, {}, { slabs, items: items("14") });
  const nothing = { slab: 2, chunkSize: 120, pages: null, items: null, fill: null };
  assertEquals(slabRows({ before, now }), [
    {
      ...{ ...nothing, freeChunks: null, age: null, evicted: null, evictedUnfetched: null },
      evictionsPerSecond: 0,
    },
    {
      ...{ slab: 10, chunkSize: 752, pages: 2, items: 30, fill: 0.25, freeChunks: 90, age: 7 },
      ...{ evicted: 14, evictedUnfetched: 3, evictionsPerSecond: 2 },
    },
  ]);
  assertEquals(slabRows({ now }).map(({ evictionsPerSecond }) => evictionsPerSecond), [null, null]);
  const restarted = snapshot(2000, { pid: "2" }, { slabs, items: items("1") });
  assertEquals(slabRows({ before, now: restarted })[1]?.evictionsPerSecond, null);
  assertEquals(slabRows({ now: snapshot(0, {}, {}) }), []);
});

Deno.test("History keeps the newest points, and a gap where a server does not answer", () => {
  const history = new History(["a:1", "b:1"], 3);
  const look = { now: snapshot(1000, { cmd_get: "12345", curr_connections: "2" }, {}) };
  const figures = figuresOf(snapshot(0, { cmd_get: "0" }, {}), look.now);
  const up = {
    ...{ server: "a:1", state: "up", figures, look },
    evictsMore: false,
    hitsLess: false,
  };
  for (let i = 1; i <= 4; i++) {
    history.add({
      ...{ time: new Date(i * 1000), hot: undefined, big: [], advice: [], notes: [] },
      servers: [
        { ...up, state: "up", silent: i === 4 ? 1 : 0 },
        { server: "b:1", state: "down", message: "gone" },
      ],
      fleet: fleetFiguresOf([figures]),
    });
  }
  const { at, points } = history.columns();
  assertEquals(at, [2, 3, 4]);
  const point = [12350, null, 0, 0, 0, 2];
  const gap = Array(6).fill(null);
  assertEquals(points, {
    "": [point, point, point],
    "a:1": [point, point, gap],
    "b:1": [gap, gap, gap],
  });
});
