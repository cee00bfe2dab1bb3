import { assertEquals } from "@std/assert";
import { type ColdStart, isReached, renderColdStarts } from "../../bench/cold_start.ts";

Deno.test("renderColdStarts says which starts take longer than they may", () => {
  const starts = [
    ["deno", "memjs", { milliseconds: 20, busy: 10, ratio: 1, busyRatio: 1 }],
    ["deno", "Client", { milliseconds: 26, busy: 12, ratio: 1.3, busyRatio: 1.2, most: 1.3 }],
    ["bun", "Client", { milliseconds: 31, busy: 11, ratio: 1.55, busyRatio: 1.1, most: 1.5 }],
  ].map(([runtime, start, figures]) => ({ runtime, start, ...figures as object }) as ColdStart);
  assertEquals(starts.map(isReached), [true, true, false]);
  assertEquals(renderColdStarts(starts).split("\n").map((line) => line.split(/ {2,}/)), [
    ["cold start: import, connect, first get", "ms", "CPU ms", "to memjs", "CPU", "at most"],
    ["memjs on deno", "20.0", "10.0", "1.00", "1.00"],
    ["Client on deno", "26.0", "12.0", "1.30", "1.20", "1.3"],
    ["Client on bun", "31.0", "11.0", "1.55", "1.10", "1.5", "MISSED"],
  ]);
});
