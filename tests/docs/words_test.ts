/** Words that readers stumble over, and what to write in their place. */

import { assertEquals } from "@std/assert";
import { proseOf, readPages } from "./pages.ts";

const PLAINER: ReadonlyMap<RegExp, string> = new Map([
  [/\bwhoever\b/i, "the client that, the first caller"],
  [/\bnone that\b/i, "no … that"],
  [/\b(is|are) told\b/i, "gets, receives, is sent"],
  [/\banew\b/i, "again"],
  [/\bunless given\b/i, "default"],
  [/\bwhich it is\b/i, "default"],
  [/\bof which\b/i, "a sentence of its own"],
  [/\bsaid first\b/i, "sent first"],
  [/\bhas it do\b/i, "makes it"],
]);

/** Pages for users. A changelog says what has been. */
const pages = readPages().filter(({ path }) => path !== "CHANGELOG.md" && path !== "PUBLISHING.md");

Deno.test("the documentation uses plain words", () => {
  const found = pages.flatMap((page) =>
    proseOf(page).split("\n").flatMap((line, i) =>
      Array.from(PLAINER).filter(([word]) => word.test(line))
        .map(([word, plain]) => `${page.path}:${i + 1} ${word.source}: ${plain}`)
    )
  );
  assertEquals(found, []);
});
