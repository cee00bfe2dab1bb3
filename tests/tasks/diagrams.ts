/** `deno task diagrams`: draws the diagrams of the documentation. */

import { diagrams } from "../docs/diagrams.ts";
import { say } from "./run.ts";

const folder = new URL("../../docs/", import.meta.url);
for (const [name, svg] of diagrams()) {
  await Deno.writeTextFile(new URL(name, folder), svg);
  say(`docs/${name}`);
}
