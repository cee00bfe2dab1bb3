/** The tests of npm's memcached, on its drop-in: on Deno, on the oldest and a new Node, and on Bun. */

import { assertEquals } from "@std/assert";
import { Memcached } from "@moecache/moecache/memcached";
import { MemcachedServer } from "@moecache/moecache/testing";
import {
  install,
  NEWEST_BUN,
  OLDEST_BUN,
  OLDEST_NODE,
  type Tool,
  USUAL_NODE,
} from "../../package/tool.ts";
import { bundle } from "../../runtimes/bundle.ts";
import { findTests, LEFT_OUT, LONG } from "./npm_memcached_tests.mjs";

const SUITE = new URL("npm_memcached_suite.mjs", import.meta.url).pathname;
const MODULES = {
  MOECACHE: new URL("../../../src/adapters/memcached.ts", import.meta.url),
  TESTING: new URL("../../../src/testing/mod.ts", import.meta.url),
};
const RUNTIMES = [OLDEST_NODE, USUAL_NODE, OLDEST_BUN, NEWEST_BUN];
/** How long a runtime may take for all tests, in milliseconds. */
const LONGEST = 120_000;

// An import of `node:module` would ask for the types of all of Node.
const { process } = globalThis as unknown as {
  process: { getBuiltinModule(name: string): { createRequire(url: string): unknown } };
};
const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
const found: [name: string, run: (servers: string[]) => Promise<void>][] = findTests(
  require,
  Memcached,
);
const tests = found.filter(([name]) => !Object.hasOwn(LEFT_OUT, name));

for (const [name, run] of tests) {
  Deno.test({
    name: `npm's memcached: ${name}`,
    // Some of its tests do not end their clients.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using one = await MemcachedServer.listen();
      await using two = await MemcachedServer.listen();
      await using three = await MemcachedServer.listen();
      await run([one, two, three].map(({ address }) => address));
    },
  });
}

Deno.test("npm's memcached: all of its tests are found, and those left out are there", () => {
  const names = found.map(([name]) => name);
  assertEquals(Object.keys(LEFT_OUT).filter((name) => !names.includes(name)), []);
  assertEquals([found.length, tests.length], [48, 36]);
});

Deno.test("npm's memcached: its tests pass on Node and Bun", async (test) => {
  const folder = await Deno.makeTempDir();
  try {
    const env: Record<string, string> = {};
    for (const [name, module] of Object.entries(MODULES)) {
      await bundle(module, `${folder}/${name}.mjs`);
      env[name] = `file://${folder}/${name}.mjs`;
    }
    // All at a time: some of the tests wait.
    await Promise.all(RUNTIMES.map((runtime) =>
      test.step({
        name: runtime.name,
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
        fn: () => runOn(runtime, env),
      })
    ));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function runOn(runtime: Tool, env: Record<string, string>): Promise<void> {
  const { stdout, stderr } = await new Deno.Command(await install(runtime), {
    args: [SUITE],
    env,
    signal: AbortSignal.timeout(LONGEST),
  }).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const passed = JSON.parse(output?.trim().split("\n").at(-1) || "[]");
  const names = tests.map(([name]) => name).filter((name) => name !== LONG);
  assertEquals(passed, names, errors);
}
