/** Words that readers stumble over, and what to write in their place. */

import { assert, assertEquals } from "@std/assert";
import { proseOf, readPages, ROOT } from "./pages.ts";

/** A word, and a plain one. */
const PLAINER: ReadonlyMap<RegExp, string> = new Map([
  [/\bwhoever\b/i, "the client that, the first caller"],
  [/\b(no|some|any|every)body\b/i, "no client, another client, any caller, all clients"],
  [/\bwho (may|has|have|is|are|asks?|waits?)\b/i, "the client that, callers that"],
  [/\bnone that\b/i, "no … that"],
  [/\b(is|are|be|was|were|been) told\b/i, "gets, receives, is called with, is sent"],
  [/\banew\b/i, "again"],
  [/\bunless given\b/i, "by default"],
  [/, which it is\b/i, "by default"],
  [/\bof which\b/i, "a new sentence"],
  [/\b(is|are|was|were|been) said\b|\bsaid (first|of|that)\b/i, "is sent, says"],
  [/\bha(s|ve) it do\b/i, "makes it"],
  [/\ba name away\b/i, "has another name"],
  [/\bso many (bytes|times|milliseconds|seconds|items|keys|operations)\b/i, "this many"],
  [/\bas much of `/i, "the part of"],
  [/\btaken for\b/i, "read as, treated as, counted as"],
  [/\b(is|are) spoken\b/i, "is used"],
  [/'s sake\b/i, "because of"],
  [/\bowes?\b/i, "has not sent yet"],
  [/\blet go of\b/i, "not kept, freed"],
  [/, say[,)]|, say\b(?=\.)/i, "for example"],
  [/\bfor want of\b/i, "because there is no"],
  [/\bmemcached (is|was|goes|went) away\b/i, "cannot be reached, is down"],
  [/\bby the way of\b/i, "through"],
  [/\b(can|could|may|to) be had\b/i, "can be found, can be reached"],
  [/\bof late\b/i, "the last …, in the last seconds"],
  [/(^|\* |@param \w+ )Is (called|given) /, "Called with"],
  [/\* (Has|Have) (?!no effect)/, "Makes, Lets"],
]);

/** What is wrong with some text, a line each. */
function mannered(path: string, text: string): string[] {
  return text.split("\n").flatMap((line, i) =>
    Array.from(PLAINER).filter(([word]) => word.test(line))
      .map(([word, plain]) => `${path}:${i + 1} ${word.source}: ${plain}`)
  );
}

/** The comments and the longer strings of a source file, on as many lines. */
function wordsOf(code: string): string {
  return code.split("\n").map((line) => {
    if (/^\s*(\/?\*|\/\/)/.test(line)) return line;
    const strings = line.match(/"[^"]* [^"]*"|`[^`]* [^`]*`|\/\/ .*/g) ?? [];
    return strings.join(" ");
  }).join("\n");
}

function* sourceFiles(folder: URL): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    // What tests have installed or built.
    if (name === "node_modules" || name.startsWith(".")) continue;
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* sourceFiles(url);
    else if (/\.(ts|mjs)$/.test(name)) yield url.pathname.slice(ROOT.pathname.length);
  }
}

Deno.test("the documentation uses plain words", () => {
  // A changelog says what has been.
  const pages = readPages().filter(({ path }) => path !== "CHANGELOG.md");
  assertEquals(pages.flatMap((page) => mannered(page.path, proseOf(page))), []);
});

Deno.test("comments and messages in the source and the tests use plain words", () => {
  const folders = ["src/", "tests/", "bench/", "examples/"];
  const paths = ["mod.ts", ...folders.flatMap((folder) => [...sourceFiles(new URL(folder, ROOT))])]
    // This file has the words themselves.
    .filter((path) => path !== "tests/docs/words_test.ts");
  assert(paths.length > 800);
  const found = paths.flatMap((path) =>
    mannered(path, wordsOf(Deno.readTextFileSync(new URL(path, ROOT))))
  );
  assertEquals(found.sort(), []);
});

Deno.test("mannered words are found in code and comments", () => {
  const code =
    'const a = 1; // opened anew\n/** 60 unless given. */\nthrow new Error("nobody waits");';
  assertEquals(mannered("file", wordsOf(code)).length, 3);
  assertEquals(mannered("file", wordsOf("const anew = 1;\nlet nobody;")), []);
});
