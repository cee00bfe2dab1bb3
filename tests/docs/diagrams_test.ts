/** The diagrams: files that are up to date, and pages that show both forms. */

import { assert, assertEquals } from "@std/assert";
import { diagrams } from "./diagrams.ts";
import { readPages, ROOT } from "./pages.ts";

Deno.test("docs/ has the diagrams that deno task diagrams draws", async () => {
  for (const [name, svg] of diagrams()) {
    assertEquals(await Deno.readTextFile(new URL(`docs/${name}`, ROOT)), svg, name);
  }
});

Deno.test("each diagram of a page has a light and a dark form", () => {
  const text = readPages().map(({ text }) => text).join("\n");
  for (const name of diagrams().keys()) assert(text.includes(name), name);
});
