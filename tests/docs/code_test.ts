/** Blocks of code in the documentation: each is checked, and each that can be is run. */

import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { jsrEnvironment } from "../tasks/environment.ts";
import { type Block, readPages, ROOT } from "./pages.ts";

/** What `deno test --doc` checks and runs. */
const CHECKED = "ts";
/** What it does not: commands, other languages, output, diagrams, and programs of other packages. */
const OTHERS = ["sh", "json", "text", "mermaid", "python", "js ignore"];

const pages = readPages();

Deno.test("every block of code says what it is, and TypeScript is never left unchecked", () => {
  const strange = pages.flatMap(({ path, blocks }) =>
    blocks.filter(({ info }) => info !== CHECKED && !OTHERS.includes(info))
      .map(({ info, line }) => `${path}:${line} ${info}`)
  );
  assertEquals(strange, []);
});

Deno.test("a program of another package stands only where it is moved away from", () => {
  const where = pages.filter(({ blocks }) => blocks.some(({ info }) => info === "js ignore"));
  assertEquals(where.map(({ path }) => path), ["docs/migrating.md"]);
});

Deno.test("every block of TypeScript does without a server of its own, or names one that is nowhere", () => {
  const reachesOut = ({ info, code }: Block) =>
    info === CHECKED && /\bawait client\.|await cache\./.test(code) &&
    !/MemcachedServer|127\.0\.0\.1:1\b|dial:/.test(code);
  const found = pages.flatMap(({ path, blocks }) =>
    blocks.filter(reachesOut).map(({ line }) => `${path}:${line}`)
  );
  assertEquals(found, []);
});

Deno.test("every block of TypeScript is of the right types and runs", async () => {
  const paths = pages.filter(({ blocks }) => blocks.some(({ info }) => info === CHECKED))
    .map(({ path }) => path);
  const count = pages.flatMap(({ blocks }) => blocks).filter(({ info }) => info === CHECKED).length;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--doc", "--allow-all", ...paths],
    cwd: fileURLToPath(ROOT),
    env: { ...await jsrEnvironment(), NO_COLOR: "1" },
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, output);
  const [, passed] = /(\d+) passed/.exec(output) ?? [];
  assert(Number(passed) === count, `${passed} of ${count} have been run`);
});
