/**
 * `deno run -A bench/markdown.ts [file]`: the table of README, from `bench/results/latest.json` or
 * another file of results, so that its figures are copied and not typed.
 *
 * @module
 */

import type { Result, Row } from "./results.ts";

const LATEST = new URL("results/latest.json", import.meta.url);
const HEAD = [
  "workload",
  "moecache",
  "CPU",
  "best rival",
  "ratio",
  "of the floor: single, multi-key",
];
const RUNTIMES: Readonly<Record<string, string>> = {
  deno: "Deno",
  node: "Node",
  bun: "Bun",
};

const { results } = JSON.parse(await Deno.readTextFile(Deno.args[0] ?? LATEST)) as {
  results: readonly Result[];
};
// deno-lint-ignore no-console
console.log(align([HEAD, ...results.flatMap(toLines)]).join("\n"));

/** A line for each way in which moecache took part. */
function toLines(result: Result): string[][] {
  return result.rows.filter(({ role }) => role === "moecache").map((own) => toLine(result, own));
}

function toLine({ workload, rows }: Result, own: Row): string[] {
  const variant = own.name.replace(/^moecache/, "");
  const note = own.note === undefined ? "" : ` (${own.note})`;
  const isMemory = workload.action === "memory";
  const rival = bestRival(rows, isMemory);
  const floors = rows.filter(({ role }) => role === "floor");
  return [
    workload.title + variant + note,
    show(own, workload.action),
    `${own.cpuPerOperation.toFixed(1)} µs`,
    rival === undefined ? "" : `${nameOf(rival)} ${show(rival, workload.action)}`,
    rival === undefined || isMemory ? "" : ratio(own, rival),
    floors.map((floor) => ratio(own, floor)).join(", "),
  ];
}

/** The fastest, or where memory is measured the one that grew least. */
function bestRival(rows: readonly Row[], isMemory: boolean): Row | undefined {
  const rank = ({ grown = Infinity, operationsPerSecond }: Row) =>
    isMemory ? grown : -operationsPerSecond.median;
  return rows.filter(({ role }) => role === "rival").toSorted((a, b) => rank(a) - rank(b))[0];
}

function nameOf({ name, runtime }: Row): string {
  return `${name} on ${RUNTIMES[runtime] ?? runtime}`;
}

function show(
  { operationsPerSecond: { median }, grown = NaN }: Row,
  action: Result["workload"]["action"],
): string {
  if (action === "memory") return `${grown < 0 ? "" : "+"}${(grown / 1e6).toFixed(1)} MB`;
  if (action === "start") return `${(1e3 / median).toFixed(1)} ms`;
  if (action === "construct") return `${(1e6 / median).toFixed(1)} µs`;
  return `${Math.round(median).toLocaleString("en")}/s`;
}

function ratio(own: Row, other: Row): string {
  return (own.operationsPerSecond.median / other.operationsPerSecond.median).toFixed(2);
}

/** Pads the cells as the formatter does. */
function align([head = [], ...body]: readonly string[][]): string[] {
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)];
}
