/** What the charts take from `bench/results/latest.json`. @module */

import type { Machine } from "../machine.ts";
import { type Result, type Row, speed } from "../results.ts";

/** The file with the figures of the last run. */
export interface ResultsFile {
  readonly started: string;
  readonly machine: Machine;
  readonly results: readonly Result[];
}

const NAMES: Readonly<Record<Row["runtime"], string>> = {
  deno: "Deno",
  bun: "Bun",
  node: "Node",
  python: "Python",
  c: "C",
  go: "Go",
};

/** What a row is called beside its figure. */
export function labelOf({ name, runtime, role }: Row): string {
  return role === "floor" ? name : `${name}, ${NAMES[runtime]}`;
}

/** The result of a workload, where it was measured. */
export function resultOf({ results }: ResultsFile, name: string): Result | undefined {
  return results.find(({ workload }) => workload.name === name);
}

/** moecache as it ships on Deno, then every other client where it is fastest, then what is native. */
export function lineup({ rows }: Result): Row[] {
  const own = rows.filter(({ name, runtime }) => name === "moecache" && runtime === "deno");
  return [...own, ...fastest(rows, "rival"), ...fastest(rows, "native")];
}

function fastest(rows: readonly Row[], role: Row["role"]): Row[] {
  const byName = Map.groupBy(rows.filter((row) => row.role === role), ({ name }) => name);
  return [...byName.values()].flatMap((ways) =>
    ways.toSorted((a, b) => speed(b) - speed(a)).slice(0, 1)
  ).toSorted((a, b) => speed(b) - speed(a));
}

/** Says on what and when results were measured. */
export function sourceOf(file: ResultsFile, results: readonly Result[]): string {
  const first = results[0];
  const { processors, processor, versions } = first?.machine ?? file.machine;
  const date = new Date(first?.started ?? file.started);
  const day = date.toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
  return `${processors} × ${processor.replaceAll("(R)", "")}, memcached ${versions.memcached}, ` +
    `Deno ${versions.deno}; ${day}`;
}
