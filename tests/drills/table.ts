/** What came of drills, for people. @module */

import type { Outcome } from "./drill.ts";

/** The columns, each with its width; together they fit into most terminals. */
const COLUMNS: readonly (readonly [heading: string, width: number])[] = [
  ...[["failover", 10], ["errors", 14], ["misses", 14], ["stale", 7], ["wrong", 7]] as const,
  ...[["longest", 9], ["speed", 9], ["hits", 9]] as const,
];

/** What the headings mean that do not say it. */
export const LEGEND: string =
  "longest: the longest operation; speed: how long until operations succeeded again; " +
  "hits: how long until reads found as much as before.";

/** Writes a table: the outcomes of each drill below its name. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const lines = outcomes.flatMap((outcome, i) => {
    const isFirst = outcome.drill !== outcomes[i - 1]?.drill;
    const row = lineOf([
      outcome.mode,
      share(outcome.errors, outcome),
      share(outcome.misses, outcome),
      `${outcome.stale}`,
      `${outcome.wrong.length}`,
      milliseconds(outcome.longest),
      milliseconds(outcome.untilFullSpeed),
      milliseconds(outcome.untilHits),
    ]);
    const headings = lineOf(COLUMNS.map(([heading]) => heading));
    return isFirst ? [`\n${outcome.drill}`, headings, row] : [row];
  });
  return lines.join("\n");
}

function lineOf(cells: readonly string[]): string {
  return cells.map((cell, i) => {
    const [, width] = COLUMNS[i]!;
    return i === 0 ? cell.padEnd(width) : cell.padStart(width);
  }).join("");
}

function share(count: number, { operations }: Outcome): string {
  return count === 0 ? "0" : `${count} (${(100 * count / operations).toFixed(1)} %)`;
}

function milliseconds(time: number | undefined): string {
  return time === undefined ? "never" : `${Math.round(time)} ms`;
}
