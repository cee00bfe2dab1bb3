/**
 * `deno task graph [entry...]`: how many modules there are behind each entry of the package, and behind all of
 * them, how they hang together, and which import each other in a circle. Types count.
 */

import { type GraphShape, shapeOf } from "../package/graph_shape.ts";
import { readEntries, readModuleGraph } from "../package/module_graph.ts";
import { jsrEnvironment } from "./environment.ts";
import { say } from "./run.ts";

const env = await jsrEnvironment();
const entries = Object.entries(await readEntries())
  .filter(([name]) => Deno.args.length === 0 || Deno.args.includes(name));
const groups = entries.map(([name, module]) => [name, [module]] as const);
const all = ["all", entries.map(([, module]) => module)] as const;
const head = ["entry", "modules", "loaded at once", "imports", "levels", "circles"];

say(line(head));
let shape: GraphShape | undefined;
for (const [name, modules] of entries.length === 1 ? groups : [...groups, all]) {
  shape = shapeOf(await readModuleGraph(modules, env), modules);
  const { circles, edges, levels, loaded } = shape;
  say(line([name, shape.modules, loaded, edges, levels, circles.length]));
}
for (const circle of shape?.circles ?? []) say(`circle: ${circle.join(", ")}`);

function line(cells: readonly (string | number)[]): string {
  return cells.map((cell, i) =>
    i === 0 ? `${cell}`.padEnd(14) : `${cell}`.padStart(head[i]!.length)
  )
    .join("  ");
}
