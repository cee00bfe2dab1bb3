import { assertEquals } from "@std/assert";
import { isReached, renderColdStarts } from "../../bench/cold_start.ts";

Deno.test("renderColdStarts says which starts take longer than they may", () => {
  const memjs = { milliseconds: 20, least: 19, ratio: 1 };
  const starts = [
    { runtime: "deno", start: "memjs", ...memjs },
    { runtime: "deno", start: "Client", milliseconds: 26, least: 25, ratio: 1.3, most: 1.3 },
    { runtime: "bun", start: "Client", milliseconds: 31, least: 21, ratio: 1.55, most: 1.5 },
  ] as const;
  assertEquals(starts.map(isReached), [true, true, false]);
  assertEquals(renderColdStarts(starts).split("\n").map((line) => line.split(/ {2,}/)), [
    ["cold start: import, connect, first get", "ms", "least", "to memjs", "at most"],
    ["memjs on deno", "20.0", "19.0", "1.00"],
    ["Client on deno", "26.0", "25.0", "1.30", "1.3"],
    ["Client on bun", "31.0", "21.0", "1.55", "1.5", "MISSED"],
  ]);
});
