/**
 * Blocks of code in the documentation. `deno test --doc` checks and runs those of TypeScript: nothing may keep
 * one from that, and each must run on any machine.
 */

import { assertEquals } from "@std/assert";
import { type Block, blocksOf, readPages } from "./pages.ts";

/** What `deno test --doc` checks and runs. */
const CHECKED = "ts";
/** What it does not: commands, and what is no program. */
const OTHERS = ["sh", "text"];

const pages = readPages();

/** Where blocks stand for which something is true. */
function where(isSuch: (block: Block) => boolean): string[] {
  return pages.flatMap(({ path, blocks }) =>
    blocks.filter(isSuch).map(({ info, line }) => `${path}:${line} ${info}`)
  );
}

Deno.test("every block of code is TypeScript that is checked and run, or no program", () => {
  assertEquals(where(({ info }) => info !== CHECKED && !OTHERS.includes(info)), []);
  const blocks = blocksOf("```ts ignore\nnew Client(1);\n```\n\n```js\n1\n```\n");
  assertEquals(blocks.map(({ info }) => info), ["ts ignore", "js"]);
});

Deno.test("every block of TypeScript starts its own server, or names one that does not exist", () => {
  const reachesOut = ({ info, code }: Block) =>
    info === CHECKED && /\bawait (client|cache)\./.test(code) &&
    !/MemcachedServer|"127\.0\.0\.1:1"|env\.MEMCACHED/.test(code);
  assertEquals(where(reachesOut), []);
});

Deno.test("every block of TypeScript imports what it uses by the names that users import", () => {
  const own = /from "(?!@moecache\/moecache(\/[\w-]+)*"|@std\/assert"|@msgpack\/msgpack")/;
  assertEquals(where(({ info, code }) => info === CHECKED && own.test(code)), []);
});
