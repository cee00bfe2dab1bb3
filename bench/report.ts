/** The table on the screen. @module */

import { bestRival, type Result, type Row, speed } from "./results.ts";
import type { Runtime, Workload } from "./workloads.ts";

/** How a workload's main figure is shown. */
interface Figure {
  readonly unit: string;
  show(row: Row): string;
}

const RATE: Figure = {
  unit: "ops/s",
  show: (row) => count(speed(row)),
};

const FIGURES: Partial<Record<Workload["action"], Figure>> = {
  start: {
    unit: "ms",
    show: (row) => (1e3 / speed(row)).toFixed(1),
  },
  construct: {
    unit: "µs",
    show: (row) => count(1e6 / speed(row)),
  },
  memory: {
    unit: "MB grown",
    show: ({ grown = NaN }) => (grown / 1e6).toFixed(1),
  },
};

/** A row's main figure with its unit. */
export function rateOf({ action }: Workload, row: Row): string {
  const { unit, show } = FIGURES[action] ?? RATE;
  return unit === RATE.unit ? `${show(row)}/s` : `${show(row)} ${unit}`;
}

const RUNTIMES: readonly Runtime[] = ["deno", "bun", "node"];

/** Renders one workload's part of the table: a line for each client, two columns for each runtime. */
export function renderResult(
  { workload, rows, verdicts, failures }: Result,
  absentees: string[],
): string {
  const figure = FIGURES[workload.action] ?? RATE;
  const runtimes = RUNTIMES.filter((runtime) => rows.some((row) => row.runtime === runtime));
  const head = ["", ...runtimes.flatMap((runtime) => [`${figure.unit} on ${runtime}`, "CPU µs"])];
  const body = Map.groupBy(rows.filter(({ role }) => role !== "native"), titleOf).entries().map((
    [title, ways],
  ) => [
    title,
    ...runtimes.flatMap((runtime) => cellsOf(ways.find((row) => row.runtime === runtime), figure)),
  ]);
  return [
    workload.title,
    ...align([head, ...body, ...ratios(rows, runtimes)]).map((line) => `  ${line}`),
    ...latencies(rows).map((line) => `  ${line}`),
    ...natives(rows, figure).map((line) => `  ${line}`),
    ...absentees.map((absentee) => `  absent: ${absentee}`),
    ...failures.map((failure) => `  FAILED: ${failure}`),
    ...verdicts.map(({ text, reached }) => `  ${reached ? "reached" : "MISSED "}  ${text}`),
  ].join("\n");
}

function titleOf({ name, note }: Row): string {
  return [name, note].filter(Boolean).join(", ");
}

function cellsOf(row: Row | undefined, figure: Figure): string[] {
  return row === undefined ? ["", ""] : [figure.show(row), row.cpuPerOperation.toFixed(1)];
}

/** What clients beyond JavaScript make of the machine. */
function natives(rows: readonly Row[], figure: Figure): string[] {
  const all = rows.filter(({ role }) => role === "native");
  if (all.length === 0) return [];
  const head = ["what the machine can do", figure.unit, "CPU µs"];
  return align([head, ...all.map((row) => [titleOf(row), ...cellsOf(row, figure)])]);
}

/** How long operations take, where that was measured. */
function latencies(rows: readonly Row[]): string[] {
  const body = rows.flatMap(({ name, runtime, latencies }) => {
    if (latencies === undefined) return [];
    const { p50, p90, p99, p999 } = latencies;
    return [[`${name} on ${runtime}`, ...[p50, p90, p99, p999].map(count)]];
  });
  return body.length === 0 ? [] : align([["µs", "50 %", "90 %", "99 %", "99.9 %"], ...body]);
}

/** How many times as fast as the best rival moecache is: the best on its own runtime, and the best on any. */
function ratios(rows: readonly Row[], runtimes: readonly Runtime[]): string[][] {
  const own = rows.filter(({ role }) => role === "moecache");
  return Map.groupBy(own, ({ name }) => name).entries().flatMap(([name, ways]) => {
    const line = (title: string, bestFor: (row: Row) => Row | undefined) => [
      `${name} / ${title}`,
      ...runtimes.flatMap((runtime) => {
        const row = ways.find((way) => way.runtime === runtime);
        return [row === undefined ? "" : ratio(row, bestFor(row)), ""];
      }),
    ];
    return [
      line("best rival there", ({ runtime }) => bestRival(rows, runtime)),
      line("best rival anywhere", () => bestRival(rows)),
    ];
  }).filter(([_, ...cells]) => cells.some((cell) => cell !== "")).toArray();
}

function ratio(own: Row, best: Row | undefined): string {
  return best === undefined ? "" : `${(speed(own) / speed(best)).toFixed(2)} x ${best.name}`;
}

/** Pads cells: text to the right, figures to the left. */
export function align(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  );
}

function count(figure: number): string {
  return Math.round(figure).toLocaleString("en");
}
