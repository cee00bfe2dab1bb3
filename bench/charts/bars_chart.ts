/** Bars for each workload: moecache beside every other client. @module */

import { type Row, speed } from "../results.ts";
import { labelOf, lineup, resultOf, type ResultsFile, sourceOf } from "./results_file.ts";
import { element, picture, type Shape, show, text, type Theme } from "./svg.ts";

const WORKLOADS = [
  "get",
  "set",
  "get-100",
  "set-100",
  "mixed-1000",
  "get-many",
  "get-many-4",
  "set-many",
];
const WIDTH = 860;
const MARGIN = 24;
const GAP = 36;
const HEAD = 66;
const FOOT = 40;
const PANEL_HEAD = 30;
const ROW = 22;
const NAME_WIDTH = 154;
const VALUE_WIDTH = 66;

interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly shown: string;
  readonly role: Row["role"];
}

/** Draws the picture of the README. */
export function drawBars(file: ResultsFile, theme: Theme): string {
  const results = WORKLOADS.flatMap((name) => resultOf(file, name) ?? []);
  const panels = results.map((result): Panel => ({
    title: result.workload.title,
    bars: lineup(result).map((row) => ({
      label: labelOf(row),
      value: speed(row),
      shown: show(speed(row)),
      role: row.role,
    })),
  }));
  const width = (WIDTH - 2 * MARGIN - GAP) / 2;
  const columns = [MARGIN, MARGIN + width + GAP];
  const shapes: Shape[] = [];
  let y = HEAD;
  for (let at = 0; at < panels.length; at += 2) {
    const pair = panels.slice(at, at + 2);
    pair.forEach((panel, i) => shapes.push(...drawPanel(panel, columns[i] ?? 0, y, width, theme)));
    y += Math.max(...pair.map(heightOf));
  }
  const title = "Operations a second; longer is better";
  const subtitle = "moecache on Deno; each other client on the runtime where it is fastest";
  return picture({ width: WIDTH, height: y + FOOT, title, theme }, [
    text(MARGIN, 30, title, { fill: theme.text, size: 18, weight: 600 }),
    text(MARGIN, 50, subtitle, { fill: theme.faint }),
    ...shapes,
    text(MARGIN, y + 20, sourceOf(file, results), { fill: theme.faint, size: 12 }),
  ]);
}

function heightOf({ bars }: Panel): number {
  return PANEL_HEAD + bars.length * ROW + 22;
}

function drawPanel(
  { title, bars }: Panel,
  x: number,
  y: number,
  width: number,
  theme: Theme,
): Shape[] {
  return [
    text(x, y + 16, title, { fill: theme.text, size: 14, weight: 600 }),
    ...drawBarList(bars, { x, y: y + PANEL_HEAD, width, theme }),
  ];
}

/** Draws bars under each other, each with its name before it and its figure behind it. */
export function drawBarList(
  bars: readonly Bar[],
  { x, y, width, theme }: { x: number; y: number; width: number; theme: Theme },
): Shape[] {
  const most = Math.max(...bars.map(({ value }) => value));
  const space = width - NAME_WIDTH - VALUE_WIDTH;
  return bars.flatMap(({ label, value, shown, role }, i) => {
    const top = y + i * ROW;
    const isOwn = role === "moecache";
    const length = Math.max(2, space * value / most);
    const weight = isOwn ? 600 : 400;
    const fill = isOwn ? theme.own : role === "native" ? theme.native : theme.other;
    return [
      text(x + NAME_WIDTH - 8, top + 13, label, {
        ...{ fill: isOwn ? theme.text : theme.faint, anchor: "end", weight, size: 12 },
      }),
      element("rect", { x: x + NAME_WIDTH, y: top + 2, width: length, height: 14, rx: 2, fill }),
      text(x + NAME_WIDTH + length + 6, top + 13, shown, { fill: theme.text, weight, size: 12 }),
    ];
  });
}
