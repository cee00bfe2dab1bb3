/** How long operations take: most of them, and the slowest. @module */

import type { Result, Row } from "../results.ts";
import type { Latencies } from "../workloads.ts";
import { labelOf, lineup, resultOf, type ResultsFile, sourceOf } from "./results_file.ts";
import {
  element,
  logarithmic,
  picture,
  powersOfTen,
  rangeOf,
  type Shape,
  show,
  text,
  type Theme,
} from "./svg.ts";

const WORKLOADS = ["latency-1", "latency-100"];
const PERCENTILES = [["p50", "50 %"], ["p90", "90 %"], ["p99", "99 %"], [
  "p999",
  "99.9 %",
]] as const;
const WIDTH = 760;
const MARGIN = 24;
const LEFT = 190;
const RIGHT = 60;
const HEAD = 66;
const ROW = 30;
const PANEL_HEAD = 44;
const PANEL_FOOT = 30;

/** Draws the percentiles of each client; nothing where they were not measured. */
export function drawLatencies(file: ResultsFile, theme: Theme): string | undefined {
  const results = WORKLOADS.flatMap((name) => resultOf(file, name) ?? []);
  if (results.length === 0) return undefined;
  let y = HEAD;
  const shapes = results.flatMap((result) => {
    const drawn = drawPanel(result, y, theme);
    y += PANEL_HEAD + measured(result).length * ROW + PANEL_FOOT;
    return drawn;
  });
  const title = "Latency: how long a get takes; further left is better";
  const subtitle = "microseconds within which 50, 90, 99 and 99.9 of 100 gets were answered";
  return picture({ width: WIDTH, height: y + 30, title, theme }, [
    text(MARGIN, 30, title, { fill: theme.text, size: 18, weight: 600 }),
    text(MARGIN, 50, subtitle, { fill: theme.faint }),
    ...shapes,
    text(MARGIN, y + 14, sourceOf(file, results), { fill: theme.faint, size: 12 }),
  ]);
}

type Measured = Row & { readonly latencies: Latencies };

function measured(result: Result): Measured[] {
  return lineup(result).filter((row): row is Measured => row.latencies !== undefined);
}

function drawPanel(result: Result, top: number, theme: Theme): Shape[] {
  const rows = measured(result);
  const range = rangeOf(rows.flatMap(({ latencies }) => Object.values(latencies)));
  const toX = (value: number) => LEFT + (WIDTH - LEFT - RIGHT) * logarithmic(value, range);
  const first = top + PANEL_HEAD;
  const bottom = first + rows.length * ROW;
  return [
    text(MARGIN, top + 20, result.workload.title, { fill: theme.text, size: 14, weight: 600 }),
    ...powersOfTen(range).flatMap((value) => [
      element("path", {
        ...{ d: `M${toX(value).toFixed(1)} ${first - 8}V${bottom}`, stroke: theme.grid },
      }),
      text(toX(value), bottom + 16, show(value), {
        ...{ fill: theme.faint, size: 12, anchor: "middle" },
      }),
    ]),
    ...rows.flatMap((row, i) => drawRow(row, { y: first + i * ROW + 12, toX, theme })),
  ];
}

function drawRow(
  row: Measured,
  { y, toX, theme }: { y: number; toX: (value: number) => number; theme: Theme },
): Shape[] {
  const isOwn = row.role === "moecache";
  const fill = isOwn ? theme.own : theme.faint;
  const values = PERCENTILES.map(([name]) => row.latencies[name]);
  const [least = 0] = values;
  const d = `M${toX(least).toFixed(1)} ${y}H${toX(values.at(-1) ?? least).toFixed(1)}`;
  return [
    text(LEFT - 14, y + 4, labelOf(row), {
      ...{ fill: isOwn ? theme.text : theme.faint, size: 12, anchor: "end" },
      weight: isOwn ? 600 : 400,
    }),
    element("path", { d, stroke: fill, "stroke-width": 2, opacity: 0.5 }),
    ...PERCENTILES.map(([name, words], at) =>
      element(
        "circle",
        { cx: toX(row.latencies[name]), cy: y, r: 6 - at, fill },
        element("title", {}, `${words}: ${show(row.latencies[name])} µs`),
      )
    ),
    text(toX(least) - 9, y + 4, show(least), { fill, size: 11, anchor: "end" }),
    text(toX(values.at(-1) ?? least) + 9, y + 4, show(values.at(-1) ?? least), { fill, size: 11 }),
  ];
}
