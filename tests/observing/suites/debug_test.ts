/** `./debug`, loaded before a program that does not know of it, on each runtime that can do that. */

import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import {
  install,
  NEWEST_BUN,
  NEWEST_NODE,
  REQUIRING_NODE,
  USUAL_NODE,
} from "../../package/tool.ts";
import { buildPackage } from "./built_package.ts";

const cwd = fileURLToPath(new URL("./", import.meta.url));
const DEBUG = "@moecache/moecache/debug";
const PROGRAM = "debug_program.mjs";

async function assertLines(program: string, args: string[]): Promise<void> {
  const options = { args, cwd, env: { NO_COLOR: "1" } };
  const { code, stdout, stderr } = await new Deno.Command(program, options).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals([code, stdout.byteLength], [0, 0], text);
  assertMatch(text, /^moecache \S+:\d+ connection \d+ opened, \d+(?:\.\d)? ms$/m);
  assertMatch(text, /^moecache \S+:\d+ set key → 5 bytes, \d+(?:\.\d)? ms$/m);
  assertMatch(text, /^moecache \S+:\d+ getMany ×2 → 1 hit, 5 bytes, \d+(?:\.\d)? ms$/m);
}

Deno.test("debug prints what a program does on Deno", async () => {
  const args = ["run", "--allow-all", "--quiet", "--config", `${cwd}deno.json`];
  const module = fileURLToPath(new URL("../../../src/observing/debug.ts", import.meta.url));
  await assertLines(Deno.execPath(), [...args, "--preload", module, PROGRAM]);
});

Deno.test("debug prints what a program does on Node", async () => {
  await buildPackage();
  for (const node of [REQUIRING_NODE, USUAL_NODE, NEWEST_NODE]) {
    await assertLines(await install(node), ["--import", DEBUG, PROGRAM]);
  }
});

Deno.test("debug prints what a program does on Bun", async () => {
  await buildPackage();
  await assertLines(await install(NEWEST_BUN), ["--preload", DEBUG, PROGRAM]);
});
