/** `deno task diagrams`: draws the diagrams of the documentation. */

import { diagrams } from "../docs/diagrams.ts";
import { readWords } from "./arguments.ts";
import { say } from "./run.ts";

const USAGE = `Usage: deno task diagrams [--help]

Draws the diagrams of the documentation, and writes them to docs/ as SVG. It
takes no arguments.`;

readWords(Deno.args, USAGE);
const folder = new URL("../../docs/", import.meta.url);
for (const [name, svg] of diagrams()) {
  await Deno.writeTextFile(new URL(name, folder), svg);
  say(`docs/${name}`);
}
