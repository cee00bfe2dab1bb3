/**
 * `deno task charts`: draws `docs/bench-*.svg` from `bench/results/latest.json`, without measuring anything.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { readWords } from "../tests/tasks/arguments.ts";
import { drawCharts } from "./charts/draw.ts";

const USAGE = `Usage: deno task charts [--help]

Draws docs/bench-*.svg from bench/results/latest.json, without measuring
anything. It takes no arguments.`;

const RESULTS = new URL("results/latest.json", import.meta.url);
const DOCS = new URL("../docs/", import.meta.url);

/** Draws the charts of the last results; resolves to the files. */
export async function writeCharts(): Promise<string[]> {
  const charts = drawCharts(JSON.parse(await Deno.readTextFile(RESULTS)));
  for (const [name, svg] of charts) await Deno.writeTextFile(new URL(name, DOCS), svg);
  return [...charts.keys()].map((name) => fileURLToPath(new URL(name, DOCS)));
}

if (import.meta.main) {
  readWords(Deno.args, USAGE);
  // deno-lint-ignore no-console
  for (const path of await writeCharts()) console.log(path);
}
