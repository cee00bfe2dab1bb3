/** How long a new process takes until it has its first item. @module */

import { type Row, speed } from "../results.ts";
import { type Bar, drawBarList } from "./bars_chart.ts";
import { labelOf, resultOf, type ResultsFile, sourceOf } from "./results_file.ts";
import { picture, show, text, type Theme } from "./svg.ts";

const WIDTH = 640;
const MARGIN = 24;
const HEAD = 70;
const ROW = 22;
const GROUP_GAP = 10;
const RUNTIMES: readonly Row["runtime"][] = ["deno", "bun", "node"];

/** Draws bars for each runtime; nothing where cold starts were not measured. */
export function drawColdStarts(file: ResultsFile, theme: Theme): string | undefined {
  const result = resultOf(file, "start");
  if (result === undefined) return undefined;
  const groups = RUNTIMES.map((runtime) =>
    result.rows.filter((row) => row.runtime === runtime && row.role !== "floor")
      .toSorted((a, b) => speed(b) - speed(a)).map(toBar)
  ).filter((bars) => bars.length > 0);
  const most = Math.max(...groups.flat().map(({ value }) => value));
  let y = HEAD;
  const shapes = groups.flatMap((bars) => {
    const widest = Math.max(...bars.map(({ value }) => value));
    const all = WIDTH - 2 * MARGIN;
    // Every group has the same scale.
    const names = 220;
    const drawn = drawBarList(bars, {
      ...{ x: MARGIN, y, theme, width: names + (all - names) * widest / most },
    });
    y += bars.length * ROW + GROUP_GAP;
    return drawn;
  });
  const title = "Cold start: import, connect, first get; shorter is better";
  return picture({ width: WIDTH, height: y + 34, title, theme }, [
    text(MARGIN, 30, title, { fill: theme.text, size: 18, weight: 600 }),
    text(MARGIN, 50, "milliseconds in a process that has just begun", { fill: theme.faint }),
    ...shapes,
    text(MARGIN, y + 16, sourceOf(file, [result]), { fill: theme.faint, size: 12 }),
  ]);
}

function toBar(row: Row): Bar {
  const milliseconds = 1000 / speed(row);
  return { label: labelOf(row), value: milliseconds, shown: show(milliseconds), role: row.role };
}
