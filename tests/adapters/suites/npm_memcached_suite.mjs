/**
 * Runs the tests of npm's memcached, but for a long one, on Node or Bun, and prints the names of those that passed as JSON. `MOECACHE` is the
 * URL of the drop-in, `TESTING` that of the embedded server, both bundled.
 */

// deno-lint-ignore-file no-console

import { createRequire } from "node:module";
import process from "node:process";
import { findTests, LEFT_OUT, LONG } from "./npm_memcached_tests.mjs";

const { Memcached } = await import(process.env.MOECACHE);
const { MemcachedServer } = await import(process.env.TESTING);

const passed = [];
for (const [name, run] of findTests(createRequire(import.meta.url), Memcached)) {
  if (name in LEFT_OUT || name === LONG) continue;
  const servers = await Promise.all([1, 2, 3].map(() => MemcachedServer.listen()));
  try {
    await run(servers.map(({ address }) => address));
    passed.push(name);
  } catch (error) {
    console.error(name, error);
  }
  for (const server of servers) await server.close();
}
console.log(JSON.stringify(passed));
// Some of the tests do not end their clients.
process.exit(0);
