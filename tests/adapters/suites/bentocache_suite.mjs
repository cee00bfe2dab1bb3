/**
 * bentocache's own test suite for drivers, for Node: `MOECACHE` is the URL of the adapter's module, `MEMCACHED` the
 * address of a server.
 */

import process from "node:process";
import { assert } from "@japa/assert";
import { configure, processCLIArgs, run, test } from "@japa/runner";
import { ndjson } from "@japa/runner/reporters";
import { registerCacheDriverTestSuite } from "bentocache/test_suite";

const { MEMCACHED, MOECACHE } = process.env;
const { moecacheDriver } = await import(MOECACHE);
const { options, factory } = moecacheDriver({ servers: MEMCACHED });

function register() {
  test.group("bentocache", (group) => {
    const createDriver = (more) => factory({ ...options, ...more });
    registerCacheDriverTestSuite({ test, group, createDriver });
  });
}

processCLIArgs([]);
configure({
  // japa takes tests only while it loads the files that it is given.
  files: () => [new URL(import.meta.url)],
  importer: register,
  plugins: [assert()],
  reporters: { activated: ["ndjson"], list: [ndjson()] },
});
await run();
