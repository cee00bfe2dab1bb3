/**
 * `deno task graph [entry...]`: how many modules there are behind each entry of the package, and behind all of
 * them, how they hang together, and which import each other in a circle. Types count.
 */

import { type GraphShape, shapeOf } from "../package/graph_shape.ts";
import { readEntries, readModuleGraph } from "../package/module_graph.ts";
import { readWords, refuse } from "./arguments.ts";
import { jsrEnvironment } from "./environment.ts";
import { say } from "./run.ts";

const USAGE = `Usage: deno task graph [entry...] [--help]

Counts the modules behind each entry of the package and the imports between
them, and shows which modules import each other in a circle.

  entry  as in the "exports" of deno.json, such as ./testing; the default is
         every entry, and all together`;

const { operands: named } = readWords(Deno.args, USAGE, { operands: Infinity });
const exported = await readEntries();
const unknown = named.find((name) => !Object.hasOwn(exported, name));
if (unknown !== undefined) refuse(`Not an entry of the package: ${unknown}`, USAGE);
const env = await jsrEnvironment();
const entries = Object.entries(exported)
  .filter(([name]) => named.length === 0 || named.includes(name));
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
