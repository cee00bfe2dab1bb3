/** `deno task demo`, which needs no memcached. */

import { assertEquals, assertMatch } from "@std/assert";
import { Program } from "./program.ts";

const ROOT = new URL("../../", import.meta.url);

function start(...args: string[]): Program {
  const command = ["run", "--quiet", "--allow-net", "--allow-read", "examples/demo.ts", ...args];
  return new Program(Deno.execPath(), command, {}, ROOT);
}

Deno.test("demo.ts shows batching, a stampede, a failover and explain", async () => {
  await using program = start();
  const { code, output } = await program.ends();
  assertEquals(code, 0, output);
  assertMatch(output, /100 started at once +█+ [\d,]+, [\d.]+ times/);
  assertMatch(output, /get, then set +█+ 1,000 loads\n +getOrSet +▏ +1 load\n/);
  assertMatch(output, /"error" .* [\d,]+ errors\n/);
  assertMatch(output, /"miss" .*(misses|all found)\n/);
  assertMatch(output, /"remove" /);
  assertMatch(output, /127\.0\.0\.1:\d+ has it: /);
  const widest = Math.max(...output.split("\n").map((line) => [...line].length));
  assertEquals(widest < 80, true, output);
  assertEquals(output.trimEnd().split("\n").length < 24, true, output);
});

Deno.test("deno task demo needs nothing from npm", async () => {
  const cache = await Deno.makeTempDir();
  try {
    // Nothing listens there.
    const env = { DENO_DIR: cache, NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/" };
    await using program = new Program(Deno.execPath(), ["task", "demo", "--help"], env, ROOT);
    const { code, output } = await program.ends();
    assertEquals(code, 0, output);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});
