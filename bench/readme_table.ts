/**
 * The table of the README, made of `bench/results/latest.json`: moecache on Deno beside the best rival on
 * any runtime, and then moecache on each runtime beside the best rival there. Run with
 * `deno run --allow-read bench/readme_table.ts`.
 *
 * @module
 */

import { bestRival, type Result, type Row, speed } from "./results.ts";
import { rateOf } from "./report.ts";
import type { Runtime } from "./workloads.ts";

const NAMES: Readonly<Record<Runtime, string>> = { deno: "Deno", bun: "Bun", node: "Node" };

const { results }: { results: Result[] } = JSON.parse(
  await Deno.readTextFile(new URL("results/latest.json", import.meta.url)),
);
// deno-lint-ignore no-console
console.log([onDeno(results), ...onEach(results)].map(render).join("\n\n"));

function onDeno(results: readonly Result[]): string[][] {
  const head = [
    "workload",
    "moecache",
    "CPU",
    "best rival",
    "ratio",
    "of the floor: single, multi-key",
  ];
  const body = results.flatMap((result) =>
    ownRows(result).filter(({ runtime }) => runtime === "deno").map((own) => {
      const best = bestRival(result.rows);
      const floors = result.rows.filter(({ role }) => role === "floor");
      return [
        titleOf(result, own),
        rateOf(result.workload, own),
        `${own.cpuPerOperation.toFixed(1)} µs`,
        best === undefined
          ? ""
          : `${best.name} on ${NAMES[best.runtime]} ${rateOf(result.workload, best)}`,
        ratio(own, best),
        floors.map((floor) => ratio(own, floor)).join(", "),
      ];
    })
  );
  return [head, ...body];
}

/** Nothing where moecache ran on Deno alone. */
function onEach(results: readonly Result[]): string[][][] {
  const all = results.flatMap((result) => ownRows(result).map(({ runtime }) => runtime));
  const runtimes = (["deno", "bun", "node"] as const).filter((runtime) => all.includes(runtime));
  if (runtimes.length < 2) return [];
  const head = ["workload", ...runtimes.map((runtime) => `on ${NAMES[runtime]}`)];
  const body = results.flatMap((result) =>
    Map.groupBy(ownRows(result), ({ name }) => name).values().map((ways) => [
      titleOf(result, ways[0]!),
      ...runtimes.map((runtime) => {
        const own = ways.find((row) => row.runtime === runtime);
        const best = bestRival(result.rows, runtime);
        if (own === undefined) return "";
        const beside = best === undefined ? "" : `, ${ratio(own, best)} of ${best.name}`;
        return `${rateOf(result.workload, own)}${beside}`;
      }),
    ]).toArray()
  );
  return [[head, ...body]];
}

function ownRows({ rows }: Result): Row[] {
  return rows.filter(({ role }) => role === "moecache");
}

/** The workload, and how moecache goes about it where that is not as it ships. */
function titleOf({ workload }: Result, { name, note }: Row): string {
  const way = name.replace(/^moecache(, )?/, "");
  return `${workload.title}${way === "" ? "" : `, ${way}`}${
    note === undefined ? "" : ` (${note})`
  }`;
}

function ratio(own: Row, other: Row | undefined): string {
  return other === undefined ? "" : (speed(own) / speed(other)).toFixed(2);
}

function render(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const [head, ...body] = rows;
  return [line(head!), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join(
    "\n",
  );
}
