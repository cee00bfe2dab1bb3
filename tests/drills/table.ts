/** What came of drills, for people. @module */

import type { Outcome } from "./drill.ts";

const HEADINGS = [
  ...["drill", "`failover`", "errors", "misses", "stale", "wrong", "longest operation"],
  ...["full speed after", "hits as before after"],
];

/** Writes a Markdown table. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome, i) => [
    outcome.drill === outcomes[i - 1]?.drill ? "" : outcome.drill,
    `\`${outcome.mode}\``,
    share(outcome.errors, outcome),
    share(outcome.misses, outcome),
    `${outcome.stale}`,
    `${outcome.wrong.length}`,
    milliseconds(outcome.longest),
    milliseconds(outcome.untilFullSpeed),
    milliseconds(outcome.untilHits),
  ]);
  const rule = HEADINGS.map((_, i) => i < 2 ? "---" : "---:");
  return [HEADINGS, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function share(count: number, { operations }: Outcome): string {
  return count === 0 ? "0" : `${count} (${(100 * count / operations).toFixed(1)} %)`;
}

function milliseconds(time: number | undefined): string {
  return time === undefined ? "not reached" : `${Math.round(time)} ms`;
}
