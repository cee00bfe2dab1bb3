import { assert, assertEquals, assertMatch } from "@std/assert";
import { drawCharts } from "../../bench/charts/draw.ts";
import type { ResultsFile } from "../../bench/charts/results_file.ts";
import { logarithmic, powersOfTen, rangeOf, show } from "../../bench/charts/svg.ts";
import { speed } from "../../bench/results.ts";

const ROOT = new URL("../../", import.meta.url);
const latest: ResultsFile = JSON.parse(
  Deno.readTextFileSync(new URL("bench/results/latest.json", ROOT)),
);

Deno.test("the charts in docs/ are those of the last results", () => {
  const drawn = drawCharts(latest);
  const names = [...Deno.readDirSync(new URL("docs/", ROOT))].map(({ name }) => name)
    .filter((name) => /^bench.*\.svg$/.test(name));
  assertEquals([...drawn.keys()].sort(), names.sort(), "deno task charts draws them again");
  for (const [name, svg] of drawn) {
    const there = Deno.readTextFileSync(new URL(`docs/${name}`, ROOT));
    assert(there === svg, `docs/${name} is another: deno task charts draws it again`);
  }
});

Deno.test("drawCharts draws both themes, with a title and figures that were measured", () => {
  const drawn = drawCharts(latest);
  const light = drawn.get("bench-light.svg") ?? "";
  const dark = drawn.get("bench-dark.svg") ?? "";
  assertMatch(light, /<title>Operations a second; longer is better<\/title>/);
  assertEquals(light.match(/<text[^>]*>[^<]*/g)?.length, dark.match(/<text[^>]*>[^<]*/g)?.length);
  assert(light !== dark);
  const gets = latest.results.find(({ workload }) => workload.name === "get-100");
  const own = gets?.rows.find(({ name, runtime }) => name === "moecache" && runtime === "deno");
  assert(own !== undefined && light.includes(`>${show(speed(own))}<`));
});

Deno.test("drawCharts leaves out what was not measured", () => {
  const files = drawCharts({ ...latest, results: [] });
  assertEquals([...files.keys()], ["bench-light.svg", "bench-dark.svg"]);
  assert(![...files.values()].some((svg) => /NaN|Infinity|undefined/.test(svg)));
});

Deno.test("scales are logarithmic, from one power of ten to another", () => {
  assertEquals(rangeOf([3, 70, 850]), [1, 1000]);
  assertEquals(powersOfTen([1, 1000]), [1, 10, 100, 1000]);
  assertEquals(logarithmic(10, [1, 100]), 0.5);
  assertEquals([0.123, 5.04, 41, 12_345.6].map(show), ["0.12", "5.04", "41", "12,346"]);
});
