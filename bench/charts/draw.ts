/** Draws every chart, in both themes. @module */

import { drawBars } from "./bars_chart.ts";
import { drawColdStarts } from "./cold_chart.ts";
import { drawConcurrency } from "./concurrency_chart.ts";
import { drawLatencies } from "./latency_chart.ts";
import type { ResultsFile } from "./results_file.ts";
import { type Theme, THEMES } from "./svg.ts";

type Draw = (file: ResultsFile, theme: Theme) => string | undefined;

/** Every chart, under what its files are called. */
const CHARTS: Readonly<Record<string, Draw>> = {
  "bench": drawBars,
  "bench-latency": drawLatencies,
  "bench-concurrency": drawConcurrency,
  "bench-cold": drawColdStarts,
};

/**
 * Draws what there are figures for.
 *
 * @returns The files by name, such as `bench-light.svg`.
 */
export function drawCharts(file: ResultsFile): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, draw] of Object.entries(CHARTS)) {
    for (const [word, theme] of Object.entries(THEMES)) {
      const drawn = draw(file, theme);
      if (drawn !== undefined) files.set(`${name}-${word}.svg`, drawn);
    }
  }
  return files;
}
