/**
 * Runs the tests of memjs on its drop-in, and the same calls on both, on Node or Bun, and prints what came of it as
 * JSON. `MOECACHE` is the URL of the drop-in, bundled; `MEMCACHED` the addresses of four servers.
 */

// deno-lint-ignore-file no-console

import { createRequire } from "node:module";
import process from "node:process";
import { callAll, WAYS } from "./memjs_calls.mjs";
import { findTests } from "./memjs_tests.mjs";

const require = createRequire(import.meta.url);
const { default: ours } = await import(process.env.MOECACHE);
const theirs = require("memjs");

const tests = [];
for (const [name, run] of findTests(require, ours.Client)) tests.push([name, await run()]);

const addresses = process.env.MEMCACHED.split(",");
const calls = {};
for (const way of Object.keys(WAYS)) {
  calls[way] = {
    theirs: await callAll(theirs, way, addresses.pop()),
    ours: await callAll(ours, way, addresses.pop()),
  };
}
console.log(JSON.stringify({ tests, calls }));
// memjs leaves timers.
process.exit(0);
