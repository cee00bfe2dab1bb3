/** What an operation costs as more of them are under way at once. @module */

import type { Row } from "../results.ts";
import { labelOf, lineup, type ResultsFile, sourceOf } from "./results_file.ts";
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

const WIDTH = 760;
const HEIGHT = 440;
const LEFT = 62;
const RIGHT = 172;
const TOP = 76;
const BOTTOM = 74;
const LABEL_DISTANCE = 16;

interface Line {
  readonly label: string;
  readonly role: Row["role"];
  readonly points: readonly (readonly [callers: number, cost: number])[];
}

/** Draws a line for each client; nothing where the curve was not measured. */
export function drawConcurrency(file: ResultsFile, theme: Theme): string | undefined {
  const results = file.results.filter(({ workload }) => workload.name.startsWith("at-"));
  if (results.length === 0) return undefined;
  const lines = new Map<string, Line & { points: [number, number][] }>();
  for (const result of results) {
    for (const row of lineup(result)) {
      const label = labelOf(row);
      const line = lines.get(label) ?? { label, role: row.role, points: [] };
      line.points.push([result.workload.callers, row.cpuPerOperation]);
      lines.set(label, line);
    }
  }
  const title = "What a get costs as more of them are under way; lower is better";
  const subtitle = "microseconds of the client's processor time for each operation";
  return picture({ width: WIDTH, height: HEIGHT, title, theme }, [
    text(24, 30, title, { fill: theme.text, size: 18, weight: 600 }),
    text(24, 50, subtitle, { fill: theme.faint }),
    ...drawLines([...lines.values()], theme),
    text(24, HEIGHT - 14, sourceOf(file, results), { fill: theme.faint, size: 12 }),
  ]);
}

function drawLines(lines: readonly Line[], theme: Theme): Shape[] {
  const all = lines.flatMap(({ points }) => points);
  const callers = rangeOf(all.map(([x]) => x));
  const costs = rangeOf(all.map(([, y]) => y));
  const bottom = HEIGHT - BOTTOM;
  const toX = (value: number) => LEFT + (WIDTH - LEFT - RIGHT) * logarithmic(value, callers);
  const toY = (value: number) => bottom - (bottom - TOP) * logarithmic(value, costs);
  const colors = lines.map(({ role }, i) =>
    role === "moecache" ? theme.own : theme.others[(i - 1) % theme.others.length] ?? theme.faint
  );
  const ends = spread(lines.map(({ points }) => toY(points.at(-1)?.[1] ?? costs[0])));
  return [
    ...powersOfTen(costs).flatMap((cost) => [
      element("path", {
        ...{ d: `M${LEFT} ${toY(cost)}H${WIDTH - RIGHT}`, stroke: theme.grid, fill: "none" },
      }),
      text(LEFT - 8, toY(cost) + 4, show(cost), { fill: theme.faint, size: 12, anchor: "end" }),
    ]),
    ...powersOfTen(callers).map((count) =>
      text(toX(count), bottom + 20, show(count), { fill: theme.faint, size: 12, anchor: "middle" })
    ),
    text((LEFT + WIDTH - RIGHT) / 2, bottom + 38, "operations under way at once", {
      ...{ fill: theme.faint, size: 12, anchor: "middle" },
    }),
    ...lines.flatMap(({ label, role, points }, i) => {
      const stroke = colors[i] ?? theme.faint;
      const isOwn = role === "moecache";
      const path = points.map(([x, y], at) =>
        `${at === 0 ? "M" : "L"}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`
      ).join("");
      const lastX = toX(points.at(-1)?.[0] ?? callers[0]);
      const [x, y] = [WIDTH - RIGHT + 14, ends[i] ?? 0];
      const lead = `M${lastX.toFixed(1)} ${toY(points.at(-1)?.[1] ?? 1).toFixed(1)}L${x - 4} ${
        y.toFixed(1)
      }`;
      return [
        element("path", { d: lead, stroke, fill: "none", "stroke-dasharray": "2 3", opacity: 0.6 }),
        element("path", {
          ...{ d: path, stroke, fill: "none", "stroke-width": isOwn ? 3.5 : 1.8 },
          "stroke-linejoin": "round",
        }),
        ...points.map(([x, y]) =>
          element("circle", { cx: toX(x), cy: toY(y), r: isOwn ? 4 : 2.6, fill: stroke })
        ),
        text(x, y + 4, label, { fill: stroke, size: 12, weight: isOwn ? 700 : 400 }),
      ];
    }),
  ];
}

/** Moves labels apart that would lie on each other. */
function spread(places: readonly number[]): number[] {
  const order = [...places.keys()].sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const moved = [...places];
  let least = -Infinity;
  for (const i of order) {
    moved[i] = Math.max(places[i] ?? 0, least);
    least = (moved[i] ?? 0) + LABEL_DISTANCE;
  }
  // The lowest ones go up again where they have left the picture.
  let most = HEIGHT - BOTTOM;
  for (const i of order.toReversed()) {
    moved[i] = Math.min(moved[i] ?? 0, most);
    most = (moved[i] ?? 0) - LABEL_DISTANCE;
  }
  return moved;
}
