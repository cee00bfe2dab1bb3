/** The tests of npm's memcached, on its drop-in: on Deno, on the oldest and a new Node, and on Bun. */

import { assertEquals } from "@std/assert";
import Theirs from "memcached";
import { Memcached } from "@moecache/moecache/memcached";
import { onEachRuntime } from "./drop_in_runtimes.ts";
import { findTests, LEFT_OUT, LONG } from "./npm_memcached_tests.mjs";
import { type Server, SERVERS } from "./servers.ts";

const MODULES = { MOECACHE: "adapters/memcached.ts", TESTING: "testing/mod.ts" };

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

for (const [kind, start] of Object.entries(SERVERS)) {
  // It waits for a server that is not there, whatever the others are.
  for (const [name, run] of tests) {
    if (kind === "memcached" || name !== LONG) test(kind, start, name, run);
  }
}

function test(
  kind: string,
  start: () => Promise<Server>,
  name: string,
  run: (servers: string[]) => Promise<void>,
): void {
  Deno.test({
    name: `npm's memcached on ${kind}: ${name}`,
    // Some of its tests do not end their clients.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using one = await start();
      await using two = await start();
      await using three = await start();
      await run([one, two, three].map(({ address }) => address));
    },
  });
}

Deno.test("npm's memcached: all of its tests are found, and those left out are there", () => {
  const names = found.map(([name]) => name);
  assertEquals(Object.keys(LEFT_OUT).filter((name) => !names.includes(name)), []);
  assertEquals([found.length, tests.length], [48, 36]);
});

/** What npm's memcached has for itself: its connections, its parser, and the options as properties. */
const INSIDE = [
  ...["HashRing", "buffer", "command", "connect", "connectionIssue"],
  ...["connections", "delegateCallback", "issues", "makeCallback", "multi", "rawDataReceived"],
];

Deno.test("npm's memcached: the drop-in has all of its names, but for its inside and its options", () => {
  // deno-lint-ignore no-explicit-any -- it has no types here
  const Original: any = Theirs;
  const theirs = new Original("127.0.0.1:1");
  const names: string[] = [];
  for (let from = theirs; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    names.push(...Object.getOwnPropertyNames(from));
  }
  const options = Object.keys(Original.config);
  const ours = new Memcached("127.0.0.1:1");
  const missing = names.filter((name) => !name.startsWith("_") && !(name in ours));
  assertEquals(missing.filter((name) => !options.includes(name)).toSorted(), INSIDE);
});

Deno.test("npm's memcached: its tests pass on Node and Bun", async (test) => {
  const names = tests.map(([name]) => name).filter((name) => name !== LONG);
  await onEachRuntime(test, "npm_memcached_suite.mjs", MODULES, async (run) => {
    const { printed, errors } = await run();
    assertEquals(printed, names, errors);
  });
});
