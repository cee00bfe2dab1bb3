/**
 * The table of the README, made of `bench/results/latest.json`: moecache on Deno beside the best rival on
 * any runtime and beside the floors, and on the other runtimes beside the best rival there. A ratio that
 * misses what it was to reach says so. Run with `deno run --allow-read bench/readme_table.ts`.
 *
 * @module
 */

import { rateOf } from "./report.ts";
import { bestRival, type Result, type Row, speed } from "./results.ts";
import type { Opponent, Runtime } from "./workloads.ts";

const NAMES: Readonly<Record<Runtime, string>> = { deno: "Deno", bun: "Bun", node: "Node" };

const { results }: { results: Result[] } = JSON.parse(
  await Deno.readTextFile(new URL("results/latest.json", import.meta.url)),
);
// deno-lint-ignore no-console
console.log(render(table(results)));

function table(results: readonly Result[]): string[][] {
  const ran = results.flatMap(({ rows }) => rows.map(({ runtime }) => runtime));
  const elsewhere = (["bun", "node"] as const).filter((runtime) => ran.includes(runtime));
  const head = [
    "workload",
    "on Deno",
    "CPU",
    "to the best rival anywhere",
    "to the floor: single, multi-key",
    ...elsewhere.map((runtime) => `on ${NAMES[runtime]}, to the best there`),
  ];
  // Those for curves are in charts.
  const body = results.filter(({ workload }) => !workload.isLean).flatMap((result) => {
    const ways = Map.groupBy(ownRows(result), ({ name }) => name);
    return [...ways.values()].map((ways) => line(result, ways, elsewhere));
  });
  return [head, ...body];
}

function line(result: Result, ways: readonly Row[], elsewhere: readonly Runtime[]): string[] {
  const { rows, workload } = result;
  const on = (runtime: Runtime) => ways.find((row) => row.runtime === runtime);
  const deno = on("deno");
  const floors = (["single floor", "multi-key floor"] as const)
    .map((floor) => ratio(result, deno, floor, rows.find(({ name }) => name === floor)));
  return [
    titleOf(result, ways[0]!),
    deno === undefined ? "" : rateOf(workload, deno),
    deno === undefined ? "" : `${deno.cpuPerOperation.toFixed(1)} µs`,
    besideRival(result, deno, "best rival"),
    floors.filter((cell) => cell !== "").join(", "),
    ...elsewhere.map((runtime) => besideRival(result, on(runtime), "best rival there")),
  ];
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

function besideRival(
  result: Result,
  own: Row | undefined,
  opponent: "best rival" | "best rival there",
): string {
  const runtime = opponent === "best rival" ? undefined : own?.runtime;
  // What grows is no fault of a contender.
  if (result.workload.action === "memory") return "";
  const best = bestRival(result.rows, runtime);
  const times = ratio(result, own, opponent, best);
  return times === "" ? "" : `${times} × ${best!.name}`;
}

function ratio(
  { verdicts }: Result,
  own: Row | undefined,
  opponent: Opponent,
  other: Row | undefined,
): string {
  if (own === undefined || other === undefined) return "";
  const times = (speed(own) / speed(other)).toFixed(2);
  const missed = verdicts.find(({ reached, ratio }) =>
    !reached && ratio?.name === own.name && ratio.runtime === own.runtime &&
    ratio.opponent === opponent
  );
  return missed === undefined ? times : `${times} (not ${missed.ratio!.least})`;
}

/** As Markdown, whose columns `deno fmt` aligns. */
function render(rows: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [head, head.map(() => "---"), ...body].map(line).join("\n");
}
