/** The README: its length, what it names, and where its figures come from. */

import { assert, assertEquals } from "@std/assert";
import { rateOf } from "../../bench/report.ts";
import { bestRival, type Result, speed } from "../../bench/results.ts";
import { PROGRAM } from "../package/manifest.ts";
import { readPage, readPages, ROOT } from "./pages.ts";

const MOST_LINES = 150;

const { text } = readPage("README.md");
const { exports }: { exports: Record<string, string> } = JSON.parse(
  Deno.readTextFileSync(new URL("deno.json", ROOT)),
);
const { results }: { results: Result[] } = JSON.parse(
  Deno.readTextFileSync(new URL("bench/results/latest.json", ROOT)),
);

Deno.test(`README.md has at most ${MOST_LINES} lines`, () => {
  assert(text.trimEnd().split("\n").length <= MOST_LINES);
});

Deno.test("README.md names every entry of the module", () => {
  const isNamed = (entry: string) =>
    text.includes(entry.replace(/^\./, "@moecache/moecache")) ||
    text.includes(`\`${entry.slice("./".length)}\``);
  assertEquals(Object.keys(exports).filter((entry) => !isNamed(entry)), []);
});

Deno.test("everything that an entry exports is named in the documentation", async () => {
  const all = readPages().map(({ text }) => text).join("\n");
  const missing: string[] = [];
  for (const [entry, path] of Object.entries(exports)) {
    // A program exports nothing, and would run.
    if (entry === PROGRAM) continue;
    const names = Object.keys(await import(new URL(path, ROOT).href));
    missing.push(
      ...names.filter((name) => name !== "default" && !new RegExp(`\\b${name}\\b`).test(all))
        .map((name) => `${entry} ${name}`),
    );
  }
  assertEquals(missing, []);
});

Deno.test("README.md's figures of speed are those of the last benchmark", () => {
  const result = results.find(({ workload }) => workload.title === "100 concurrent gets")!;
  const own = result.rows.find(({ role, runtime }) => role === "moecache" && runtime === "deno")!;
  const rival = bestRival(result.rows)!;
  const rate = rateOf(result.workload, own).replace("/s", "");
  const times = (speed(own) / speed(rival)).toFixed(1);
  const line = text.replace(/\s+/g, " ");
  assert(line.includes(`${rate} gets a second`), rate);
  assert(line.includes(`${times} times as many`), times);
  assert(line.includes(`\`${rival.name}\``), rival.name);
});

Deno.test("README.md's figure of choices is that of the Python library's vectors", () => {
  const path = new URL("tests/vectors/moecache_ring.json", ROOT);
  const { keys, rings } = JSON.parse(Deno.readTextFileSync(path));
  const choices = (keys.length * rings.length).toLocaleString("en");
  assert(text.replace(/\s+/g, " ").includes(`${choices} of ${choices} choices`), choices);
});

Deno.test("docs/performance.md has the table of the last benchmark", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--no-check", "readme_table.ts"],
    cwd: new URL("bench/", ROOT),
  }).output();
  assertEquals(code, 0);
  const cells = (line: string) => line.split("|").map((cell) => cell.trim()).join("|");
  const page = new Set(readPage("docs/performance.md").text.split("\n").map(cells));
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assert(lines.length > 10);
  const missing = lines.filter((line) => !/^\| -/.test(line)).map(cells)
    .filter((line) => !page.has(line));
  assertEquals(missing, []);
});
