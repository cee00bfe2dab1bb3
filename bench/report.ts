/** The table on the screen. @module */

import type { Result, Row } from "./results.ts";
import type { Workload } from "./workloads.ts";

/** How a workload's main figure is shown. */
interface Figure {
  readonly unit: string;
  show(row: Row): string;
}

const RATE: Figure = {
  unit: "ops/s",
  show: (row) => count(row.operationsPerSecond.median),
};

const FIGURES: Partial<Record<Workload["action"], Figure>> = {
  start: {
    unit: "ms",
    show: (row) => (1e3 / row.operationsPerSecond.median).toFixed(1),
  },
  construct: {
    unit: "µs",
    show: (row) => count(1e6 / row.operationsPerSecond.median),
  },
  memory: {
    unit: "MB grown",
    show: ({ grown = NaN }) => (grown / 1e6).toFixed(1),
  },
};

/** Renders one workload's part of the table. */
export function renderResult(
  { workload, rows, verdicts, failures }: Result,
  absentees: string[],
): string {
  const figure = FIGURES[workload.action] ?? RATE;
  const own = rows.find(({ role }) => role === "moecache");
  const head = ["", "", figure.unit, "moecache is", "CPU µs/op"];
  const body = rows.map((row) => [
    row.name,
    [row.runtime, row.setup, row.note].filter(Boolean).join(", "),
    figure.show(row),
    own === undefined || row === own ? "" : `${ratio(own, row).toFixed(2)}x as fast`,
    row.cpuPerOperation.toFixed(1),
  ]);
  return [
    workload.title,
    ...align([head, ...body]).map((line) => `  ${line}`),
    ...absentees.map((absentee) => `  absent: ${absentee}`),
    ...failures.map((failure) => `  FAILED: ${failure}`),
    ...verdicts.map(({ text, reached }) => `  ${reached ? "reached" : "MISSED "}  ${text}`),
  ].join("\n");
}

/** How many times as fast. */
function ratio(own: Row, other: Row): number {
  return own.operationsPerSecond.median / other.operationsPerSecond.median;
}

/** Pads cells: text to the right, figures to the left. */
function align(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    ).join("  ")
  );
}

function count(figure: number): string {
  return Math.round(figure).toLocaleString("en");
}
